/** What is worth probing next, and what the counts so far come to: walks that do not count are left out, others come where links lose much. */
import { type Diagnosis, explain } from '../infer/explain.ts';
import { impassable } from '../infer/impassable.ts';
import { probesToTell } from '../infer/rivals.ts';
import { type Decision, decide, type LossTest, nextRound } from '../infer/sequential.ts';
import type { WalkCounts } from '../infer/walk.ts';
import type { Question } from '../probe/question.ts';
import { askedOver, type Ground } from './asked-walks.ts';
import { type Astray, astrayOf, contradicting, dropped } from './astray.ts';
import { countsOf, roundsOf, type WalkTally } from './count.ts';
import { leastLossTree } from './detours.ts';
import { probesToSee } from './hidden.ts';
import { legsOver, type Model, modelOf } from './model.ts';
import { MOST_ODD, oddWalk } from './odd.ts';
import type { LegWalk } from './walks.ts';

export interface Planner {
  readonly next: (counts: readonly WalkCounts[], tallies: readonly WalkTally[]) => readonly number[];
  /** Of the walks that still count. */
  readonly model: () => Model;
  /** Indices of those walks, in the model's order. */
  readonly active: () => readonly number[];
  /** The others, and why. */
  readonly astray: () => ReadonlyMap<number, Astray>;
  readonly leaveOut: (walk: number, astray: Astray) => void;
  /** Of each suspect, probes that it would take to see its loss beside others' larger ones; 0 where nothing hides it. */
  readonly hidden: (tallies: readonly WalkTally[]) => readonly number[];
  /** Null where no walk counts. */
  readonly diagnose: (tallies: readonly WalkTally[]) => Diagnosis | null;
}

export interface Planning {
  readonly threshold: number;
  readonly confidence: number;
  /** Packets a second. */
  readonly rate: number;
  /** Probes in all. */
  readonly most: number;
}

/** Of each walk, before anything is decided: so a walk that goes astray is noticed early. */
const FIRST = 10;
/** A round lasts about so long. */
const ROUND_S = 0.25;
const LEAST_ROUND = 200;
/** What is still undecided after so many rounds more is told as that. */
const MOST_DOUBTS = 5;
/** Of each walk that crosses it; doubled from round to round. */
const DOUBT = 200;
/** Before so many probes a loss that others hide is not given up: it may be as large as theirs. */
const LOOK = 2000;
/** So many rounds to tell explanations apart are as small as they may be; where these do not, later ones grow, since each costs a diagnosis. */
const FEW_TELLINGS = 10;
/** What a good link loses at most, where the threshold is far above. */
const GOOD = 1e-4;
/** The test errs so much less often than an interval, so that what it has decided the interval says too. */
const SURER = 10;

