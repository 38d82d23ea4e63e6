/** Confidence intervals of one proportion. */
import { normalQuantile } from './normal.ts';

/** Fractions 0–1, both ends included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson's score interval: the proportions that a two-sided test at this confidence would not reject
 * (E. B. Wilson, "Probable Inference", JASA 22, 1927). Null without trials. Trials are taken as independent; bursts make it too narrow.
 * Throws RangeError for counts that are no counts, or a confidence outside 0–1.
 */
export function wilson(successes: number, trials: number, confidence = 0.95): Interval | null {
  if (!isCount(trials)) throw new RangeError(`Trials are a count, got ${trials}`);
  if (!isCount(successes) || successes > trials) throw new RangeError(`Successes are a count up to ${trials} trials, got ${successes}`);
  if (!(confidence > 0 && confidence < 1)) throw new RangeError(`A confidence lies between 0 and 1, got ${confidence}`);
  if (trials === 0) return null;
  const [low, high] = scoreEnds(successes / trials, trials, normalQuantile(0.5 + confidence / 2));
  // exact at the ends, where rounding would leave 1e-17
  return { low: successes === 0 ? 0 : low, high: successes === trials ? 1 : high };
}

function scoreEnds(proportion: number, trials: number, z: number): [low: number, high: number] {
  const square = (z * z) / trials;
  const centre = (proportion + square / 2) / (1 + square);
  const half = (z * Math.sqrt((proportion * (1 - proportion)) / trials + square / (4 * trials))) / (1 + square);
  return [centre - half, centre + half];
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
