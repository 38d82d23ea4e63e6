/** What a good component loses, told from the counts. */
import type { Column } from './columns.ts';
import { type Counted, type Fit, fit, MOST_BURDEN } from './likelihood.ts';
import { upperEnd } from './profile.ts';

/** A network with more faults than this has no background that could be told. */
const MOST_FAULTS = 8;
/** χ² of one degree of freedom, 95 %. */
const LIMIT = 3.84;
/** Good components differ among themselves. */
const SPREAD = 2;

/**
 * The most burden that a good component bears: all but a few faults are taken to bear the same, faults being added as long as one more
 * gains `gain` of deviance; the upper end of what the others then bear, twice, for they are not quite alike.
 */
export function backgroundOf(data: Counted, gain: number): number {
  let faults: number[] = [];
  let best = alike(data, faults);
  while (faults.length < MOST_FAULTS && best.fit.deviance > gain) {
    const next = data.columns
      .flatMap(({ walks }, component) => (walks.length === 0 || faults.includes(component) ? [] : [[...faults, component]]))
      .map((chosen) => ({ chosen, ...alike(data, chosen) }))
      .reduce((one, other) => (other.fit.deviance < one.fit.deviance ? other : one), { chosen: faults, ...best });
    if (best.fit.deviance - next.fit.deviance <= gain) break;
    [faults, best] = [next.chosen, next];
  }
  return Math.min(MOST_BURDEN, SPREAD * upperEnd(best.reduced, best.bounds, faults.length, best.fit, LIMIT));
}

/** The faults one by one, and all others as one component that is crossed as often as they are together. */
function alike(
  data: Counted,
  faults: readonly number[],
): { reduced: Counted; bounds: { low: Float64Array; high: Float64Array }; fit: Fit } {
  const times = new Float64Array(data.lost.length);
  for (const [component, column] of data.columns.entries()) {
    if (!faults.includes(component)) for (const [place, walk] of column.walks.entries()) times[walk]! += column.times[place]!;
  }
  const crossing = [...times.keys()].filter((walk) => times[walk]! > 0);
  const others: Column = { walks: crossing, times: crossing.map((walk) => times[walk]!) };
  const reduced: Counted = { ...data, columns: [...faults.map((component) => data.columns[component]!), others] };
  const bounds = { low: new Float64Array(faults.length + 1), high: new Float64Array(faults.length + 1).fill(MOST_BURDEN) };
  return { reduced, bounds, fit: fit(reduced, bounds, new Float64Array(faults.length + 1).fill(0.01)) };
}
