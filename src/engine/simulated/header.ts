/**
 * The few header fields that a router looks at, straight from the bytes. Written apart from the `wire` room on purpose: a field
 * misread there must not be misread alike by the network it is tested against.
 */
import type { FamilyNumber } from '../../wire/address.ts';
import { onesSum } from '../../wire/checksum.ts';

/** An address as something a Map can find: the number of an IPv4 one, eight 16-bit characters of an IPv6 one. */
export type Key = number | string;

export const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
export const u32 = (bytes: Uint8Array, at: number): number => ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | u16(bytes, at + 2)) >>> 0;

export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16);
  put16(bytes, at + 2, value & 0xffff);
}

/** What follows the IP header: its protocol, where it begins, and where the protocol number stands. */
export interface Upper {
  readonly protocol: number;
  readonly at: number;
  readonly protocolAt: number;
}

export interface Family {
  readonly number: FamilyNumber;
  readonly headerLength: number;
  readonly addressLength: number;
  readonly sourceAt: number;
  readonly destinationAt: number;
  readonly ttlAt: number;
  readonly protocolAt: number;
  readonly icmp: number;
  readonly etherType: number;
  /** The packet without what trails it, or null where its header is wrong or it is cut short. */
  whole(bytes: Uint8Array): Uint8Array | null;
  key(bytes: Uint8Array, at: number): Key;
  /** The key of the /30 or /126 that holds an address. */
  subnet(key: Key): Key;
  upper(packet: Uint8Array): Upper;
  isFragment(packet: Uint8Array): boolean;
}

export const FAMILIES: Readonly<Record<FamilyNumber, Family>> = {
  4: {
    number: 4,
    headerLength: 20,
    addressLength: 4,
    sourceAt: 12,
    destinationAt: 16,
    ttlAt: 8,
    protocolAt: 9,
    icmp: 1,
    etherType: 0x0800,
    whole: whole4,
    key: u32,
    subnet: (key) => ((key as number) & ~3) >>> 0,
    upper: (packet) => ({ protocol: packet[9]!, at: length4(packet), protocolAt: 9 }),
    isFragment: (packet) => (u16(packet, 6) & 0x3fff) !== 0,
  },
  6: {
    number: 6,
    headerLength: 40,
    addressLength: 16,
    sourceAt: 8,
    destinationAt: 24,
    ttlAt: 7,
    protocolAt: 6,
    icmp: 58,
    etherType: 0x86dd,
    whole: whole6,
    key: (bytes, at) => String.fromCharCode(...[0, 2, 4, 6, 8, 10, 12, 14].map((offset) => u16(bytes, at + offset))),
    subnet: (key) => (key as string).slice(0, 7) + String.fromCharCode((key as string).charCodeAt(7) & 0xfffc),
    upper: upper6,
    isFragment: (packet) => upper6(packet).protocol === 44,
  },
};

const length4 = (packet: Uint8Array): number => (packet[0]! & 15) * 4;

/** RFC 1812 §5.2.2: version, lengths and header checksum. */
function whole4(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < 20 || bytes[0]! >> 4 !== 4) return null;
  const [header, total] = [length4(bytes), u16(bytes, 2)];
  if (header < 20 || total < header || total > bytes.length || onesSum(bytes, 0, header) !== 0xffff) return null;
  return total === bytes.length ? bytes : bytes.subarray(0, total);
}

function whole6(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < 40 || bytes[0]! >> 4 !== 6) return null;
  const total = 40 + u16(bytes, 4);
  if (total > bytes.length) return null;
  return total === bytes.length ? bytes : bytes.subarray(0, total);
}

/** Hop-by-hop, routing and destination options (RFC 8200 §4) are stepped over. */
const STEPPED_OVER = new Set([0, 43, 60]);

function upper6(packet: Uint8Array): Upper {
  let [protocolAt, at] = [6, 40];
  while (STEPPED_OVER.has(packet[protocolAt]!) && at + 8 <= packet.length) [protocolAt, at] = [at, at + 8 + packet[at + 1]! * 8];
  return { protocol: packet[protocolAt]!, at, protocolAt };
}

export const source = (family: Family, packet: Uint8Array): Key => family.key(packet, family.sourceAt);
export const destination = (family: Family, packet: Uint8Array): Key => family.key(packet, family.destinationAt);
export const sourceBytes = (family: Family, packet: Uint8Array): Uint8Array =>
  packet.subarray(family.sourceAt, family.sourceAt + family.addressLength);
export const destinationBytes = (family: Family, packet: Uint8Array): Uint8Array =>
  packet.subarray(family.destinationAt, family.destinationAt + family.addressLength);

export const setTtl = (family: Family, packet: Uint8Array, ttl: number): void =>
  family.number === 4 ? put4(packet, 8, (ttl << 8) | packet[9]!) : void packet.set([ttl], 7);

export const decrementTtl = (family: Family, packet: Uint8Array): void => setTtl(family, packet, packet[family.ttlAt]! - 1);

/** The upper six bits of the traffic class (RFC 2474); the ECN bits stay. */
export const setDscp = (family: Family, packet: Uint8Array, dscp: number): void =>
  family.number === 4
    ? put4(packet, 0, (u16(packet, 0) & 0xff03) | (dscp << 2))
    : put16(packet, 0, (u16(packet, 0) & 0xf03f) | (dscp << 6));

/** A word of an IPv4 header; the checksum follows (RFC 1624 eqn. 3), and a wrong one stays wrong. */
function put4(packet: Uint8Array, at: number, word: number): void {
  const sum = (~u16(packet, 10) & 0xffff) + (~u16(packet, at) & 0xffff) + word;
  const folded = (sum & 0xffff) + (sum >>> 16);
  put16(packet, at, word);
  put16(packet, 10, ~((folded & 0xffff) + (folded >>> 16)) & 0xffff);
}

/** The family of the packet inside a header with this protocol number (RFC 2003, RFC 2473, RFC 4213), or null. */
export const innerFamily = (protocol: number): Family | null => (protocol === 4 ? FAMILIES[4] : protocol === 41 ? FAMILIES[6] : null);

export const isMulticast = (family: Family, bytes: Uint8Array, at: number): boolean =>
  family.number === 4 ? bytes[at]! >> 4 === 14 : bytes[at] === 0xff;

/** Addresses that never cross a router as a source or destination: unspecified, loopback, link-local, broadcast to all. */
export function isUnroutable(family: Family, bytes: Uint8Array, at: number): boolean {
  if (family.number === 4) return bytes[at] === 127 || u32(bytes, at) === 0 || u32(bytes, at) === 0xffffffff;
  const head = u32(bytes, at);
  const below2 = head === 0 && u32(bytes, at + 4) === 0 && u32(bytes, at + 8) === 0 && u32(bytes, at + 12) < 2;
  return below2 || head >>> 22 === 0xfe80 >>> 6;
}