/** Adds to the walks and questions that it is given. */
export function createPlanner(
  ground: Ground,
  walks: LegWalk[],
  questions: Question[],
  { threshold, confidence, rate, most: budget }: Planning,
): Planner {
  const { graph } = ground;
  const error = (1 - confidence) / SURER;
  const test: LossTest = { acceptable: Math.min(GOOD, threshold / 10), unacceptable: threshold, alpha: error, beta: error };
  const most = Math.max(LEAST_ROUND, Math.round(rate * ROUND_S));
  let active = walks.map((_, walk) => walk);
  let model = modelOf(graph, walks);
  let doubts = 0;
  let oddOnes = 0;
  const tellings = { rounds: 0, probes: 0 };
  const astray = new Map<number, Astray>();
  const evaded = new Set<string>();
  const cleared = new Set<string>();
  const keyOf = (component: number): string => JSON.stringify(model.suspects[component]);
  const ofActive = <T>(all: readonly T[]): T[] => active.map((walk) => all[walk]!);

  /** Where links are found to lose much, other ways to what lies behind them are probed too. */
  const evade = (decisions: readonly Decision[], diagnosis: () => Diagnosis | null): void => {
    const bad = decisions.filter(({ state, component }) => state === 'bad' && !evaded.has(keyOf(component)));
    if (bad.length === 0) return;
    const faults = diagnosis()?.explanations[0]?.faults ?? [];
    const losses = graph.legs.map(() => 0);
    for (const { component, loss } of faults) {
      const members = model.suspects[component]!.filter(({ kind }) => kind !== 'device');
      for (const leg of members.flatMap((one) => legsOver(graph, one))) losses[leg] = loss;
    }
    for (const { component } of faults) evaded.add(keyOf(component));
    const more = askedOver(ground, leastLossTree(graph, losses), walks);
    if (more.walks.length === 0) return;
    active = [...active, ...more.walks.map((_, at) => walks.length + at)];
    walks.push(...more.walks);
    questions.push(...more.questions);
    remodel();
  };
  const remodel = (): void => {
    model = modelOf(graph, ofActive(walks));
  };
  const leaveOut = (walk: number, why: Astray): void => {
    astray.set(walk, why);
    active = active.filter((one) => one !== walk);
    remodel();
  };
  const refresh = (tallies: readonly WalkTally[]): void => {
    for (const walk of active) {
      const why = astrayOf(graph, walks[walk]!, tallies[walk]);
      if (why !== null) leaveOut(walk, why);
    }
  };
  /** A test ends where it first comes to an end: what was found good stays so until more speaks against it than for it. */
  const decided = (counts: readonly WalkCounts[]): Decision[] =>
    decide(model.walks, counts, model.suspects.length, test).map((one) => {
      const key = keyOf(one.component);
      if (one.state === 'good') cleared.add(key);
      return one.state === 'open' && one.evidence < 0 && cleared.has(key) ? { ...one, state: 'good' } : one;
    });
  const leaveOdd = (counts: readonly WalkCounts[], found: Diagnosis, tallies: readonly WalkTally[]): boolean => {
    const dead = impassable(model.walks, counts, found.overdispersion).map((walk) => active[walk]!);
    if (dead.length > 0) {
      const why = dropped(
        graph,
        dead.map((walk) => walks[walk]!),
      );
      for (const walk of dead) leaveOut(walk, why);
      return true;
    }
    const odd = oddOnes < MOST_ODD ? oddWalk(model, counts, found, { threshold, confidence }) : null;
    if (odd === null) return false;
    const walk = active[odd]!;
    oddOnes += 1;
    leaveOut(walk, contradicting(graph, walks[walk]!, tallies[walk]!));
    return true;
  };
  const countsNow = (tallies: readonly WalkTally[]): WalkCounts[] => ofActive(tallies).map((tally) => countsOf(tally));
  const spread = (counts: readonly number[]): number[] => {
    const all = walks.map(() => 0);
    for (const [index, walk] of active.entries()) all[walk] = counts[index] ?? 0;
    return all;
  };
  const diagnosisOf = (counts: readonly WalkCounts[], tallies: readonly WalkTally[], missing: boolean): Diagnosis | null => {
    if (active.length === 0) return null;
    const rounds = roundsOf(ofActive(tallies), missing);
    return explain(model.walks, counts, { components: model.suspects.length, threshold, confidence, rounds });
  };

  const next: Planner['next'] = (counts, tallies) => {
    refresh(tallies);
    if (active.length === 0) return [];
    const isNew = (walk: number): boolean => (tallies[walk]?.sent ?? 0) === 0;
    if (active.some(isNew)) return spread(active.map((walk) => (isNew(walk) ? FIRST : 0)));
    const known = ofActive(counts);
    const decisions = decided(known);
    evade(decisions, () => diagnosisOf(known, tallies, true));
    if (active.some(isNew)) return spread(active.map((walk) => (isNew(walk) ? FIRST : 0)));
    const needs = probesToSee(model.walks, known, decisions, test);
    const left = budget - tallies.reduce((sum, { sent }) => sum + sent, 0);
    const hopeful = decisions.map((one): Decision => (needs[one.component]! > left ? { ...one, state: 'good' } : one)); // not worth a probe
    const wanted = nextRound(model.walks, hopeful, test, most);
    if (wanted.some((count) => count > 0)) return spread(wanted);
    const found = diagnosisOf(known, tallies, true)!;
    if (leaveOdd(known, found, tallies)) return next(counts, tallies);
    const telling = probesToTell(model.walks, found, confidence, left);
    if (telling.some((count) => count > 0)) {
      const rivalling = scaled(telling, tellings.rounds < FEW_TELLINGS ? 0 : tellings.probes / 2);
      const round = atMost(rivalling, Math.max(most, budget - left));
      tellings.rounds += 1;
      tellings.probes += round.reduce((sum, count) => sum + count, 0);
      return spread(round);
    }
    if (doubts >= MOST_DOUBTS) return [];
    const undecided = found.judgements.filter(({ kind }) => kind === 'undecided').map(({ component }) => component);
    const open = new Set(undecided.filter((component) => needs[component]! <= left || decisions[component]!.probes < LOOK));
    doubts += open.size > 0 ? 1 : 0;
    return spread(model.walks.map(({ crossings }) => (crossings.some((one) => open.has(one)) ? DOUBT * 2 ** (doubts - 1) : 0)));
  };

  return {
    next,
    model: () => model,
    active: () => active,
    astray: () => astray,
    leaveOut,
    hidden(tallies) {
      const known = countsNow(tallies);
      return probesToSee(model.walks, known, decided(known), test);
    },
    diagnose(tallies) {
      refresh(tallies);
      for (let found = diagnosisOf(countsNow(tallies), tallies, false); ; found = diagnosisOf(countsNow(tallies), tallies, false)) {
        if (found === null || !leaveOdd(countsNow(tallies), found, tallies)) return found;
      }
    },
  };
}

/** In proportion, to so many in all at least. */
function scaled(counts: readonly number[], least: number): number[] {
  const sum = counts.reduce((all, count) => all + count, 0);
  return counts.map((count) => Math.ceil(count * Math.max(1, least / sum)));
}

/** In proportion, so that what comes of them is looked at before the rest. */
function atMost(counts: readonly number[], most: number): number[] {
  const sum = counts.reduce((all, count) => all + count, 0);
  return sum <= most ? [...counts] : counts.map((count) => Math.ceil((count * most) / sum));
}
