/** Every smallest set of faults that explains what was counted over the paths of a small network. */
import { type Contradiction, contradictions } from '../infer/contradictions.ts';
import { type Diagnosis, type Explanation, explain, type Judgement } from '../infer/explain.ts';
import type { Walk, WalkCounts } from '../infer/walk.ts';
import type { LossEstimate } from './links.ts';
import type { FindingOptions, Findings, FoundFault, OpenPart } from './tallied-findings.ts';
import type { TalliedGraph } from './tallied-graph.ts';
import type { Groups } from './tallied-groups.ts';
import { talliedName, talliedText } from './tallied-name.ts';
import { LEAST_FIT, percents, probesOf } from './verdict.ts';

/** Larger networks are left to one joint fit. */
const MOST_GROUPS = 300;
const MOST_WALKS = 1000;

export interface Walks {
  readonly walks: readonly Walk[];
  readonly counts: readonly WalkCounts[];
  /** A path that is told again is another round. */
  readonly rounds: readonly (readonly WalkCounts[])[];
}

/** Null where there are too many. */
export function smallWalks({ members, tallies }: Groups): Walks | null {
  if (members.length > MOST_GROUPS) return null;
  const { start, crossings, sent, lost } = tallies;
  const found = new Map<string, { crossings: number[]; rounds: WalkCounts[] }>();
  for (let path = 0; path < sent.length; path += 1) {
    const crossed = [...crossings.subarray(start[path]!, start[path + 1]!)];
    const walk = found.get(crossed.join()) ?? { crossings: crossed, rounds: [] };
    walk.rounds.push({ sent: sent[path]!, lost: lost[path]! });
    found.set(crossed.join(), walk);
    if (found.size > MOST_WALKS) return null;
  }
  const all = [...found.values()];
  const counts = all.map(({ rounds }) => rounds.reduce((sum, one) => ({ sent: sum.sent + one.sent, lost: sum.lost + one.lost })));
  const many = Math.max(0, ...all.map(({ rounds }) => rounds.length));
  const rounds = Array.from({ length: many }, (_, round) => all.map((walk) => walk.rounds[round] ?? { sent: 0, lost: 0 }));
  return { walks: all, counts, rounds };
}

export function byExplanations(graph: TalliedGraph, groups: Groups, { walks, counts, rounds }: Walks, options: FindingOptions): Findings {
  const diagnosis = explain(walks, counts, { ...options, components: groups.members.length, rounds, fixed: true });
  const { explanations, judgements, background, overdispersion, fit } = diagnosis;
  const textOf = (group: number): string => talliedText(talliedName(graph, groups.members[group]!));
  const against = contradictions(walks, counts);
  const touched = new Set(against.flatMap(({ part }) => walks[part]!.crossings));
  const named = fit < LEAST_FIT ? [] : explanations[0]!.faults.filter(({ component }) => isCertain(judgements[component]));
  const faults = named
    .filter(({ component }) => !touched.has(component))
    .map(({ component, ...loss }): FoundFault => ({ group: component, ...loss, probes: probesOf(judgements[component]) }));
  /** But for what a contradiction has told. */
  const untold = (part: OpenPart): OpenPart[] => [{ ...part, groups: part.groups.filter((group) => !touched.has(group)) }];
  const open = [
    ...against.map((one) => contradicting(one, walks, counts)),
    ...(fit < LEAST_FIT ? untold(misfit(diagnosis)) : [...several(diagnosis, textOf), ...larger(diagnosis, textOf)]),
    ...judged(diagnosis, textOf).flatMap(untold),
  ].filter(({ groups: taken }) => taken.length > 0);
  const isDoubtful = ({ component }: Judgement): boolean => fit < LEAST_FIT || touched.has(component);
  const estimates = new Map(judgements.map((one): [number, LossEstimate] => [one.component, estimateOf(diagnosis, one, isDoubtful(one))]));
  return { method: 'explanations', groups: groups.members, faults, open, estimates, goodRate: background, overdispersion };
}

const isCertain = (judgement: Judgement | undefined): boolean => judgement?.kind === 'suspect' && judgement.certain;

