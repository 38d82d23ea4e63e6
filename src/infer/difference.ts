/** Confidence intervals of the difference between two proportions. */
import { type Interval, wilson } from './interval.ts';
import type { Between } from './latency.ts';

export interface Proportion {
  readonly successes: number;
  readonly trials: number;
}

/**
 * How far the second proportion lies above the first, from -1 to 1: the intervals of both by Wilson, combined (R. G. Newcombe, "Interval
 * estimation for the difference between independent proportions: comparison of eleven methods", Statistics in Medicine 17, 1998, method
 * 10). Null where either has no trials. Trials are taken as independent. Throws RangeError as `wilson` does.
 */
export function newcombe(first: Proportion, second: Proportion, confidence = 0.95): Interval | null {
  const a = wilson(first.successes, first.trials, confidence);
  const b = wilson(second.successes, second.trials, confidence);
  if (a === null || b === null) return null;
  return shiftOf({ value: first.successes / first.trials, ...a }, { value: second.successes / second.trials, ...b });
}

/**
 * How far the second of two independent values lies above the first, at the confidence of both their intervals, which may be lopsided (G.
 * Y. Zou and A. Donner, "Construction of confidence limits about effect measures", Statistics in Medicine 27, 2008).
 */
export function shiftOf(first: Between, second: Between): Interval {
  const [p, q] = [first.value, second.value];
  return { low: q - p - Math.hypot(q - second.low, first.high - p), high: q - p + Math.hypot(second.high - q, p - first.low) };
}
