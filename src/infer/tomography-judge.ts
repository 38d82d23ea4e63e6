/** Verdicts on a fit: what is blamed and between which losses, and what the tallies leave open. */
import { normalQuantile } from './normal.ts';
import { type Component, componentAt } from './path-tallies.ts';
import type { Suspect, Undecided } from './tomography.ts';
import type { Census } from './tomography-census.ts';
import { falseShares, type GoodLinks } from './tomography-evidence.ts';
import { oddsWithin, shareLeft } from './tomography-interval.ts';
import { rivalsOf } from './tomography-rivals.ts';
import { DEAD_ODDS, type Fit, setOdds } from './tomography-state.ts';

export interface Judgement {
  readonly goodRate: number;
  readonly confidence: number;
}

export interface Verdicts {
  readonly suspects: Suspect[];
  readonly undecided: Undecided[];
}

/** What is blamed, between which losses, and what is left open; of a fit in which nothing else is lossy, after a look. */
export function judge(fit: Fit, census: Census, { blamed, faint }: Believed, judgement: Judgement): Verdicts {
  const drop = (normalQuantile(0.5 + judgement.confidence / 2) ** 2 / 2) * census.overdispersion;
  const information = fit.information.slice();
  const suspects: Suspect[] = [];
  const open = new Map<string, readonly number[]>();
  for (const component of blamed.filter((each) => fit.odds[each]! > 0)) {
    const rivals = rivalsOf(fit, component, drop);
    if (rivals.length === 0) {
      const within = oddsWithin(fit, component, drop / shareLeft(fit, component, information), information[component]!);
      suspects.push(suspect(fit, component, judgement.goodRate, within));
    } else {
      const group = [component, ...rivals].sort((a, b) => a - b);
      open.set(group.join(), group);
    }
  }
  const named = new Set([...blamed, ...faint, ...[...open.values()].flat()]);
  const pieces = [
    ...[...open.values()].map((group) => undecided(fit, group, 'same-probes')),
    ...faint.map((component) => undecided(fit, [component], 'faint')),
    ...unseen(fit, census, named),
  ];
  return { suspects, undecided: pieces };
}

export interface Believed {
  readonly blamed: readonly number[];
  /** Likelier lossy than good, but not by enough. */
  readonly faint: readonly number[];
}

/** Those of the fit's lossy components that are surely so; all others are made good. */
export function believed(fit: Fit, census: Census, good: GoodLinks, falseShare: number): Believed {
  const candidates = [...fit.odds.keys()].filter((component) => fit.odds[component]! > 0);
  const shares = falseShares(fit, candidates, census, good);
  const eligible = [...candidates.keys()].filter((i) => shares[i]! <= falseShare * AT_DEVICE || !isAtLossyDevice(fit, candidates[i]!));
  const sure = surest(shares, eligible, falseShare);
  const blamed = candidates.filter((_, i) => sure.has(i));
  const faint = candidates.filter((_, i) => !sure.has(i) && shares[i]! < 0.5);
  for (const [i, component] of candidates.entries()) if (!sure.has(i)) setOdds(fit, component, 0);
  return { blamed, faint };
}

/** A device need not lose evenly at all its ports, so a link of a lossy one is blamed beside it only where much speaks for that. */
const AT_DEVICE = 0.05;

/** So many of all that are blamed may be good, on average: of thousands that are sure, the share alone would let dozens pass. */
const MOST_FALSE = 0.2;

/**
 * As many as can be blamed, the surest first, while of these not more are expected to be good than this share, nor than `MOST_FALSE`: the
 * Bayesian false-discovery rate (P. Müller and others, JASA 99, 2004).
 */
function surest(shares: Float64Array, eligible: readonly number[], falseShare: number): Set<number> {
  const sure = new Set<number>();
  let expected = 0;
  for (const i of eligible.toSorted((a, b) => shares[a]! - shares[b]!)) {
    expected += shares[i]!;
    if (shares[i]! >= 0.5 || expected > Math.min(falseShare * (sure.size + 1), MOST_FALSE)) break;
    sure.add(i);
  }
  return sure;
}

/** Whether all lossy paths of a link cross one lossy device. */
function isAtLossyDevice({ tallies, paths, first, entries, odds }: Fit, component: number): boolean {
  const { start, crossings, links } = tallies;
  if (component >= links) return false;
  let common: number[] | null = null;
  for (let i = first[component]!; i < first[component + 1]! && common?.length !== 0; i += 1) {
    const path = paths[entries[i]!]!;
    const crossed = crossings.subarray(start[path]!, start[path + 1]!);
    common =
      common === null
        ? [...crossed].filter((other) => other >= links && odds[other]! > 0)
        : common.filter((other) => crossed.includes(other));
  }
  return common !== null && common.length > 0;
}

function suspect(fit: Fit, component: number, goodRate: number, { low, high }: { low: number; high: number }): Suspect {
  const good = component < fit.tallies.links ? goodRate : 0;
  return {
    ...componentAt(fit.tallies, component),
    loss: lossOf(fit.odds[component]!, good),
    low: lossOf(low, good),
    high: lossOf(high, good),
    sent: fit.arrived[component]! + fit.lost[component]!,
  };
}

const lossOf = (odds: number, good: number): number => (odds >= DEAD_ODDS ? 1 : 1 - (1 - good) / (1 + odds));

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
