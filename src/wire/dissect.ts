/** A whole frame as values, header by header from the outside in: for reading, not for the hot path (outline.ts is). */
import type { FamilyNumber } from './address.ts';
import type { Decoded } from './decoded.ts';
import { FAMILIES, nestedFamily, UDP_PROTOCOL } from './family.ts';
import { uint16 } from './fields.ts';
import { type IcmpHeader, type Quote, quotes, readIcmp, readQuote } from './icmp.ts';
import { type Ipv4Header, readIpv4 } from './ipv4.ts';
import { type Ipv6Header, readIpv6 } from './ipv6.ts';
import { networkAt } from './link.ts';
import { UDP_HEADER } from './transport.ts';

export type IpHeader = Ipv4Header | Ipv6Header;

export interface Dissected {
  /** Empty where the frame carries no IP packet. */
  readonly layers: readonly IpHeader[];
  readonly body: Body;
}

export type Body =
  | {
      readonly kind: 'udp';
      readonly sourcePort: number;
      readonly destinationPort: number;
      readonly length: number;
      readonly checksum: number;
      readonly payload: Uint8Array;
    }
  | { readonly kind: 'icmp'; readonly header: IcmpHeader; readonly payload: Uint8Array; readonly quote: Quote | null }
  | { readonly kind: 'other'; readonly protocol: number; readonly payload: Uint8Array }
  | { readonly kind: 'malformed'; readonly reason: string };

export function dissect(frame: Uint8Array, linkType: number): Dissected {
  const at = networkAt(linkType, frame);
  if (at < 0) return { layers: [], body: { kind: 'malformed', reason: `no IP packet in a frame of link type ${linkType}` } };
  return dissectPacket(frame.subarray(at));
}

/** The same for bytes that begin with an IP header, such as the quote of an ICMP error. */
export function dissectPacket(bytes: Uint8Array): Dissected {
  const layers: IpHeader[] = [];
  for (let family: FamilyNumber | null = bytes[0]! >> 4 === 6 ? 6 : 4; family !== null; ) {
    const read: Decoded<IpHeader> = family === 6 ? readIpv6(bytes) : readIpv4(bytes);
    if (!read.ok) return { layers, body: { kind: 'malformed', reason: read.reason } };
    layers.push(read.header);
    bytes = read.payload;
    family = isLaterFragment(read.header) ? null : nestedFamily(read.header.protocol);
  }
  return { layers, body: readBody(layers.at(-1)!, bytes) };
}

const isLaterFragment = (header: IpHeader): boolean => header.family === 4 && header.fragmentOffset > 0;

function readBody(header: IpHeader, bytes: Uint8Array): Body {
  const { protocol } = header;
  if (isLaterFragment(header)) return { kind: 'other', protocol, payload: bytes };
  if (protocol === UDP_PROTOCOL) return readUdp(bytes);
  if (protocol !== FAMILIES[header.family].icmpProtocol) return { kind: 'other', protocol, payload: bytes };
  const read = readIcmp(bytes, header.family);
  if (!read.ok) return { kind: 'malformed', reason: read.reason };
  const quote = quotes(header.family, read.header.type) ? readQuote(bytes, header.family) : null;
  return { kind: 'icmp', header: read.header, payload: read.payload, quote };
}

function readUdp(bytes: Uint8Array): Body {
  if (bytes.length < UDP_HEADER) return { kind: 'malformed', reason: `${bytes.length} bytes cannot hold a UDP header` };
  const [sourcePort, destinationPort, length, sum] = [uint16(bytes, 0), uint16(bytes, 2), uint16(bytes, 4), uint16(bytes, 6)];
  return {
    kind: 'udp',
    sourcePort,
    destinationPort,
    length,
    checksum: sum,
    payload: bytes.subarray(UDP_HEADER, Math.max(UDP_HEADER, length)),
  };
}
