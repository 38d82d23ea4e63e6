/**
 * Localizes loss in a graph: probes closed walks, more of those that would decide what is open, until each link is decided or the
 * budget ends, and says what the counts come to.
 */
import type { Engine, Route } from '../engine/engine.ts';
import type { Random } from '../engine/simulated/random.ts';
import { BeaconError } from '../error.ts';
import { type Diagnosis, explain, type Judgement } from '../infer/explain.ts';
import { type Decision, decide, type LossTest, nextRound } from '../infer/sequential.ts';
import type { WalkCounts } from '../infer/walk.ts';
import type { Asking } from '../probe/ask.ts';
import type { Itinerary } from '../probe/itinerary.ts';
import { type Question, questionBy } from '../probe/question.ts';
import type { Address } from '../wire/address.ts';
import { countsOf, roundsOf, type WalkTally } from './count.ts';
import { leastLossTree } from './detours.ts';
import { type Graph, VANTAGE } from './graph.ts';
import { probesToSee } from './hidden.ts';
import { type Dress, itineraryOf } from './itinerary.ts';
import { type LinkLoss, linkLosses } from './links.ts';
import { measure } from './measure.ts';
import { type Model, modelOf } from './model.ts';
import { unmeasured } from './unmeasured.ts';
import { type UnknownPart, type Verdict, verdictOf } from './verdict.ts';
import { type LegWalk, walksOver } from './walks.ts';

export interface LocateOptions {
  /** A link that loses more is bad, 0–1. */
  readonly threshold: number;
  /** Of every decision and interval, 0–1. */
  readonly confidence: number;
  /** Probes in all. */
  readonly most: number;
  /** When the budget of time ends, on the engine's clock; null: there is none. */
  readonly untilNs: bigint | null;
  /** Packets a second. */
  readonly rate: number;
  readonly timeoutNs: number;
  /** Order and spacing come from it. */
  readonly chance: Random;
}

/** What is going to be probed. */
export interface Plan {
  readonly graph: Graph;
  readonly dress: Dress;
  /** To each router next to us, by the address that it is steered to. */
  readonly routes: ReadonlyMap<Address, Route>;
  readonly walks: readonly LegWalk[];
  readonly questions: readonly Question[];
  readonly model: Model;
}

export interface Located {
  readonly links: readonly LinkLoss[];
  readonly verdict: Verdict;
  /** All that were sent. */
  readonly probes: number;
}

export async function planned(engine: Engine, graph: Graph, dress: Dress): Promise<Plan> {
  const routes = new Map<Address, Route>();
  for (const { from, destination } of graph.legs) if (from === VANTAGE) routes.set(destination, await engine.route(destination));
  const { walks, questions } = askedOver({ graph, dress, routes, walks: [] }, graph.tree);
  return { graph, dress, routes, walks, questions, model: modelOf(graph, walks) };
}

/** Walks over a tree that are not among the known ones, and can be sent. */
function askedOver(
  { graph, dress, routes, walks: known }: Pick<Plan, 'graph' | 'dress' | 'routes' | 'walks'>,
  tree: Graph['tree'],
): AskedWalks {
  const taken = new Set(known.map(({ legs }) => legs.join()));
  const walks: LegWalk[] = [];
  const questions: Question[] = [];
  for (const walk of walksOver({ ...graph, tree })) {
    const route = routes.get(graph.legs[walk.legs[0]!]!.destination)!;
    const asked = taken.has(walk.legs.join()) ? null : questionOver(route, itineraryOf(graph, walk, dress), known.length + walks.length);
    if (asked === null) continue;
    walks.push(walk);
    questions.push(asked);
  }
  return { walks, questions };
}

type AskedWalks = Pick<Plan, 'walks' | 'questions'>;

/** Null where it does not fit the first link. */
function questionOver(route: Route, itinerary: Itinerary, path: number): Question | null {
  try {
    return questionBy(route, itinerary, path);
  } catch (error) {
    if (error instanceof BeaconError && error.code === 'ERR_MTU') return null;
    throw error;
  }
}

