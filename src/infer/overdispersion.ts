/** How much more the losses of a walk vary from round to round than independent ones would: bursts, or a fault that comes and goes. */
import type { WalkCounts } from './walk.ts';

/** A walk that lost less says next to nothing of how its losses cluster. */
const FEWEST_LOST = 3;

/**
 * Pearson's statistic of the rounds over its degrees of freedom, pooled over the walks that lost enough; at least 1, and 1 where nothing
 * can be told. Probes count for that many times fewer (P. McCullagh and J. A. Nelder, "Generalized Linear Models", 1989, section 4.5).
 */
export function overdispersionOf(rounds: readonly (readonly WalkCounts[])[]): number {
  let [sum, freedom] = [0, 0];
  for (let walk = 0; walk < (rounds[0]?.length ?? 0); walk += 1) {
    const counts = rounds.map((round) => round[walk]!).filter(({ sent }) => sent > 0);
    const sent = counts.reduce((all, each) => all + each.sent, 0);
    const lost = counts.reduce((all, each) => all + each.lost, 0);
    if (lost < FEWEST_LOST || lost === sent || counts.length < 2) continue;
    const loss = lost / sent;
    sum += counts.reduce((all, each) => all + (each.lost - each.sent * loss) ** 2 / (each.sent * loss * (1 - loss)), 0);
    freedom += counts.length - 1;
  }
  return freedom === 0 ? 1 : Math.max(1, sum / freedom);
}
