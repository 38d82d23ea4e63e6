/** The one walk whose counts contradict all others. */
import { type Diagnosis, explain } from '../infer/explain.ts';
import { outliers } from '../infer/outliers.ts';
import type { WalkCounts } from '../infer/walk.ts';
import type { Model } from './model.ts';

/** Counts that contradict one another in more walks are left as they are, and explain nothing. */
export const MOST_ODD = 3;
/** Of so many walks that are far from what is likeliest, each is left out in turn. */
const MOST_TRIED = 4;

/** Index of the walk without which the others fit best; null where all fit well enough. */
export function oddWalk(
  { walks, suspects }: Model,
  counts: readonly WalkCounts[],
  diagnosis: Diagnosis,
  options: { readonly threshold: number; readonly confidence: number },
): number | null {
  const far = outliers(walks, counts, diagnosis).slice(0, MOST_TRIED);
  const rest = far.map(({ walk }) => {
    const without = counts.map((one, at) => (at === walk ? { sent: 0, lost: 0 } : one));
    return { walk, fit: explain(walks, without, { components: suspects.length, ...options }).fit };
  });
  const best = rest.reduce<(typeof rest)[number] | null>((one, other) => (one === null || other.fit > one.fit ? other : one), null);
  return best !== null && best.fit > diagnosis.fit ? best.walk : null;
}
