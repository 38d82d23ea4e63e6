/** What a good component loses, told from the counts. */

import { type Counted, MOST_BURDEN } from './counted.ts';
import { type Few, few } from './few.ts';
import { type Fit, fit } from './likelihood.ts';
import { upperEnd } from './profile.ts';

/** A network with more faults than this has no background that could be told. */
const MOST_FAULTS = 8;
/** A fault that is taken for background hides others, so that one is believed in soon. */
const GAIN = 8;
/** χ² of one degree of freedom, 95 %. */
const LIMIT = 3.84;
/** Good components differ among themselves. */
const SPREAD = 2;

/**
 * The most burden that a good component bears: all but a few faults are taken to bear the same, faults being added as long as one more
 * is likelier than not; the upper end of what the others then bear, twice, for they are not quite alike.
 */
export function backgroundOf(data: Counted): number {
  let faults: number[] = [];
  let best = alike(data, faults);
  while (faults.length < MOST_FAULTS && best.fit.deviance > GAIN) {
    const next = data.columns
      .flatMap(({ walks }, component) => (walks.length === 0 || faults.includes(component) ? [] : [[...faults, component]]))
      .map((chosen) => ({ chosen, ...alike(data, chosen) }))
      .reduce((one, other) => (other.fit.deviance < one.fit.deviance ? other : one), { chosen: faults, ...best });
    if (best.fit.deviance - next.fit.deviance <= GAIN) break;
    [faults, best] = [next.chosen, next];
  }
  return Math.min(MOST_BURDEN, SPREAD * upperEnd(best.reduced.data, best.reduced.bounds, faults.length, best.fit, LIMIT));
}

/** The faults one by one, and all others as one component that is crossed as often as they are together. */
function alike(data: Counted, faults: readonly number[]): { reduced: Few; fit: Fit } {
  const reduced = few(data, faults, new Float64Array(data.columns.length).fill(1), MOST_BURDEN);
  return { reduced, fit: fit(reduced.data, reduced.bounds, new Float64Array(faults.length + 1).fill(0.01)) };
}
