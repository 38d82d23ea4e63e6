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
 * Of what `far` has more than `near`, each in the order of time; a near of null is the vantage itself, where a round trip takes nothing.
 * Null where there are too few values for the confidence (9 each at 99 %), or as good as too few: a queue makes neighbours alike.
 */
export function incrementOf(near: readonly number[] | null, far: readonly number[], confidence: number): Increment | null {
  const each = near === null ? confidence : 1 - (1 - confidence) / 2;
  const [from, to] = [near === null ? { least: NOTHING, median: NOTHING } : endOf(near, each), endOf(far, each)];
  if (from === null || to === null) return null;
  return { least: difference(from.least, to.least), median: difference(from.median, to.median) };
}

function endOf(values: readonly number[], confidence: number): Increment | null {
  const ascending = Float64Array.from(values).sort();
  const [least, median] = [leastOf(ascending, confidence), medianOf(ascending, confidence, effectiveCount(values))];
  return least === null || median === null ? null : { least, median };
}

/** A correlation below this is taken for none, and ends the sum. */
const NO_CORRELATION = 0.05;

/**
 * How many independent values would tell as much of the median: n / (1 + 2 Σ ρ) over the lags of being above it (M. S. Bartlett, JRSS
 * Supplement 8, 1946).
 */
export function effectiveCount(values: readonly number[]): number {
  const median = Float64Array.from(values).sort()[Math.floor((values.length - 1) / 2)]!;
  const share = values.reduce((sum, value) => sum + Number(value > median), 0) / values.length;
  const variance = share * (1 - share);
  if (values.length === 0 || variance === 0) return values.length;
  const above = values.map((value) => Number(value > median) - share);
  let sum = 0;
  for (let lag = 1; lag < values.length / 2; lag += 1) {
    let products = 0;
    for (let at = lag; at < above.length; at += 1) products += above[at]! * above[at - lag]!;
    const correlation = products / values.length / variance;
    if (correlation < NO_CORRELATION) break;
    sum += correlation;
  }
  return values.length / (1 + 2 * sum);
}

const NOTHING: Between = { value: 0, low: 0, high: 0 };

/** How much more the second is, by as much confidence as lacks in neither. */
export const difference = (first: Between, second: Between): Between => ({
  value: second.value - first.value,
  low: second.low - first.high,
  high: second.high - first.low,
});

/**
 * The interval between two order statistics, which asks for no distribution (W. R. Thompson, Ann. Math. Statist. 7, 1936). `effective`: as
 * many independent values are reckoned with. Null: too few.
 */
export function medianOf(ascending: ArrayLike<number>, confidence: number, effective: number = ascending.length): Between | null {
  const count = ascending.length;
  const drawn = Math.floor(effective);
  let [below, tail] = [0, 2 ** -drawn];
  // `below` values may lie outside at either end as long as that is rarer than half the error
  while (tail <= (1 - confidence) / 2 && 2 * below < drawn) {
    below += 1;
    tail += Math.exp(logChoices(drawn, below) - drawn * Math.LN2);
  }
  const outside = Math.floor((below / drawn) * count);
  if (!(outside > 0)) return null;
  const value = (ascending[Math.floor((count - 1) / 2)]! + ascending[Math.floor(count / 2)]!) / 2;
  return { value, low: ascending[outside - 1]!, high: ascending[count - outside]! };
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
  readonly least: Between;
  readonly median: Between;
  readonly moved: LatencyMoved;
}

/** `resolution`: so much is no difference, whatever the intervals say. */
export function movedFrom(before: Increment, now: Increment, resolution: number): Moved {
  const median = difference(before.median, now.median);
  const least = difference(before.least, now.least);
  const moved = median.low > resolution ? (least.low > resolution ? 'way' : 'queueing') : median.high < -resolution ? 'fell' : 'same';
  return { least, median, moved };
}
