/** The Internet checksum (RFC 1071): the one's complement of the one's complement sum of 16-bit words. */

/** The sum of big-endian 16-bit words, folded into 16 bits; an odd last byte counts as a word's high byte. */
export function onesSum(bytes: Uint8Array, from = 0, to: number = bytes.length, sum = 0): number {
  let at = from;
  for (; at + 1 < to; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!;
  if (at < to) sum += bytes[at]! << 8;
  return fold(sum);
}

/** Adds the carries back in (RFC 1071 §2); right for sums below 2^32. */
export function fold(sum: number): number {
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16);
}

export const checksum = (bytes: Uint8Array, from = 0, to: number = bytes.length): number => ~onesSum(bytes, from, to) & 0xffff;
