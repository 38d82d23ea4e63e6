/** The IPv4 header (RFC 791 §3.1). Options are skipped when reading and never written. */
import { type Address, addressText, writeAddress } from './address.ts';
import { checksum } from './checksum.ts';
import { type Decoded, malformed } from './decoded.ts';
import { setUint16, uint16 } from './fields.ts';

export const IPV4_HEADER = 20;
const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;

export interface Ipv4Header {
  readonly family: 4;
  /** The byte once called type of service: DSCP in the upper six bits, ECN in the lower two (RFC 2474, RFC 3168). */
  readonly trafficClass: number;
  readonly totalLength: number;
  readonly id: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In bytes. */
  readonly fragmentOffset: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly checksum: number;
  readonly source: Address;
  readonly destination: Address;
}

export type Ipv4Fields = Pick<Ipv4Header, 'trafficClass' | 'id' | 'ttl' | 'protocol' | 'source' | 'destination'>;

/** Writes 20 bytes with DF set: a fragment would hide the inner headers from the next router. */
export function writeIpv4(into: Uint8Array, at: number, fields: Ipv4Fields, payloadLength: number): void {
  const length = IPV4_HEADER + payloadLength;
  if (length > 0xffff) throw new RangeError(`An IPv4 packet holds at most 65535 bytes, got ${length}`);
  into[at] = 0x45; // version 4, five words of header
  into[at + 1] = fields.trafficClass;
  setUint16(into, at + 2, length);
  setUint16(into, at + 4, fields.id);
  setUint16(into, at + 6, DONT_FRAGMENT);
  into[at + 8] = fields.ttl;
  into[at + 9] = fields.protocol;
  setUint16(into, at + 10, 0);
  writeAddress(into, at + 12, fields.source);
  writeAddress(into, at + 16, fields.destination);
  setUint16(into, at + 10, checksum(into, at, at + IPV4_HEADER));
}

/** Accepts a packet cut short after its header, as ICMP errors quote it. */
export function readIpv4(bytes: Uint8Array): Decoded<Ipv4Header> {
  if (bytes.length < IPV4_HEADER) return malformed(`${bytes.length} bytes cannot hold an IPv4 header`);
  const headerLength = (bytes[0]! & 0x0f) * 4;
  const totalLength = uint16(bytes, 2);
  if (bytes[0]! >> 4 !== 4) return malformed(`version ${bytes[0]! >> 4} is not 4`);
  if (headerLength < IPV4_HEADER || headerLength > bytes.length) return malformed(`IPv4 header length ${headerLength}`);
  if (totalLength < headerLength) return malformed(`total length ${totalLength} is below the header's ${headerLength}`);
  const header: Ipv4Header = {
    family: 4,
    trafficClass: bytes[1]!,
    totalLength,
    id: uint16(bytes, 4),
    dontFragment: (uint16(bytes, 6) & DONT_FRAGMENT) !== 0,
    moreFragments: (uint16(bytes, 6) & MORE_FRAGMENTS) !== 0,
    fragmentOffset: (uint16(bytes, 6) & 0x1fff) * 8,
    ttl: bytes[8]!,
    protocol: bytes[9]!,
    checksum: uint16(bytes, 10),
    source: addressText(bytes, 12, 4),
    destination: addressText(bytes, 16, 4),
  };
  return { ok: true, header, payload: bytes.subarray(headerLength, totalLength) };
}
