/** Confidence intervals of the difference between two proportions. */
import { type Interval, wilson } from './interval.ts';

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
  const [p, q] = [first.successes / first.trials, second.successes / second.trials];
  return { low: q - p - Math.hypot(q - b.low, a.high - p), high: q - p + Math.hypot(b.high - q, p - a.low) };
}
