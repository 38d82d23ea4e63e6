/** Numbers of packet headers in words, and the texts that decoded packets are made of. */
import { addressText } from '../wire/address.ts';
import { uint32 } from '../wire/fields.ts';
import { printable } from './printable.ts';

const ICMP: Readonly<Record<string, string>> = {
  '0/0': 'echo reply',
  '3/0': 'net unreachable',
  '3/1': 'host unreachable',
  '3/2': 'protocol unreachable',
  '3/3': 'port unreachable',
  '3/4': 'fragmentation needed',
  '3/5': 'source route failed',
  '3/9': 'net prohibited',
  '3/10': 'host prohibited',
  '3/13': 'prohibited',
  '4/0': 'source quench',
  '5/0': 'redirect to net',
  '5/1': 'redirect to host',
  '8/0': 'echo request',
  '11/0': 'time exceeded in-transit',
  '11/1': 'reassembly time exceeded',
  '12/0': 'parameter problem',
};

const ICMPV6: Readonly<Record<string, string>> = {
  '1/0': 'no route',
  '1/1': 'prohibited',
  '1/2': 'beyond scope',
  '1/3': 'address unreachable',
  '1/4': 'port unreachable',
  '1/5': 'source address failed policy',
  '1/6': 'reject route',
  '2/0': 'packet too big',
  '3/0': 'time exceeded in-transit',
  '3/1': 'reassembly time exceeded',
  '4/0': 'erroneous header field',
  '4/1': 'unknown next header',
  '4/2': 'unknown option',
  '128/0': 'echo request',
  '129/0': 'echo reply',
  '133/0': 'router solicitation',
  '134/0': 'router advertisement',
  '135/0': 'neighbor solicitation',
  '136/0': 'neighbor advertisement',
  '137/0': 'redirect',
};

export const icmpWords = (isV6: boolean, type: number, code: number): string =>
  (isV6 ? ICMPV6 : ICMP)[`${type}/${code}`] ?? `type ${type} code ${code}`;

const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'ICMP',
  2: 'IGMP',
  4: 'IPv4',
  6: 'TCP',
  17: 'UDP',
  41: 'IPv6',
  47: 'GRE',
  50: 'ESP',
  51: 'AH',
  58: 'ICMPv6',
  89: 'OSPF',
  103: 'PIM',
  132: 'SCTP',
};

export const protocolWords = (protocol: number): string => PROTOCOLS[protocol] ?? `protocol ${protocol}`;

const ETHER_TYPES: Readonly<Record<number, string>> = {
  2048: 'IPv4',
  2054: 'ARP',
  34525: 'IPv6',
  34887: 'MPLS',
  35020: 'LLDP',
  34958: 'EAPOL',
};

export const etherTypeWords = (etherType: number): string => ETHER_TYPES[etherType] ?? `EtherType ${hex(etherType, 4)}`;

export const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;

/** Fewer addresses stand in a file than packets do. */
const MOST_TEXTS = 65_536;
const texts4 = new Map<number, string>();

/** Text of the 4 or 16 bytes at an offset. */
export function addressIn(bytes: Uint8Array, at: number, isV6: boolean): string {
  return isV6 ? address6(bytes, at) : address4(bytes, at);
}

function address4(bytes: Uint8Array, at: number): string {
  const number = uint32(bytes, at);
  let text = texts4.get(number);
  if (text === undefined) {
    if (texts4.size === MOST_TEXTS) texts4.clear();
    text = addressText(bytes, at, 4);
    texts4.set(number, text);
  }
  return text;
}

const PLACES = 4096;
const words6 = new Uint32Array(4 * PLACES);
const texts6: (string | undefined)[] = Array<string | undefined>(PLACES).fill(undefined);

function address6(bytes: Uint8Array, at: number): string {
  const [a, b, c, d] = [uint32(bytes, at), uint32(bytes, at + 4), uint32(bytes, at + 8), uint32(bytes, at + 12)];
  const place = (Math.imul(a ^ Math.imul(b, 31) ^ Math.imul(c, 961) ^ d, 0x9e3779b1) >>> 20) % PLACES;
  const known = texts6[place];
  const w = 4 * place;
  if (known !== undefined && words6[w] === a && words6[w + 1] === b && words6[w + 2] === c && words6[w + 3] === d) return known;
  words6[w] = a;
  words6[w + 1] = b;
  words6[w + 2] = c;
  words6[w + 3] = d;
  const text = addressText(bytes, at, 16);
  texts6[place] = text;
  return text;
}

let clockSecond = Number.NaN;
let clockText = '';

/** Time of day in UTC, to the nanosecond: the same text on every machine. */
export function timeText(seconds: number, nanoseconds: number): string {
  if (seconds !== clockSecond) {
    const day = ((seconds % 86_400) + 86_400) % 86_400;
    const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
    clockText = `${two(day / 3600)}:${two((day / 60) % 60)}:${two(day % 60)}.`;
    clockSecond = seconds;
  }
  return clockText + nineDigits(nanoseconds);
}

export const nineDigits = (nanoseconds: number): string => String(1_000_000_000 + nanoseconds).slice(1);

const names = new Map<string, string>();

/** Interface names come from the file: what would rewrite a screen is taken out of them. */
export function printableName(name: string): string {
  let known = names.get(name);
  if (known === undefined) {
    if (names.size === MOST_TEXTS) names.clear();
    known = printable(name);
    names.set(name, known);
  }
  return known;
}

/** Milliseconds with as many digits as a clock is worth. */
export const ageText = (ageNs: number): string => `${(ageNs / 1e6).toFixed(3)} ms`;
