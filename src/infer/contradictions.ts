/** Counts that no losses explain: what crosses more cannot lose less. */
import { fisherMore } from './fisher.ts';
import type { Walk, WalkCounts } from './walk.ts';

/** Whatever crosses `whole` crosses all of `part`, as often, and yet `part` loses more than chance makes it. */
export interface Contradiction {
  readonly part: number;
  readonly whole: number;
  /** That it looks so by chance. */
  readonly chance: number;
}

/** More walks are too many to look at each pair of them. */
const MOST_WALKS = 1000;
const MOST_TOLD = 10;

/** The likeliest first; together they err with at most `chance`. */
export function contradictions(walks: readonly Walk[], counts: readonly WalkCounts[], chance = 1e-4): Contradiction[] {
  if (walks.length > MOST_WALKS) return [];
  const times = walks.map(({ crossings }) => timesOf(crossings));
  const pairs = walks.flatMap((_, part) =>
    counts[part]!.lost === 0
      ? []
      : walks.flatMap((__, whole) =>
          whole !== part && isLower(counts[whole]!, counts[part]!) && isWithin(times[part]!, times[whole]!) ? [{ part, whole }] : [],
        ),
  );
  const found = pairs.map(({ part, whole }) => ({ part, whole, chance: fisherMore(asLosses(counts[whole]!), asLosses(counts[part]!)) }));
  const bound = chance / Math.max(1, walks.length * walks.length);
  return found
    .filter((one) => one.chance < bound)
    .sort((one, other) => one.chance - other.chance)
    .slice(0, MOST_TOLD);
}

const asLosses = ({ sent, lost }: WalkCounts): { successes: number; trials: number } => ({ successes: lost, trials: sent });
const isLower = (one: WalkCounts, other: WalkCounts): boolean => one.sent > 0 && one.lost * other.sent < other.lost * one.sent;

function timesOf(crossings: readonly number[]): Map<number, number> {
  const times = new Map<number, number>();
  for (const component of crossings) times.set(component, (times.get(component) ?? 0) + 1);
  return times;
}

const isWithin = (part: ReadonlyMap<number, number>, whole: ReadonlyMap<number, number>): boolean =>
  part.size <= whole.size && [...part].every(([component, count]) => (whole.get(component) ?? 0) >= count);
