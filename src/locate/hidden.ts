/** What other losses hide: where every walk over a link also loses much elsewhere, a small loss there takes very many probes to see. */
import { normalQuantile } from '../infer/normal.ts';
import { type Decision, endsOf, type LossTest } from '../infer/sequential.ts';
import type { Walk, WalkCounts } from '../infer/walk.ts';

/**
 * Probes that it would take in all to tell each open component's loss from the threshold; 0 where no loss hides it. What is likelier bad
 * takes what its likeliest loss tells. For others two walks of which one crosses it are compared: the variance of the log of a survival S
 * is (1 − S) / (n S).
 */
export function probesToSee(
  walks: readonly Walk[],
  counts: readonly WalkCounts[],
  decisions: readonly Decision[],
  test: LossTest,
): number[] {
  const { unacceptable, alpha = 1e-3, beta = 1e-3 } = test;
  const bad = new Set(decisions.filter(({ state }) => state === 'bad').map(({ component }) => component));
  const sure = -normalQuantile(alpha) - normalQuantile(beta);
  const { bad: end } = endsOf(test);
  return decisions.map(({ component, state, evidence, telling }) => {
    const over = walks.flatMap(({ crossings }, walk) => (crossings.includes(component) ? [{ crossings, ...counts[walk]! }] : []));
    const isHidden = state === 'open' && over.length > 0 && over.every(({ crossings }) => crossings.some((one) => bad.has(one)));
    if (!isHidden) return 0;
    const most = Math.max(...telling);
    if (evidence > 0 && most > 0) return Math.ceil((end - evidence) / most);
    const odds = over.filter(({ sent }) => sent > 0).map(({ sent, lost }) => lost / Math.max(1, sent - lost));
    return Math.ceil(2 * 2 * Math.min(...odds) * (sure / unacceptable) ** 2);
  });
}
