/**
 * Buckets of round trips, log-linear: each doubling from 1 µs (1,024 ns) to 69 s is cut into 64 of equal width, so that a bucket's middle
 * is within 0.8 % of all that fell into it.
 */

const FIRST_BITS = 10;
const LAST_BITS = 36;
const STEP_BITS = 6;
const STEPS: number = 2 ** STEP_BITS;
/** All below 1 µs is in bucket 0; all above 69 s in the last. */
export const BUCKETS: number = 1 + (LAST_BITS - FIRST_BITS) * STEPS;

export function bucketOf(ns: number): number {
  if (ns < 2 ** FIRST_BITS) return 0;
  if (ns >= 2 ** LAST_BITS) return BUCKETS - 1;
  const bits = Math.floor(Math.log2(ns));
  const exact = ns < 2 ** bits ? bits - 1 : bits; // a logarithm may round up to the next power
  return 1 + (exact - FIRST_BITS) * STEPS + Math.floor((ns / 2 ** exact - 1) * STEPS);
}

/** The middle of a bucket. */
export function middleOf(bucket: number): number {
  if (bucket === 0) return 2 ** (FIRST_BITS - 1);
  const [bits, step] = [FIRST_BITS + Math.floor((bucket - 1) / STEPS), (bucket - 1) % STEPS];
  return 2 ** bits * (1 + (step + 0.5) / STEPS);
}

/** The value that this part of all round trips does not exceed; null without any. */
export function quantile(counts: ArrayLike<number>, part: number): number | null {
  let total = 0;
  for (let bucket = 0; bucket < counts.length; bucket += 1) total += counts[bucket]!;
  let left = Math.max(1, Math.ceil(part * total));
  if (total === 0) return null;
  for (let bucket = 0; bucket < counts.length; bucket += 1) {
    left -= counts[bucket]!;
    if (left <= 0) return middleOf(bucket);
  }
  return middleOf(counts.length - 1);
}
