/** What was counted on walks, and the likelihood of it: the burdens of components that survival is told in. */
import { type Column, columnsOf } from './columns.ts';
import type { Walk, WalkCounts } from './walk.ts';

/**
 * What was counted, ready to fit. A component that a probe survives with probability s has the burden θ = −ln s ≥ 0; burdens add up along
 * a walk, and the likelihood of the counts is concave in them.
 */
export interface Counted {
  readonly columns: readonly Column[];
  /** Per walk, divided by the overdispersion. */
  readonly received: Float64Array;
  readonly lost: Float64Array;
  /** Least cost that any burdens of walks could have. */
  readonly saturated: number;
}

/** A burden of 20 loses all but 2 in 10⁹; one of 1e-12 is no loss, but keeps the logarithm of a walk's loss finite. */
export const MOST_BURDEN = 20;
export const LEAST_BURDEN = 1e-12;
/** Beyond this burden one in a million comes through, which no count tells from none. */
const LOSES_ALL = 14;

export const lossOf = (burden: number): number => (burden >= LOSES_ALL ? 1 : -Math.expm1(-burden));
export const burdenOf = (loss: number): number => (loss >= 1 ? MOST_BURDEN : Math.min(MOST_BURDEN, -Math.log1p(-loss)));

/** Throws RangeError for counts that are no counts, or not one a walk. */
export function counted(walks: readonly Walk[], counts: readonly WalkCounts[], components: number, overdispersion = 1): Counted {
  if (counts.length !== walks.length) throw new RangeError(`Counts are one a walk, got ${counts.length} for ${walks.length} walks`);
  for (const { sent, lost } of counts) {
    if (!(Number.isSafeInteger(sent) && Number.isSafeInteger(lost) && lost >= 0 && lost <= sent)) {
      throw new RangeError(`Losses are a count up to those sent, got ${lost} of ${sent}`);
    }
  }
  const received = Float64Array.from(counts, ({ sent, lost }) => (sent - lost) / overdispersion);
  const lost = Float64Array.from(counts, (each) => each.lost / overdispersion);
  const saturated = lost.reduce((sum, l, walk) => sum + (l > 0 ? cost(received[walk]!, l, Math.log1p(l / received[walk]!)) : 0), 0);
  return { columns: columnsOf(walks, components), received, lost, saturated };
}

/** Minus the log likelihood of a walk's counts at a burden; without survivors the best burden is infinite and costs nothing. */
export function cost(received: number, lost: number, burden: number): number {
  if (burden === Number.POSITIVE_INFINITY) return 0;
  return received * burden - (lost > 0 ? lost * Math.log(-Math.expm1(-burden)) : 0);
}

/** The burden of each walk. */
export function loadsOf({ columns, lost }: Counted, burdens: Float64Array): Float64Array {
  const loads = new Float64Array(lost.length);
  for (const [component, { walks, times }] of columns.entries()) {
    const burden = burdens[component]!;
    for (let i = 0; i < walks.length; i += 1) loads[walks[i]!]! += times[i]! * burden;
  }
  return loads;
}

/** Minus the log likelihood. */
export function totalCost({ received, lost }: Counted, loads: Float64Array): number {
  let sum = 0;
  for (let walk = 0; walk < loads.length; walk += 1) sum += cost(received[walk]!, lost[walk]!, loads[walk]!);
  return sum;
}
