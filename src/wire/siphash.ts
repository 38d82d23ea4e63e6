/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a short keyed tag that a stranger without the key cannot guess.
 * 64-bit words as two 32-bit halves each, since BigInt would cost microseconds a packet.
 */

/** Four 32-bit words: the 16 bytes of the key, little-endian, low half first. */
export type SipKey = Uint32Array;

export function sipKey(bytes: Uint8Array): SipKey {
  if (bytes.length !== 16) throw new RangeError(`A SipHash key is 16 bytes, got ${bytes.length}`);
  return Uint32Array.from({ length: 4 }, (_, i) => little32(bytes, 4 * i));
}

const little32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;

/**
 * Writes the 8 bytes of the tag of `bytes[from, to)` into `out` at `at`, in the order of the reference code. The state stands in local
 * variables and the round is written out once: every probe is tagged and every answer's tag is looked at, 100,000 times a second.
 */
export function sipHash(key: SipKey, bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number): void {
  const [key0, key1, key2, key3] = [key[0]! | 0, key[1]! | 0, key[2]! | 0, key[3]! | 0];
  // v0 to v3, each as a low and a high half
  let a = key0 ^ 0x70736575;
  let b = key1 ^ 0x736f6d65;
  let c = key2 ^ 0x6e646f6d;
  let d = key3 ^ 0x646f7261;
  let e = key0 ^ 0x6e657261;
  let f = key1 ^ 0x6c796765;
  let g = key2 ^ 0x79746573;
  let h = key3 ^ 0x74656462;
  const words = (to - from) >> 3; // whole 64-bit words; the rest and the length make one more
  for (let word = 0; word <= words + 1; word += 1) {
    const start = from + 8 * word;
    const [isLast, isEnd] = [word === words, word > words];
    const low = isEnd ? 0 : isLast ? upTo(bytes, start, to) : little32(bytes, start) | 0;
    const high = isEnd ? 0 : isLast ? upTo(bytes, start + 4, to) | (((to - from) & 0xff) << 24) : little32(bytes, start + 4) | 0;
    if (isEnd) e ^= 0xff;
    g ^= low;
    h ^= high;
    for (let round = isEnd ? 4 : 2; round > 0; round -= 1) {
      let sum = (a >>> 0) + (c >>> 0);
      a = sum | 0;
      b = (b + d + (sum > 0xffffffff ? 1 : 0)) | 0;
      let half = (c << 13) | (d >>> 19);
      d = ((d << 13) | (c >>> 19)) ^ b;
      c = half ^ a;
      half = a;
      a = b;
      b = half;
      sum = (e >>> 0) + (g >>> 0);
      e = sum | 0;
      f = (f + h + (sum > 0xffffffff ? 1 : 0)) | 0;
      half = (g << 16) | (h >>> 16);
      h = ((h << 16) | (g >>> 16)) ^ f;
      g = half ^ e;
      sum = (a >>> 0) + (g >>> 0);
      a = sum | 0;
      b = (b + h + (sum > 0xffffffff ? 1 : 0)) | 0;
      half = (g << 21) | (h >>> 11);
      h = ((h << 21) | (g >>> 11)) ^ b;
      g = half ^ a;
      sum = (e >>> 0) + (c >>> 0);
      e = sum | 0;
      f = (f + d + (sum > 0xffffffff ? 1 : 0)) | 0;
      half = (c << 17) | (d >>> 15);
      d = ((d << 17) | (c >>> 15)) ^ f;
      c = half ^ e;
      half = e;
      e = f;
      f = half;
    }
    a ^= low;
    b ^= high;
  }
  writeLittle32(out, at, a ^ c ^ e ^ g);
  writeLittle32(out, at + 4, b ^ d ^ f ^ h);
}

/** Up to four bytes as a little-endian number, those that are there. */
function upTo(bytes: Uint8Array, at: number, to: number): number {
  let value = 0;
  for (let i = 0; i < 4 && at + i < to; i += 1) value |= bytes[at + i]! << (8 * i);
  return value;
}

function writeLittle32(out: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i += 1) out[at + i] = value >>> (8 * i);
}
