/** Which packets go together: what a router hashes to choose among equal ways, and what a flow fault goes by. */
import type { HashPolicy } from '../../topology/behaviour.ts';
import { type Family, innerFamily, u16, u32 } from './header.ts';

export const mix32 = (hash: number, word: number): number => {
  const once = Math.imul(hash ^ word, 0x9e3779b1);
  const twice = Math.imul(once ^ (once >>> 15), 0x85ebca6b);
  return twice ^ (twice >>> 13);
};

/** A header and what follows it. */
interface Part {
  readonly family: Family;
  readonly packet: Uint8Array;
  /** The IPv6 flow label that counts for it; 0 over IPv4. */
  readonly label: number;
}

const partOf = (family: Family, packet: Uint8Array): Part => ({ family, packet, label: labelOf(family, packet) });

const labelOf = (family: Family, packet: Uint8Array): number => (family.number === 6 ? u32(packet, 0) & 0xfffff : 0);

/** What each of the kernel's policies sees of a packet (net/ipv4/route.c, net/ipv6/route.c: fib_multipath_hash). */
const HASHES: Readonly<Record<HashPolicy, (part: Part, salt: number) => number>> = {
  0: (part, salt) => labelHash(quoted(part), addressHash(quoted(part), salt)),
  1: (part, salt) => portHash(part, addressHash(part, salt)),
  2: (part, salt) => labelHash(innermost(part), addressHash(innermost(part), salt)), // all between is skipped
  3: (part, salt) => everyHash(innermost(part), everyHash(part, salt)),
};

/** 32 bits of what a router of this policy goes by. */
export const pathHash = (family: Family, packet: Uint8Array, salt: number, policy: HashPolicy): number =>
  HASHES[policy](partOf(family, packet), salt) >>> 0;

/** 32 bits of the innermost addresses, protocol and ports. */
export function innermostHash(family: Family, packet: Uint8Array, salt: number): number {
  const part = innermost(partOf(family, packet), Number.POSITIVE_INFINITY);
  return portHash(part, addressHash(part, salt)) >>> 0;
}

/** The kernel's dissector looks at so many headers of one packet. */
const MOST_HEADERS = 16;

/** A label of zero is none: that of a header around it stays. */
function innermost(part: Part, most: number = MOST_HEADERS): Part {
  let { family, packet, label } = part;
  for (let header = 1; header < most; header += 1) {
    const inner = innerFamily(packet[family.protocolAt]!);
    const rest = packet.subarray(family.number === 4 ? (packet[0]! & 15) * 4 : 40);
    if (!inner || rest.length < inner.headerLength) break;
    [family, packet, label] = [inner, rest, labelOf(inner, rest) || label];
  }
  return { family, packet, label };
}

const ICMP_HEADER = 8;
const ERROR_TYPES = { 4: [3, 4, 5, 11, 12], 6: [1, 2, 3, 4] } as const satisfies Record<Family['number'], readonly number[]>;

/** An ICMP error goes with the packet that it is about. */
function quoted(part: Part): Part {
  const { protocol, at } = part.family.upper(part.packet);
  const isError = protocol === part.family.icmp && (ERROR_TYPES[part.family.number] as readonly number[]).includes(part.packet[at]!);
  const rest = part.packet.subarray(at + ICMP_HEADER);
  return isError && rest.length >= part.family.headerLength ? partOf(part.family, rest) : part;
}

function addressHash({ family: { sourceAt, addressLength }, packet }: Part, salt: number): number {
  let hash = salt;
  for (let at = sourceAt; at < sourceAt + 2 * addressLength; at += 4) hash = mix32(hash, u32(packet, at));
  return hash;
}

/** IPv6 has a label, and the protocol goes with it. */
const labelHash = ({ family, packet, label }: Part, hash: number): number =>
  family.number === 6 ? mix32(mix32(hash, label), packet[family.protocolAt]!) : hash;

const HAS_PORTS = new Set([6, 17]);

function portHash({ family, packet }: Part, hash: number): number {
  const { protocol, at } = family.upper(packet);
  const withProtocol = mix32(hash, protocol);
  if (!HAS_PORTS.has(protocol) || family.isFragment(packet) || at + 4 > packet.length) return withProtocol;
  return mix32(mix32(withProtocol, u16(packet, at)), u16(packet, at + 2));
}

const everyHash = (part: Part, salt: number): number => portHash(part, labelHash(part, addressHash(part, salt)));
