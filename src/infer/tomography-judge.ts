/** Verdicts on a fit: what is blamed and between which losses, and what the tallies leave open. */
import { type Component, componentAt } from './path-tallies.ts';
import { normalQuantile } from './normal.ts';
import type { Suspect, Undecided } from './tomography.ts';
import type { Census } from './tomography-census.ts';
import { sweep } from './tomography-component.ts';
import { falseShares } from './tomography-evidence.ts';
import { informationOf, oddsWithin, shareLeft } from './tomography-interval.ts';
import { rivalsOf } from './tomography-rivals.ts';
import { type Fit, setOdds } from './tomography-state.ts';

export interface Judgement {
  readonly goodRate: number;
  readonly confidence: number;
  readonly falseShare: number;
}

export interface Verdicts {
  readonly suspects: Suspect[];
  readonly undecided: Undecided[];
}

/** Changes the fit: what is not blamed is good in it. */
export function judge(fit: Fit, census: Census, judgement: Judgement): Verdicts {
  const blamed = believed(fit, census, judgement);
  const drop = (normalQuantile(0.5 + judgement.confidence / 2) ** 2 / 2) * census.overdispersion;
  const information = informationOf(fit);
  const suspects: Suspect[] = [];
  const open = new Map<string, readonly number[]>();
  for (const component of blamed) {
    const rivals = rivalsOf(fit, component, drop);
    if (rivals.length === 0) suspects.push(suspect(fit, component, judgement.goodRate, drop / shareLeft(fit, information, component)));
    else {
      const group = [component, ...rivals].sort((a, b) => a - b);
      open.set(group.join(), group);
    }
  }
  const named = new Set([...blamed, ...[...open.values()].flat()]);
  return { suspects, undecided: [...[...open.values()].map((group) => undecided(fit, group, 'same-probes')), ...unseen(fit, census, named)] };
}

/** The lossy components of the fit that are likely so, the others made good. */
function believed(fit: Fit, census: Census, { goodRate, falseShare }: Judgement): number[] {
  const candidates = [...fit.odds.keys()].filter((component) => fit.odds[component]! > 0);
  const shares = falseShares(fit, candidates, census, goodRate);
  const blamed = candidates.filter((_, i) => shares[i]! <= falseShare);
  if (blamed.length === candidates.length) return blamed;
  for (const [i, component] of candidates.entries()) if (shares[i]! > falseShare) setOdds(fit, component, 0);
  sweep(fit, blamed, 0, 1e-6);
  return blamed.filter((component) => fit.odds[component]! > 0);
}

function suspect(fit: Fit, component: number, goodRate: number, drop: number): Suspect {
  const { low, high } = oddsWithin(fit, component, drop);
  const good = component < fit.tallies.links ? goodRate : 0;
  const loss = (odds: number): number => 1 - (1 - good) / (1 + odds);
  return { ...componentAt(fit.tallies, component), loss: loss(fit.odds[component]!), low: loss(low), high: loss(high), sent: fit.arrived[component]! + fit.lost[component]! };
}

const undecided = ({ tallies }: Fit, numbers: readonly number[], why: Undecided['why']): Undecided => ({
  components: numbers.map((number): Component => componentAt(tallies, number)),
  why,
});

/** Of these the tallies say nothing, neither good nor bad. */
function unseen(fit: Fit, { reached }: Census, named: ReadonlySet<number>): Undecided[] {
  const silent = [...fit.arrived.keys()].filter((component) => reached[component] === 0 && !named.has(component));
  const groups = [
    { why: 'behind', numbers: silent.filter((component) => fit.lost[component]! > 0) },
    { why: 'not-crossed', numbers: silent.filter((component) => fit.lost[component] === 0) },
  ] as const;
  return groups.filter(({ numbers }) => numbers.length > 0).map(({ why, numbers }) => undecided(fit, numbers, why));
}
