/** ICMP and ICMPv6 messages of a router, as Linux fills their headers. */
import type { FamilyNumber } from '../../wire/address.ts';
import { checksum, onesSum } from '../../wire/checksum.ts';
import { type Family, put16, put32, u32 } from './header.ts';

export interface Message {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly trafficClass: number;
  /** The IPv4 header's; IPv6 has none. */
  readonly id: number;
  readonly flowLabel: number;
  readonly hopLimit: number;
  readonly type: number;
  readonly code: number;
  /** The four bytes after the checksum. */
  readonly rest: number;
  readonly body: Uint8Array;
}

const ICMP_HEADER = 8;
export const OWN_TTL = 64;

export function icmpPacket(family: Family, message: Message): Uint8Array {
  const { headerLength, sourceAt, destinationAt } = family;
  const packet = new Uint8Array(headerLength + ICMP_HEADER + message.body.length);
  packet.set(message.source, sourceAt);
  packet.set(message.destination, destinationAt);
  packet[headerLength] = message.type;
  packet[headerLength + 1] = message.code;
  put32(packet, headerLength + 4, message.rest);
  packet.set(message.body, headerLength + ICMP_HEADER);
  put16(packet, headerLength + 2, ~onesSum(packet, headerLength, packet.length, pseudoSum(family, packet)) & 0xffff);
  WRITE_HEADER[family.number](packet, message);
  return packet;
}

/** Of addresses, length and protocol (RFC 8200 §8.1); ICMP over IPv4 has no pseudo header. */
const pseudoSum = (family: Family, packet: Uint8Array): number =>
  family.number === 4 ? 0 : onesSum(packet, family.sourceAt, family.headerLength, packet.length - family.headerLength + family.icmp);

const WRITE_HEADER: Record<FamilyNumber, (packet: Uint8Array, message: Message) => void> = {
  4: (packet, { trafficClass, id, hopLimit }) => {
    packet.set([0x45, trafficClass]);
    put16(packet, 2, packet.length);
    put16(packet, 4, id); // DF stays 0: the kernel's ICMP may be fragmented
    packet.set([hopLimit, 1], 8);
    put16(packet, 10, checksum(packet, 0, 20));
  },
  6: (packet, { trafficClass, flowLabel, hopLimit }) => {
    put32(packet, 0, ((6 << 28) | (trafficClass << 20) | flowLabel) >>> 0);
    put16(packet, 4, packet.length - 40);
    packet.set([58, hopLimit], 6);
  },
};

/** Whether the checksum of a whole packet's UDP or ICMP part is right; `length` as the upper header says it. */
export function isSumRight(family: Family, packet: Uint8Array, at: number, length: number, protocol: number): boolean {
  const pseudo =
    family.number === 4 && protocol === 1
      ? 0
      : onesSum(packet, family.sourceAt, family.sourceAt + 2 * family.addressLength, length + protocol);
  return onesSum(packet, at, at + length, pseudo) === 0xffff;
}

/** As much of a packet as an error may quote: 576 bytes in all over IPv4, 1,280 over IPv6 (RFC 1812 §4.3.2.3, RFC 4443 §2.4c). */
export const quoteOf = (family: Family, packet: Uint8Array): Uint8Array =>
  packet.subarray(0, (family.number === 4 ? 576 : 1280) - family.headerLength - ICMP_HEADER);

/** IPv4 errors keep the type of service under a precedence of their own (RFC 1812 §4.3.2.5); IPv6 ones have none. */
export const errorClass = (family: Family, packet: Uint8Array): number => (family.number === 4 ? (packet[1]! & 0x1e) | 0xc0 : 0);

export const trafficClass = (family: Family, packet: Uint8Array): number =>
  family.number === 4 ? packet[1]! : (u32(packet, 0) >>> 20) & 0xff;
