/** What each link of a path adds to the round trip, by boomerangs alone: no answer that a router makes itself is among them. */

import { shuffle } from '../boomerang/order.ts';
import type { ProbedPath } from '../boomerang/path.ts';
import type { SurveyedHop } from '../boomerang/survey.ts';
import { beginSweep, type SweepOptions } from '../boomerang/sweep.ts';
import type { Engine } from '../engine/engine.ts';
import { type Increment, incrementOf } from '../infer/latency.ts';
import type { Asking } from '../probe/ask.ts';
import type { Question } from '../probe/question.ts';
import type { Address } from '../wire/address.ts';

export interface LinkLatency {
  readonly from: Address;
  readonly to: Address;
  /** Probes that came home from its far end. */
  readonly probes: number;
  /** Milliseconds there and back; null: too few came home from one of its ends. */
  readonly adds: Increment | null;
}

/** Of the stamps that recordings and some engines keep: less is no difference. */
export const RESOLUTION_MS = 1e-3;

export interface LatencyOptions extends SweepOptions {
  /** Of all intervals together, 0–1. */
  readonly confidence: number;
  /** Rounds at most: after `count` of them there are more while round trips so far tell too little, as where a queue makes neighbours alike. */
  readonly most: number;
  /** When rounds end though there are more, on the engine's clock; null: only their number ends them. */
  readonly untilNs: bigint | null;
}

/** While answers are still on their way it takes surer intervals to end: with them the round trips may be more alike. */
const SPARE = 16;

/**
 * All hops are asked in turn, so that each sees the same minutes. A link there and back: what the far end's round trips have more than
 * the near end's; where hops lie between that no probe turns at, it is the stretch.
 */
export async function pathLatencies(
  engine: Engine,
  asking: Asking,
  path: ProbedPath,
  hops: readonly SurveyedHop[],
  options: LatencyOptions,
): Promise<LinkLatency[]> {
  const { questions, chance } = await beginSweep(engine, path, hops, options);
  const rttsMs = new Map<number, number[]>(questions.map(({ path: position }) => [position, []]));
  const asked = asking.ask(inTurn(), {
    everyNs: () => 1e9 / options.rate,
    timeoutNs: () => options.timeoutNs,
    settle: 'deadline',
  });
  const ours = new Set(questions);
  const measured = hops.filter(({ waypoints }) => waypoints.length > 0);
  const confidence = 1 - (1 - options.confidence) / Math.max(1, 2 * measured.length); // each link has two intervals
  for await (const seen of asked) {
    if (seen.kind === 'landed' && ours.has(seen.probe.question)) rttsMs.get(seen.probe.question.path)!.push(seen.rttNs / 1e6);
  }
  return links();

  function links(sure: number = confidence): LinkLatency[] {
    return measured.map(({ position, address, waypoints }) => {
      const before = waypoints.at(-2) ?? null;
      const far = rttsMs.get(position)!;
      const near = before === null ? null : (rttsMs.get(before.position) ?? []);
      const from = before === null ? path.us : hops.find((hop) => hop.position === before.position)!.address!;
      return { from, to: address!, probes: far.length, adds: incrementOf(near, far, sure) };
    });
  }

  function* inTurn(): Generator<Question> {
    const order = [...questions];
    for (let round = 0; round < options.most; round += 1) {
      if (options.untilNs !== null && engine.nowNs() >= options.untilNs) return;
      if (round > 0 && round % options.count === 0 && tellEnough()) return;
      shuffle(order, chance);
      yield* order;
    }
  }

  /** Whether more rounds could not mend what lacks: links from whose far end nothing comes home stay unknown. */
  function tellEnough(): boolean {
    return links(1 - (1 - confidence) / SPARE).every(({ probes, adds }) => adds !== null || probes === 0);
  }
}
