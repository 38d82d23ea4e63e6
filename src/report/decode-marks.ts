/** What the bytes of a packet show by themselves, whatever was seen before. */
import type { PacketSlot } from '../capture/slot.ts';
import { UDP_PROTOCOL } from '../wire/family.ts';
import { uint16 } from '../wire/fields.ts';
import { type Glance, isWhole } from '../wire/glance.ts';
import { LINK_TYPE } from '../wire/link.ts';
import { cookedDirection } from '../wire/link-header.ts';
import { transportSum } from '../wire/transport-sum.ts';

export const isV6 = (bytes: Uint8Array, at: number): boolean => bytes[at]! >> 4 === 6;

/** Linux cooked headers tell it where the file does not. */
export function linkDirection({ bytes, at, end, linkType }: PacketSlot): 'inbound' | 'outbound' | null {
  if (linkType === LINK_TYPE.linuxCooked2 && at + 20 <= end) return cookedDirection(bytes[at + 10]!);
  if (linkType === LINK_TYPE.linuxCooked && at + 16 <= end) return cookedDirection(uint16(bytes, at));
  return null;
}

/** From A to A: only what comes home looks so. */
export function wearsOneAddress(bytes: Uint8Array, at: number): boolean {
  const [from, length] = isV6(bytes, at) ? [at + 8, 16] : [at + 12, 4];
  for (let i = from; i < from + length; i += 1) if (bytes[i] !== bytes[i + length]) return false;
  return true;
}

/** The transport's checksum is right, or cannot be told: the capture cut the packet, or UDP went without one. */
export function isIntact(bytes: Uint8Array, seen: Glance): boolean {
  const at = seen.at[seen.count - 1]!;
  if (!isWhole(bytes, seen)) return true;
  if (seen.protocol === UDP_PROTOCOL && !isV6(bytes, at) && uint16(bytes, seen.bodyAt + 6) === 0) return true;
  return transportSum(bytes, at, seen.protocol, seen.bodyAt, seen.end) === 0xffff;
}

/** The two 16-bit halves that a whole probe's layers show, XOR its sequence; null where it shows one alone. */
export function idKeyOf(bytes: Uint8Array, seen: Glance, sequence: number): number | null {
  const halves: [number | null, number | null] = [null, null];
  for (let i = 0; i < seen.count; i += 1) {
    if (!isV6(bytes, seen.at[i]!)) halves[(i % 2) as 0 | 1] = uint16(bytes, seen.at[i]! + 4);
  }
  halves[(seen.count % 2) as 0 | 1] ??= uint16(bytes, seen.bodyAt + 6); // UDP's checksum, or the echo's sequence
  const [low, high] = halves;
  return low === null || high === null ? null : (((high << 16) | low) ^ sequence) >>> 0;
}
