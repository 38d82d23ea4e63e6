/** What stands before the IP packet in a captured frame, by link type (the LINKTYPE_ numbers of capture files). */
import { FAMILIES } from './family.ts';
import { uint16, uint32 } from './fields.ts';

export const LINK_TYPE = {
  null: 0,
  ethernet: 1,
  raw: 101,
  loop: 108,
  linuxCooked: 113,
  juniperEthernet: 178,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const;

export const ETHERNET_HEADER = 14;
/** Customer and service tags (802.1Q, 802.1ad), and the number that early double tagging used. */
const VLAN_TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);

/** Where the IP packet of a frame begins, or -1 where the frame carries none. */
export function networkAt(linkType: number, frame: Uint8Array): number {
  const at = HEADERS[linkType]?.(frame) ?? -1;
  return at >= 0 && at < frame.length ? at : -1;
}

const isIp = (etherType: number): boolean => etherType === FAMILIES[4].etherType || etherType === FAMILIES[6].etherType;

const HEADERS: Readonly<Record<number, (frame: Uint8Array) => number>> = {
  [LINK_TYPE.ethernet]: ethernet,
  [LINK_TYPE.juniperEthernet]: juniper,
  [LINK_TYPE.raw]: () => 0,
  12: () => 0, // raw IP as BSD systems numbered it
  14: () => 0,
  [LINK_TYPE.ipv4]: () => 0,
  [LINK_TYPE.ipv6]: () => 0,
  [LINK_TYPE.linuxCooked]: (frame) => (frame.length >= 16 ? afterTags(frame, 14) : -1),
  [LINK_TYPE.linuxCooked2]: (frame) => (frame.length >= 20 ? linuxCooked2(frame) : -1),
  [LINK_TYPE.null]: (frame) => (frame.length >= 4 && isProtocolFamily(uint32(frame, 0)) ? 4 : -1),
  [LINK_TYPE.loop]: (frame) => (frame.length >= 4 && isProtocolFamily(uint32(frame, 0)) ? 4 : -1),
};

function ethernet(frame: Uint8Array): number {
  return frame.length >= ETHERNET_HEADER ? afterTags(frame, 12) : -1;
}

/** What Junos captures: "MGC", flags, and where a flag says so extensions with their length before the Ethernet frame. */
const JUNIPER = { magic: 0x4d4743, extensions: 0x80, noLink: 0x02 } as const;
/** Stands in place of a link header: the protocol, in 4 bytes. */
const JUNIPER_PROTOCOL = 4;

/** Where what Junos put before the frame ends, or -1 where it is not what Junos puts there. */
function juniperEnd(frame: Uint8Array): number {
  if (frame.length < 6 || uint32(frame, 0) >>> 8 !== JUNIPER.magic) return -1;
  return (frame[3]! & JUNIPER.extensions) === 0 ? 4 : 6 + uint16(frame, 4);
}

/** Where the Ethernet frame begins in one of Junos, or -1 where it has none. */
export const juniperEthernetAt = (frame: Uint8Array): number => (hasNoLink(frame) ? -1 : juniperEnd(frame));

const hasNoLink = (frame: Uint8Array): boolean => (frame[3]! & JUNIPER.noLink) !== 0;

function juniper(frame: Uint8Array): number {
  const at = juniperEnd(frame);
  if (at < 0) return -1;
  if (!hasNoLink(frame)) return frame.length >= at + ETHERNET_HEADER ? afterTags(frame, at + 12) : -1;
  const version = (frame[at + JUNIPER_PROTOCOL] ?? 0) >> 4;
  return version === 4 || version === 6 ? at + JUNIPER_PROTOCOL : -1;
}

/** Its EtherType stands first and not last: of a tagged packet, the rest of the tag follows the header. */
function linuxCooked2(frame: Uint8Array): number {
  const etherType = uint16(frame, 0);
  return VLAN_TAGS.has(etherType) ? afterTags(frame, 22) : isIp(etherType) ? 20 : -1;
}

/** From the EtherType on, over any VLAN tags, to the packet. */
function afterTags(frame: Uint8Array, at: number): number {
  while (at + 2 <= frame.length && VLAN_TAGS.has(uint16(frame, at))) at += 4;
  return at + 2 <= frame.length && isIp(uint16(frame, at)) ? at + 2 : -1;
}

/** AF_INET is 2 everywhere, AF_INET6 10, 24, 28 or 30; the null header is in the writer's byte order. */
function isProtocolFamily(value: number): boolean {
  const family = value > 0xffff ? value >>> 24 : value;
  return [2, 10, 24, 28, 30].includes(family);
}

export interface EthernetFields {
  readonly source: string;
  readonly destination: string;
  readonly etherType: number;
}

/** The 14 bytes before a packet. MAC addresses as six hexadecimal pairs joined by colons. */
export function writeEthernet(fields: EthernetFields): Uint8Array {
  const header = new Uint8Array(ETHERNET_HEADER);
  header.set(macBytes(fields.destination), 0);
  header.set(macBytes(fields.source), 6);
  header[12] = fields.etherType >> 8;
  header[13] = fields.etherType;
  return header;
}

export function macBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new RangeError(`"${text}" is not a MAC address such as 02:00:00:00:00:01`);
  return Uint8Array.from(text.split(':'), (pair) => Number.parseInt(pair, 16));
}
