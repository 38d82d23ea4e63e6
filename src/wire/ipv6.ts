/** The IPv6 header (RFC 8200 §3) and the extension headers that can stand before what it carries (§4). None is ever written. */
import { type Address, addressText, writeAddress } from './address.ts';
import { type Decoded, malformed } from './decoded.ts';
import { setUint16, setUint32, uint16, uint32 } from './fields.ts';

export const IPV6_HEADER = 40;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
/** Hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP, shim6. */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140]);

export interface Ipv6Header {
  readonly family: 6;
  readonly trafficClass: number;
  readonly flowLabel: number;
  readonly payloadLength: number;
  /** What the payload is: the next header after all extension headers. */
  readonly protocol: number;
  /** The next header field as it stands, an extension's number included. */
  readonly nextHeader: number;
  readonly ttl: number;
  readonly source: Address;
  readonly destination: Address;
}

export type Ipv6Fields = Pick<Ipv6Header, 'trafficClass' | 'flowLabel' | 'ttl' | 'protocol' | 'source' | 'destination'>;

export function writeIpv6(into: Uint8Array, at: number, fields: Ipv6Fields, payloadLength: number): void {
  if (payloadLength > 0xffff) throw new RangeError(`An IPv6 packet carries at most 65535 bytes, got ${payloadLength}`);
  setUint32(into, at, ((6 << 28) | (fields.trafficClass << 20) | fields.flowLabel) >>> 0);
  setUint16(into, at + 4, payloadLength);
  into[at + 6] = fields.protocol;
  into[at + 7] = fields.ttl;
  writeAddress(into, at + 8, fields.source);
  writeAddress(into, at + 24, fields.destination);
}

/** Accepts a packet cut short after its header, as ICMPv6 errors quote it. */
export function readIpv6(bytes: Uint8Array): Decoded<Ipv6Header> {
  if (bytes.length < IPV6_HEADER) return malformed(`${bytes.length} bytes cannot hold an IPv6 header`);
  if (bytes[0]! >> 4 !== 6) return malformed(`version ${bytes[0]! >> 4} is not 6`);
  const payloadLength = uint16(bytes, 4);
  const upper = skipExtensions(bytes, IPV6_HEADER, bytes[6]!);
  if (!upper.ok) return upper;
  const header: Ipv6Header = {
    family: 6,
    trafficClass: (uint16(bytes, 0) >> 4) & 0xff,
    flowLabel: uint32(bytes, 0) & 0xfffff,
    payloadLength,
    protocol: upper.protocol,
    nextHeader: bytes[6]!,
    ttl: bytes[7]!,
    source: addressText(bytes, 8, 16),
    destination: addressText(bytes, 24, 16),
  };
  return { ok: true, header, payload: bytes.subarray(upper.at, Math.max(upper.at, IPV6_HEADER + payloadLength)) };
}

export type Upper = { ok: true; at: number; protocol: number } | { ok: false; reason: string };

/** Walks over extension headers to the first header that is none. A later fragment carries no header at all. */
export function skipExtensions(bytes: Uint8Array, at: number, protocol: number): Upper {
  while (EXTENSIONS.has(protocol)) {
    if (at + 8 > bytes.length) return malformed(`extension header ${protocol} is cut off`);
    if (protocol === FRAGMENT && uint16(bytes, at + 2) >> 3 !== 0) return malformed('a later fragment');
    const length = protocol === FRAGMENT ? 8 : protocol === AUTHENTICATION ? (bytes[at + 1]! + 2) * 4 : (bytes[at + 1]! + 1) * 8;
    protocol = bytes[at]!;
    at += length;
  }
  return { ok: true, at, protocol };
}
