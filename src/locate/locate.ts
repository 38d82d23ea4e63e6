/**
 * Localizes loss in a graph: probes closed walks, more of those that would decide what is open, until each link is decided or the
 * budget ends, and says what the counts come to.
 */
import type { Engine } from '../engine/engine.ts';
import type { Random } from '../engine/simulated/random.ts';
import type { Diagnosis } from '../infer/explain.ts';
import type { Asking } from '../probe/ask.ts';
import { patienceNsFor } from '../probe/patience.ts';
import { type AskedWalks, askedOver, type Drawing, type Ground, groundOf } from './asked-walks.ts';
import type { WalkTally } from './count.ts';
import type { Graph } from './graph.ts';
import type { Dress } from './itinerary.ts';
import { type LinkLoss, linkLosses } from './links.ts';
import { measure } from './measure.ts';
import { type Model, modelOf } from './model.ts';
import { createPlanner, type Planner } from './planner.ts';
import { sourceFilters } from './source-check.ts';
import type { Checking } from './source-trial.ts';
import { unmeasured } from './unmeasured.ts';
import { type UnknownPart, type Verdict, verdictOf } from './verdict.ts';
import type { LegWalk } from './walks.ts';

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
export interface Plan extends Ground, AskedWalks {
  readonly model: Model;
}

export interface Located {
  readonly links: readonly LinkLoss[];
  readonly verdict: Verdict;
  /** All that were sent over walks. */
  readonly probes: number;
}

export async function planned(engine: Engine, graph: Graph, dress: Dress, drawing?: Drawing): Promise<Plan> {
  const ground = await groundOf(engine, graph, dress, drawing);
  const { walks, questions } = askedOver(ground, graph.tree, []);
  return { ...ground, walks, questions, model: modelOf(graph, walks) };
}

/** Yields what is known ten times a second; the last is the result. */
export async function* locate(engine: Engine, asking: Asking, plan: Plan, options: LocateOptions): AsyncGenerator<Located> {
  const { graph } = plan;
  const [walks, questions] = [[...plan.walks], [...plan.questions]]; // more come where a link is found to lose much
  const planner = createPlanner(plan, walks, questions, options);
  let tallies: readonly WalkTally[] = [];
  for await (tallies of measure(engine, asking, questions, { ...options, plan: planner.next }))
    yield result(graph, walks, tallies, null, planner);
  const found = planner.diagnose(tallies);
  const filters = await sourceFilters(plan, walks, tallies, planner, found, checkingOf(asking, tallies, options));
  yield result(graph, walks, tallies, filters ? planner.diagnose(tallies) : found, planner);
}

const checkingOf = (asking: Asking, tallies: readonly WalkTally[], { rate, timeoutNs, chance }: LocateOptions): Checking => ({
  asking,
  chance,
  gapNs: 1e9 / rate,
  timeoutNs: Math.min(timeoutNs, patienceNsFor(Math.max(0, ...tallies.map(({ longestRttNs }) => longestRttNs)))),
});

function result(
  graph: Graph,
  walks: readonly LegWalk[],
  tallies: readonly WalkTally[],
  diagnosis: Diagnosis | null,
  planner: Planner,
): Located {
  const model = planner.model();
  const probes = tallies.reduce((sum, { sent }) => sum + sent, 0);
  const others: UnknownPart[] = unmeasured(graph, walks, planner.astray(), model);
  const verdict: Verdict =
    diagnosis === null
      ? { kind: 'unknown', suspects: [], unknown: others }
      : verdictOf(graph, model, diagnosis, planner.hidden(tallies), others);
  return { links: linkLosses(graph, model, diagnosis), verdict, probes };
}
