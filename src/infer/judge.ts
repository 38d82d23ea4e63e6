/** What is known of each component under every explanation that fits. */

import { burdenOf, type Counted, lossOf } from './counted.ts';
import type { Explanation, Fault, Judgement } from './diagnosis.ts';
import type { Candidate } from './fault-search.ts';
import { few, fitFew } from './few.ts';
import { isBeyond, upperEnd } from './profile.ts';
import type { WalkCounts } from './walk.ts';

interface Judging {
  /** Per component, the deviance within which its interval reaches. */
  readonly limits: readonly number[];
  /** The burden above which a component is faulty. */
  readonly most: number;
}

/** A loss near all of what crosses. */
const DEAD = 0.5;

/** One judgement a component, by index. `found` and `explanations` are the same, in one order. */
export function judge(
  data: Counted,
  counts: readonly WalkCounts[],
  found: readonly Candidate[],
  explanations: readonly Explanation[],
  judging: Judging,
): Judgement[] {
  return data.columns.map(({ walks, times }, component) => {
    const probes = walks.reduce((sum, walk) => sum + counts[walk]!.sent, 0);
    if (probes === 0) return { kind: 'uncovered', component };
    const faults = explanations.map((explanation) => explanation.faults.find((fault) => fault.component === component));
    const low = Math.min(...faults.map((fault) => fault?.low ?? 0));
    const threshold = lossOf(judging.most);
    const isFaulty = (fault: Fault | undefined): boolean => fault !== undefined && fault.low > threshold;
    const survives = walks.some((walk, place) => times[place]! > 0 && counts[walk]!.lost < counts[walk]!.sent);
    if (faults.every((fault) => fault === undefined) && !survives) {
      return { kind: 'behind', component, dead: deadOn(data, walks, explanations), probes };
    }
    const high = found.reduce((most, candidate, place) => {
      return faults[place] === undefined ? highest(data, candidate, component, judging, most) : Math.max(most, faults[place].high);
    }, 0);
    if (faults.some(isFaulty)) return { kind: 'suspect', component, certain: faults.every(isFaulty), low, high, probes };
    return { kind: high <= threshold ? 'clear' : 'undecided', component, low, high, probes };
  });
}

/** How much a component may lose at most beside the faults of an explanation, or `least` where that is more. */
function highest(data: Counted, { faults, fit }: Candidate, component: number, { limits }: Judging, least: number): number {
  const free = [...faults, component];
  const reduced = few(data, free, fit.burdens, 1);
  const best = fitFew(
    reduced,
    free.map((one) => fit.burdens[one]!),
  );
  const [place, limit] = [faults.length, limits[component]!];
  const { data: known, bounds } = reduced;
  if (best.burdens[place]! < burdenOf(least) && isBeyond(known, bounds, place, best, limit, burdenOf(least))) return least;
  return Math.max(least, lossOf(upperEnd(known, bounds, place, best, limit)));
}

function deadOn({ columns }: Counted, walks: readonly number[], explanations: readonly Explanation[]): number[] {
  const dead = explanations.flatMap(({ faults }) => faults.filter(({ loss }) => loss > DEAD).map(({ component }) => component));
  return [...new Set(dead)].filter((component) => columns[component]!.walks.some((walk) => walks.includes(walk))).sort((a, b) => a - b);
}
