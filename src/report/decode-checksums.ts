/** What the checksums of a decoded packet should be. */
import { checksum } from '../wire/checksum.ts';
import { UDP_PROTOCOL } from '../wire/family.ts';
import { uint16 } from '../wire/fields.ts';
import { type Glance, isWhole } from '../wire/glance.ts';
import { expectedChecksum, transportSum } from '../wire/transport-sum.ts';

/** Of the IPv4 header at `at`, which is whole. */
export function headerChecksum(bytes: Uint8Array, at: number): number {
  const header = bytes.slice(at, at + (bytes[at]! & 0x0f) * 4);
  header[10] = 0;
  header[11] = 0;
  return checksum(header);
}

const UDP_HEADER = 8;

/** Of the packet's transport, whose field is at `fieldAt`; null where it is not whole, or UDP says with a 0 that none was made. */
export function expectedTransport(bytes: Uint8Array, seen: Glance, fieldAt: number): number | null {
  if (!isWhole(bytes, seen)) return null;
  const at = seen.at[seen.count - 1]!;
  const field = uint16(bytes, fieldAt);
  let end = seen.end;
  if (seen.protocol === UDP_PROTOCOL) {
    const length = uint16(bytes, seen.bodyAt + 4); // it may be below that of the packet: what it leaves out is not summed
    if ((field === 0 && bytes[at]! >> 4 === 4) || length < UDP_HEADER || seen.bodyAt + length > seen.end) return null;
    end = seen.bodyAt + length;
  }
  if (transportSum(bytes, at, seen.protocol, seen.bodyAt, end) === 0xffff) return field;
  return expectedChecksum(bytes, at, seen.protocol, seen.bodyAt, end, fieldAt);
}