/** Yields what is known ten times a second; the last is the result. */
export async function* locate(engine: Engine, asking: Asking, plan: Plan, options: LocateOptions): AsyncGenerator<Located> {
  const { graph } = plan;
  const [walks, questions] = [[...plan.walks], [...plan.questions]]; // more come where a link is found to lose much
  const planner = createPlanner({ ...plan, walks, questions }, options);
  let tallies: readonly WalkTally[] = [];
  for await (tallies of measure(engine, asking, questions, { ...options, plan: planner.next }))
    yield result(graph, walks, tallies, null, planner);
  yield result(graph, walks, tallies, planner.diagnose(tallies), planner);
}

function result(
  graph: Graph,
  walks: readonly LegWalk[],
  tallies: readonly WalkTally[],
  diagnosis: Diagnosis | null,
  planner: Planner,
): Located {
  const model = planner.model();
  const probes = tallies.reduce((sum, { sent }) => sum + sent, 0);
  const others: UnknownPart[] = unmeasured(graph, walks, tallies, model);
  const verdict: Verdict =
    diagnosis === null
      ? { kind: 'unknown', suspects: [], unknown: others }
      : verdictOf(graph, model, diagnosis, planner.hidden(tallies), others);
  return { links: linkLosses(graph, model, diagnosis), verdict, probes };
}

interface Planner {
  readonly next: (counts: readonly WalkCounts[], tallies: readonly WalkTally[]) => readonly number[];
  /** Of the walks that still count. */
  readonly model: () => Model;
  /** Of each suspect, probes that it would take to see its loss beside others' larger ones; 0 where nothing hides it. */
  readonly hidden: (tallies: readonly WalkTally[]) => readonly number[];
  readonly diagnose: (tallies: readonly WalkTally[]) => Diagnosis | null;
}

/** Of each walk, before anything is decided: so a walk that goes astray is noticed early. */
const FIRST = 10;
/** A round lasts about so long. */
const ROUND_S = 0.25;
const LEAST_ROUND = 200;
/** Explanations that still fit after so many rounds more are told side by side. */
const MOST_DOUBTS = 5;
/** Of each walk that crosses what they differ in; doubled from round to round. */
const DOUBT = 200;
/** What a good link loses at most, where the threshold is far above. */
const GOOD = 1e-4;

