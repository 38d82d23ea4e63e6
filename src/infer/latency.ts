/** What a stretch of a path adds to the round trip: least and median round trips to its two ends, differenced, with intervals. */
import { logChoices } from './log-factorial.ts';

/** In the unit of what was measured. */
export interface Between {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Increment {
  readonly least: Between;
  readonly median: Between;
}

/**
 * Of what `far` has more than `near`, each ascending; a near of null is the vantage itself, where a round trip takes nothing. Null where
 * there are too few values for the confidence (8 each at 99 %). Both intervals hold where the values are independent draws.
 */
export function incrementOf(near: ArrayLike<number> | null, far: ArrayLike<number>, confidence: number): Increment | null {
  const each = near === null ? confidence : 1 - (1 - confidence) / 2;
  const [nearMedian, farMedian] = [near === null ? NOTHING : medianOf(near, each), medianOf(far, each)];
  const [nearLeast, farLeast] = [near === null ? NOTHING : leastOf(near, each), leastOf(far, each)];
  if (nearMedian === null || farMedian === null || nearLeast === null || farLeast === null) return null;
  return { least: difference(nearLeast, farLeast), median: difference(nearMedian, farMedian) };
}

const NOTHING: Between = { value: 0, low: 0, high: 0 };

/** How much more the second is, by as much confidence as lacks in neither. */
export const difference = (first: Between, second: Between): Between => ({
  value: second.value - first.value,
  low: second.low - first.high,
  high: second.high - first.low,
});

/** The interval between two order statistics, which asks for no distribution (W. R. Thompson, Ann. Math. Statist. 7, 1936). Null: too few. */
export function medianOf(ascending: ArrayLike<number>, confidence: number): Between | null {
  const count = ascending.length;
  let [below, tail] = [0, Math.exp(logChoices(count, 0) - count * Math.LN2)];
  // `below` values may lie outside at either end as long as that is rarer than half the error
  while (tail <= (1 - confidence) / 2 && 2 * below < count) {
    below += 1;
    tail += Math.exp(logChoices(count, below) - count * Math.LN2);
  }
  if (below === 0) return null;
  const value = (ascending[Math.floor((count - 1) / 2)]! + ascending[Math.floor(count / 2)]!) / 2;
  return { value, low: ascending[below - 1]!, high: ascending[count - below]! };
}

/**
 * The end that the values never go below, from how far apart the two least are (D. S. Robson and J. H. Whitlock, "Estimation of a
 * truncation point", Biometrika 51, 1964): where values near the end are about equally likely. Null: fewer than two.
 */
export function leastOf(ascending: ArrayLike<number>, confidence: number): Between | null {
  const [least, next] = [ascending[0], ascending[1]];
  if (least === undefined || next === undefined) return null;
  return { value: least, low: Math.max(0, least - (confidence / (1 - confidence)) * (next - least)), high: least };
}

/** `queueing`: the median grew, and what is least did not; `way`: both grew, as on a longer way; `fell`: the median did; `same`: none is seen to. */
export type LatencyMoved = 'queueing' | 'way' | 'fell' | 'same';

export interface Moved {
  readonly median: Between;
  readonly moved: LatencyMoved;
}

export function movedFrom(before: Increment, now: Increment): Moved {
  const median = difference(before.median, now.median);
  const least = difference(before.least, now.least);
  const moved = median.low > 0 ? (least.low > 0 ? 'way' : 'queueing') : median.high < 0 ? 'fell' : 'same';
  return { median, moved };
}