function contradicting({ part, whole }: Contradiction, walks: readonly Walk[], counts: readonly WalkCounts[]): OpenPart {
  const told = (walk: number): string => `${counts[walk]!.lost} of ${counts[walk]!.sent}`;
  return {
    groups: [...new Set(walks[part]!.crossings)],
    why:
      `the counts contradict one another: ${told(part)} were lost over these, and only ${told(whole)} over a path that crosses more: ` +
      'a hop answers for another or limits its answers, or a path changed meanwhile',
    wouldSettle: 'the same paths probed again, once they stand still',
  };
}

function misfit({ explanations }: Diagnosis): OpenPart {
  return {
    groups: componentsOf(explanations),
    why: 'the counts contradict one another: a path changed meanwhile, or only some flows are lost',
    wouldSettle: 'another run, once the paths stand still',
  };
}

const componentsOf = (explanations: readonly Explanation[]): number[] => [
  ...new Set(explanations.flatMap(({ faults }) => faults.map(({ component }) => component))),
];

type TextOf = (group: number) => string;

function several({ explanations, judgements }: Diagnosis, textOf: TextOf): OpenPart[] {
  const differing = explanations.map(({ faults }) => ({ faults: faults.filter(({ component }) => !isCertain(judgements[component])) }));
  const groups = componentsOf(differing.map((one) => ({ ...one, deviance: 0 })));
  if (explanations.length < 2 || groups.length === 0) return [];
  const texts = differing.map((one) => faultsText(one, textOf));
  return [{ groups, why: `${texts.length} explanations fit: ${texts.join('; or ')}`, wouldSettle: 'paths that cross one of them alone' }];
}

const larger = ({ larger: all }: Diagnosis, textOf: TextOf): OpenPart[] =>
  all.map((explanation) => ({
    groups: componentsOf([explanation]),
    why: `no path rules out, though it takes more faults: ${faultsText(explanation, textOf)}`,
    wouldSettle: 'paths that cross one of them alone',
  }));

const faultsText = ({ faults }: Pick<Explanation, 'faults'>, textOf: TextOf): string =>
  faults.length === 0
    ? 'no fault'
    : faults.map(({ component, loss, low, high }) => `${textOf(component)} ${percents(loss, low, high)}`).join(' and ');

/** What is undecided by itself, and what lies behind something that loses all. */
function judged({ judgements, explanations }: Diagnosis, textOf: TextOf): OpenPart[] {
  const told = new Set(explanations.length > 1 ? componentsOf(explanations) : []);
  const open = judgements.filter((one) => one.kind === 'undecided' || (one.kind === 'suspect' && !one.certain));
  const few = open.map(({ component }) => component).filter((component) => !told.has(component));
  const behind = new Map<string, number[]>();
  for (const one of judgements) {
    if (one.kind !== 'behind') continue;
    const dead = one.dead.map(textOf).join(' and ');
    behind.set(dead, [...(behind.get(dead) ?? []), one.component]);
  }
  return [
    { groups: few, why: 'too few probes to tell their loss from the threshold', wouldSettle: 'more probes' },
    ...[...behind].map(([dead, groups]) => ({
      groups,
      why: `behind ${dead}, which loses all`,
      wouldSettle: `${dead} mended, or paths to them by another way`,
    })),
  ];
}

/** `isDoubtful`: counts speak against each other, so that nothing is blamed by them. */
function estimateOf({ explanations }: Diagnosis, judgement: Judgement, isDoubtful: boolean): LossEstimate {
  const probes = probesOf(judgement);
  if (judgement.kind === 'uncovered') return { state: 'not probed', loss: null, low: null, high: null, probes };
  if (judgement.kind === 'behind') return { state: 'behind', loss: null, low: null, high: null, probes };
  const { component, low, high } = judgement;
  const fault = explanations[0]!.faults.find((one) => one.component === component);
  const state = judgement.kind === 'suspect' && (isDoubtful || !judgement.certain) ? 'undecided' : judgement.kind;
  return { state, loss: fault?.loss ?? low, low, high, probes };
}