/** Adds to the walks and questions that it is given. */
function createPlanner(
  plan: Plan & { walks: LegWalk[]; questions: Question[] },
  { threshold, confidence, rate, most: budget }: LocateOptions,
): Planner {
  const { graph, walks, questions } = plan;
  const error = 1 - confidence;
  const test: LossTest = { acceptable: Math.min(GOOD, threshold / 10), unacceptable: threshold, alpha: error, beta: error };
  const most = Math.max(LEAST_ROUND, Math.round(rate * ROUND_S));
  let model = plan.model;
  let active = walks.map((_, walk) => walk);
  let doubts = 0;
  const evaded = new Set<string>();
  const cleared = new Set<string>();
  const keyOf = (component: number): string => JSON.stringify(model.suspects[component]);

  /** Where links are found to lose much, other ways to what lies behind them are probed too. */
  const evade = (decisions: readonly Decision[], diagnosis: () => Diagnosis | null): void => {
    const bad = decisions.filter(({ state, component }) => state === 'bad' && !evaded.has(keyOf(component)));
    if (bad.length === 0) return;
    const faults = diagnosis()?.explanations[0]?.faults ?? [];
    const losses = graph.legs.map(() => 0);
    for (const { component, loss } of faults) for (const one of model.suspects[component]!) if (one.kind === 'leg') losses[one.leg] = loss;
    for (const { component } of faults) evaded.add(keyOf(component));
    const more = askedOver({ ...plan, walks }, leastLossTree(graph, losses));
    if (more.walks.length === 0) return;
    active = [...active, ...more.walks.map((_, at) => walks.length + at)];
    walks.push(...more.walks);
    questions.push(...more.questions);
    remodel();
  };
  const remodel = (): void => {
    model = modelOf(
      graph,
      active.map((walk) => walks[walk]!),
    );
  };
  /** Walks that were answered with errors measure another way than theirs, and are left out. */
  const refresh = (tallies: readonly WalkTally[]): void => {
    const still = active.filter((walk) => (tallies[walk]?.errors ?? 0) === 0);
    if (still.length === active.length) return;
    active = still;
    remodel();
  };
  /** A test ends where it first comes to an end: what was found good stays so until more speaks against it than for it. */
  const decided = (counts: readonly WalkCounts[]): Decision[] =>
    decide(model.walks, counts, model.suspects.length, test).map((one) => {
      const key = keyOf(one.component);
      if (one.state === 'good') cleared.add(key);
      return one.state === 'open' && one.evidence < 0 && cleared.has(key) ? { ...one, state: 'good' } : one;
    });
  const spread = (counts: readonly number[]): number[] => {
    const all = walks.map(() => 0);
    for (const [index, walk] of active.entries()) all[walk] = counts[index] ?? 0;
    return all;
  };
  /** What the sequential test has found good is clear, though its interval may still reach beyond the threshold. */
  const diagnosisOf = (counts: readonly WalkCounts[], tallies: readonly WalkTally[], missing: boolean): Diagnosis | null => {
    if (active.length === 0) return null;
    const rounds = roundsOf(
      active.map((walk) => tallies[walk]!),
      missing,
    );
    const found = explain(model.walks, counts, { components: model.suspects.length, threshold, confidence, rounds });
    const decisions = decided(counts);
    const judgements = found.judgements.map(
      (one): Judgement => (one.kind === 'undecided' && decisions[one.component]!.state === 'good' ? { ...one, kind: 'clear' } : one),
    );
    return { ...found, judgements };
  };

  return {
    next(counts, tallies) {
      refresh(tallies);
      if (active.length === 0) return [];
      const isNew = (walk: number): boolean => (tallies[walk]?.sent ?? 0) === 0;
      if (active.some(isNew)) return spread(active.map((walk) => (isNew(walk) ? FIRST : 0)));
      const known = active.map((walk) => counts[walk]!);
      const decisions = decided(known);
      evade(decisions, () => diagnosisOf(known, tallies, true));
      if (active.some(isNew)) return spread(active.map((walk) => (isNew(walk) ? FIRST : 0)));
      const needs = probesToSee(model.walks, known, decisions, test);
      const left = budget - tallies.reduce((sum, { sent }) => sum + sent, 0);
      const hopeful = decisions.map((one): Decision => (needs[one.component]! > left ? { ...one, state: 'good' } : one)); // not worth a probe
      const wanted = nextRound(model.walks, hopeful, test, most);
      if (wanted.some((count) => count > 0)) return spread(wanted);
      if (doubts >= MOST_DOUBTS) return [];
      const open = new Set([...inDoubt(diagnosisOf(known, tallies, true))].filter((component) => needs[component]! <= left));
      doubts += open.size > 0 ? 1 : 0;
      return spread(model.walks.map(({ crossings }) => (crossings.some((one) => open.has(one)) ? DOUBT * 2 ** (doubts - 1) : 0)));
    },
    model: () => model,
    hidden(tallies) {
      const known = active.map((walk) => countsOf(tallies[walk]!));
      return probesToSee(model.walks, known, decided(known), test);
    },
    diagnose(tallies) {
      refresh(tallies);
      return diagnosisOf(
        active.map((walk) => countsOf(tallies[walk]!)),
        tallies,
        false,
      );
    },
  };
}

/** Components that the explanations differ in, or that are not told from the threshold yet. */
function inDoubt(diagnosis: Diagnosis | null): Set<number> {
  if (diagnosis === null) return new Set();
  const sets = diagnosis.explanations.map(({ faults }) => new Set(faults.map(({ component }) => component)));
  const several = sets.flatMap((set) => [...set]).filter((component) => !sets.every((set) => set.has(component)));
  const open = diagnosis.judgements.filter(({ kind }) => kind === 'undecided').map(({ component }) => component);
  return new Set([...several, ...open]);
}
