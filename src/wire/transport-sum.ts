/** Whether a transport's checksum is right, by offsets: the pseudo-header is summed where it stands. */
import { fold, onesSum } from './checksum.ts';
import { UDP_PROTOCOL } from './family.ts';
import { uint16 } from './fields.ts';

const ICMPV4 = 1;

/**
 * The folded sum over the transport in `bytes[from, to)` and the pseudo-header of the IP header at `at`, and whatever its checksum field
 * holds: 0xffff where that is right.
 */
export function transportSum(bytes: Uint8Array, at: number, protocol: number, from: number, to: number): number {
  const isV4 = bytes[at]! >> 4 === 4;
  if (isV4 && protocol === ICMPV4) return onesSum(bytes, from, to);
  const addresses = at + (isV4 ? 12 : 8);
  return onesSum(bytes, from, to, onesSum(bytes, addresses, addresses + (isV4 ? 8 : 32)) + protocol + (to - from));
}

/**
 * What the checksum field at `fieldAt` should hold, as computed; the field itself may hold anything. A UDP checksum that comes out as 0
 * is sent as its other form (RFC 768).
 */
export function expectedChecksum(bytes: Uint8Array, at: number, protocol: number, from: number, to: number, fieldAt: number): number {
  const rest = fold(transportSum(bytes, at, protocol, from, to) + (~uint16(bytes, fieldAt) & 0xffff));
  const sum = ~rest & 0xffff;
  return protocol === UDP_PROTOCOL && sum === 0 ? 0xffff : sum;
}
