/** Profile likelihood: how far the burden of one component can be from the most likely, the others following as best they can. */
import { type Counted, MOST_BURDEN } from './counted.ts';
import { type Bounds, type Fit, fit } from './likelihood.ts';

/** Ends are told to this share of the square root of the limit. */
const TOLERANCE = 0.01;
const MOST_LOOKS = 60;

/** The largest burden within `limit` of the best deviance. `best` is the fit within the bounds. */
export function upperEnd(data: Counted, bounds: Bounds, component: number, best: Fit, limit: number): number {
  const distance = distanceOf(data, bounds, component, best, limit);
  const peak = best.burdens[component]!;
  const most = bounds.high[component]!;
  // with nothing lost the deviance is this straight line
  let near = peak;
  let far = Math.min(most, peak + Math.max(limit / 2 / exposure(data, component), peak / 4));
  while (distance(far) < 0) {
    if (far >= most) return most;
    [near, far] = [far, Math.min(most, peak + 2 * (far - peak))];
  }
  return root(distance, near, far);
}

/** Whether a burden is further than `limit` from the best deviance. */
export function isBeyond(data: Counted, bounds: Bounds, component: number, best: Fit, limit: number, burden: number): boolean {
  return distanceOf(data, bounds, component, best, limit)(burden) >= 0;
}

/** The smallest burden within `limit` of the best deviance; 0 where that is. */
export function lowerEnd(data: Counted, bounds: Bounds, component: number, best: Fit, limit: number): number {
  const distance = distanceOf(data, bounds, component, best, limit);
  if (distance(0) <= 0) return 0;
  const peak = best.burdens[component]!;
  let [far, near] = [peak / 2, peak];
  while (distance(far) < 0) [far, near] = [far / 2, far];
  return root(distance, near, far);
}

const MOST_PROBES = 1e12;

function exposure({ columns, received }: Counted, component: number): number {
  const { walks, times } = columns[component]!;
  return Math.min(
    MOST_PROBES,
    Math.max(
      1 / MOST_BURDEN,
      walks.reduce((sum, walk, place) => sum + times[place]! * received[walk]!, 0),
    ),
  );
}

/** Below 0 inside the interval: the root of the deviance, which is nearly a straight line, less that of the limit. */
function distanceOf(data: Counted, { low, high }: Bounds, component: number, best: Fit, limit: number): (burden: number) => number {
  const seen = new Map<number, number>();
  let start = best.burdens;
  return (burden) => {
    const known = seen.get(burden);
    if (known !== undefined) return known;
    const held = fit(data, { low: replaced(low, component, burden), high: replaced(high, component, burden) }, start);
    start = held.burdens;
    const distance = Math.sqrt(Math.max(0, held.deviance - best.deviance)) - Math.sqrt(limit);
    seen.set(burden, distance);
    return distance;
  };
}

function replaced(values: Float64Array, place: number, by: number): Float64Array {
  const next = values.slice();
  next[place] = by;
  return next;
}

/** Where the distance is 0, between a place inside and one outside: false position, Illinois' variant. */
function root(distance: (burden: number) => number, inside: number, outside: number): number {
  let [a, b] = [inside, outside];
  let [atA, atB] = [distance(a), distance(b)];
  const enough = TOLERANCE * Math.abs(atA);
  for (let look = 0; look < MOST_LOOKS && Math.abs(atB) > enough && Math.abs(b - a) > 1e-4 * Math.max(a, b); look += 1) {
    const next = (a * atB - b * atA) / (atB - atA);
    const at = distance(next);
    if (at * atB < 0) [a, atA] = [b, atB];
    else atA /= 2;
    [b, atB] = [next, at];
  }
  return b;
}
