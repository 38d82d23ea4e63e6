/** Walks that no losses of the components on them explain, since other walks over the same components fare otherwise: only some flows are lost, or a way changed. */
import { burdenOf, lossOf } from './counted.ts';
import type { Diagnosis } from './diagnosis.ts';
import { divergence } from './divergence.ts';
import type { Walk, WalkCounts } from './walk.ts';

export interface Outlier {
  readonly walk: number;
  /** At most so likely are its counts by the likeliest explanation. */
  readonly chance: number;
}

/**
 * The farthest first; together they err with at most `chance`. By Chernoff's bound on a binomial tail, which holds for any number of
 * probes, fewer of them where losses come in bursts.
 */
export function outliers(walks: readonly Walk[], counts: readonly WalkCounts[], diagnosis: Diagnosis, chance = 1e-4): Outlier[] {
  const { explanations, background, overdispersion } = diagnosis;
  const likeliest = explanations.reduce((one, other) => (other.deviance < one.deviance ? other : one));
  const burdens = new Map(likeliest.faults.map(({ component, loss }) => [component, burdenOf(loss)]));
  const lossWith = (good: number, { crossings }: Walk): number =>
    lossOf(crossings.reduce((sum, one) => sum + (burdens.get(one) ?? good), 0));
  const bound = chance / Math.max(1, walks.length);
  return walks
    .map((one, walk): Outlier => {
      const { sent, lost } = counts[walk]!;
      const [least, most] = [lossWith(0, one), lossWith(burdenOf(background), one)];
      const share = sent === 0 ? least : lost / sent;
      const nearest = Math.min(most, Math.max(least, share));
      return { walk, chance: share === nearest ? 1 : Math.exp((-sent / overdispersion) * divergence(share, nearest)) };
    })
    .filter((one) => one.chance < bound)
    .sort((one, other) => one.chance - other.chance);
}
