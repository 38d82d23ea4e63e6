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

/** v0 to v3 as low, high pairs. One thread computes one tag at a time, so the state is shared. */
const v = new Uint32Array(8);

/** Writes the 8 bytes of the tag of `bytes[from, to)` into `out` at `at`, in the order of the reference code. */
export function sipHash(key: SipKey, bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number): void {
  v[0] = key[0]! ^ 0x70736575;
  v[1] = key[1]! ^ 0x736f6d65;
  v[2] = key[2]! ^ 0x6e646f6d;
  v[3] = key[3]! ^ 0x646f7261;
  v[4] = key[0]! ^ 0x6e657261;
  v[5] = key[1]! ^ 0x6c796765;
  v[6] = key[2]! ^ 0x79746573;
  v[7] = key[3]! ^ 0x74656462;
  let position = from;
  for (; position + 8 <= to; position += 8) compress(little32(bytes, position), little32(bytes, position + 4));
  const rest = (i: number): number => (position + i < to ? bytes[position + i]! : 0);
  const length = (to - from) & 0xff;
  compress(rest(0) | (rest(1) << 8) | (rest(2) << 16) | (rest(3) << 24), rest(4) | (rest(5) << 8) | (rest(6) << 16) | (length << 24));
  v[4] = v[4]! ^ 0xff;
  for (let i = 0; i < 4; i += 1) round();
  writeLittle32(out, at, v[0]! ^ v[2]! ^ v[4]! ^ v[6]!);
  writeLittle32(out, at + 4, v[1]! ^ v[3]! ^ v[5]! ^ v[7]!);
}

function compress(low: number, high: number): void {
  v[6] = v[6]! ^ low;
  v[7] = v[7]! ^ high;
  round();
  round();
  v[0] = v[0]! ^ low;
  v[1] = v[1]! ^ high;
}

function writeLittle32(out: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i += 1) out[at + i] = value >>> (8 * i);
}

function round(): void {
  add(0, 2);
  rotate(2, 13);
  exclusiveOr(2, 0);
  swapHalves(0);
  add(4, 6);
  rotate(6, 16);
  exclusiveOr(6, 4);
  add(0, 6);
  rotate(6, 21);
  exclusiveOr(6, 0);
  add(4, 2);
  rotate(2, 17);
  exclusiveOr(2, 4);
  swapHalves(4);
}

function add(a: number, b: number): void {
  const low = v[a]! + v[b]!;
  v[a] = low;
  v[a + 1] = v[a + 1]! + v[b + 1]! + (low > 0xffffffff ? 1 : 0);
}

/** Left by fewer than 32 bits. */
function rotate(a: number, bits: number): void {
  const [low, high] = [v[a]!, v[a + 1]!];
  v[a] = (low << bits) | (high >>> (32 - bits));
  v[a + 1] = (high << bits) | (low >>> (32 - bits));
}

function exclusiveOr(a: number, b: number): void {
  v[a] = v[a]! ^ v[b]!;
  v[a + 1] = v[a + 1]! ^ v[b + 1]!;
}

/** Left by 32 bits. */
function swapHalves(a: number): void {
  const low = v[a]!;
  v[a] = v[a + 1]!;
  v[a + 1] = low;
}
