/** What the link header of a captured frame says, for reading: addresses, VLAN tags, EtherType, and whether we sent it. */
import { uint16 } from './fields.ts';
import { ETHERNET_HEADER, juniperEthernetAt, LINK_TYPE } from './link.ts';

export interface LinkHeader {
  readonly name: string;
  /** MAC addresses where the header has them; Linux cooked headers know the sender alone. */
  readonly source: string | null;
  readonly destination: string | null;
  readonly etherType: number | null;
  readonly tags: readonly VlanTag[];
  readonly direction: 'inbound' | 'outbound' | null;
}

export interface VlanTag {
  readonly etherType: number;
  readonly priority: number;
  readonly id: number;
}

const NAMES: Readonly<Record<number, string>> = {
  [LINK_TYPE.null]: 'BSD loopback',
  [LINK_TYPE.ethernet]: 'Ethernet',
  [LINK_TYPE.raw]: 'raw IP',
  12: 'raw IP',
  14: 'raw IP',
  [LINK_TYPE.loop]: 'OpenBSD loopback',
  [LINK_TYPE.linuxCooked]: 'Linux cooked v1',
  [LINK_TYPE.juniperEthernet]: 'Juniper Ethernet',
  [LINK_TYPE.ipv4]: 'raw IPv4',
  [LINK_TYPE.ipv6]: 'raw IPv6',
  [LINK_TYPE.linuxCooked2]: 'Linux cooked v2',
};

export const linkTypeName = (linkType: number): string => NAMES[linkType] ?? `link type ${linkType}`;

/** Never throws; fields that the frame is too short for are null. */
export function readLink(linkType: number, frame: Uint8Array): LinkHeader {
  const plain = { name: linkTypeName(linkType), source: null, destination: null, etherType: null, tags: [], direction: null };
  if (linkType === LINK_TYPE.ethernet) return { ...plain, ...ethernet(frame, 0) };
  if (linkType === LINK_TYPE.juniperEthernet) return { ...plain, ...juniper(frame) };
  if (linkType === LINK_TYPE.linuxCooked && frame.length >= 16) {
    return { ...plain, source: macAt(frame, 6, uint16(frame, 4)), ...tagged(frame, 14), direction: cookedDirection(uint16(frame, 0)) };
  }
  if (linkType === LINK_TYPE.linuxCooked2 && frame.length >= 20) {
    const source = macAt(frame, 12, frame[11]!);
    const inner = isTag(uint16(frame, 0)) ? tagged(frame, 22, [tagAt(frame, 0, 20)]) : { etherType: uint16(frame, 0), tags: [] };
    return { ...plain, source, ...inner, direction: cookedDirection(frame[10]!) };
  }
  return plain;
}

/** Linux cooked packet types: to us, broadcast, multicast, to somebody else, from us. */
export const cookedDirection = (type: number): 'inbound' | 'outbound' | null => (type === 4 ? 'outbound' : type < 3 ? 'inbound' : null);

type Some = Partial<LinkHeader>;

function ethernet(frame: Uint8Array, at: number): Some {
  if (frame.length < at + ETHERNET_HEADER) return {};
  return { destination: macAt(frame, at, 6), source: macAt(frame, at + 6, 6), ...tagged(frame, at + 12) };
}

function juniper(frame: Uint8Array): Some {
  const at = juniperEthernetAt(frame);
  const direction = frame.length > 3 ? ((frame[3]! & 1) === 1 ? 'inbound' : 'outbound') : null;
  return at < 0 ? { direction } : { ...ethernet(frame, at), direction };
}

const isTag = (etherType: number): boolean => etherType === 0x8100 || etherType === 0x88a8 || etherType === 0x9100;

const tagAt = (frame: Uint8Array, typeAt: number, at: number): VlanTag => {
  const control = uint16(frame, at);
  return { etherType: uint16(frame, typeAt), priority: control >> 13, id: control & 0xfff };
};

/** From an EtherType on, over the tags. */
function tagged(frame: Uint8Array, at: number, tags: VlanTag[] = []): Pick<LinkHeader, 'etherType' | 'tags'> {
  while (at + 4 <= frame.length && isTag(uint16(frame, at))) {
    tags.push(tagAt(frame, at, at + 2));
    at += 4;
  }
  return { etherType: at + 2 <= frame.length ? uint16(frame, at) : null, tags };
}

/** Longer and shorter link addresses than MACs exist; six bytes are shown at most. */
function macAt(frame: Uint8Array, at: number, length: number): string | null {
  if (length === 0) return null;
  const bytes = [...frame.subarray(at, at + Math.min(length, 6))];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
