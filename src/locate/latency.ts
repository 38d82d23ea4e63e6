/** What each link adds to the round trip, by boomerangs alone: no answer that a router makes itself is among them. */
import { shuffle } from '../boomerang/order.ts';
import type { Engine } from '../engine/engine.ts';
import { random } from '../engine/simulated/random.ts';
import { type Increment, incrementOf } from '../infer/latency.ts';
import type { Asking } from '../probe/ask.ts';
import type { Question } from '../probe/question.ts';
import type { Address } from '../wire/address.ts';
import type { Turn } from './turns.ts';

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

export interface LatencyOptions {
  /** Rounds after which it is first looked at what they tell. */
  readonly count: number;
  /** Rounds at most: after `count` of them there are more while round trips so far tell too little, as where a queue makes neighbours alike. */
  readonly most: number;
  /** Of all intervals together, 0–1. */
  readonly confidence: number;
  /** Packets a second over all turns. */
  readonly rate: number;
  readonly timeoutNs: number;
  /** The order of each round comes from it. */
  readonly seed: number;
  /** When rounds end though there are more, on the engine's clock; null: only their number ends them. */
  readonly untilNs: bigint | null;
}

/** While answers are still on their way it takes surer intervals to end: with them the round trips may be more alike. */
const SPARE = 16;

/** All turns are asked one after the other, round by round, so that each sees the same minutes. */
export async function linkLatencies(
  engine: Engine,
  asking: Asking,
  turns: readonly Turn[],
  options: LatencyOptions,
): Promise<LinkLatency[]> {
  const chance = random(options.seed);
  const rttsMs = new Map<Question, number[]>(turns.map(({ question }) => [question, []]));
  const asked = asking.ask(inTurn(), {
    everyNs: () => 1e9 / options.rate,
    timeoutNs: () => options.timeoutNs,
    settle: 'deadline',
  });
  const confidence = 1 - (1 - options.confidence) / Math.max(1, 2 * turns.length); // each link has two intervals
  for await (const seen of asked) if (seen.kind === 'landed') rttsMs.get(seen.probe.question)?.push(seen.rttNs / 1e6);
  return links();

  function links(sure: number = confidence): LinkLatency[] {
    return turns.map(({ from, to, question, before }) => {
      const far = rttsMs.get(question)!;
      const near = before === null ? null : rttsMs.get(before)!;
      return { from, to, probes: far.length, adds: incrementOf(near, far, sure) };
    });
  }

  function* inTurn(): Generator<Question> {
    const order = turns.map(({ question }) => question);
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
