/**
 * Probes walks until a planner has no more questions: in rounds of random order and spacing, planned anew as counts come in. What is
 * planned while probes are in flight takes those for lost that hardly come home any more; the end waits for all of them.
 */
import { shuffle } from '../boomerang/order.ts';
import type { Engine } from '../engine/engine.ts';
import type { Random } from '../engine/simulated/random.ts';
import type { WalkCounts } from '../infer/walk.ts';
import type { Asking } from '../probe/ask.ts';
import { isOutcome } from '../probe/observation.ts';
import { patienceNsFor } from '../probe/patience.ts';
import type { Question } from '../probe/question.ts';
import { type Asked, countSeen, countsOf, decidedOf, newRoundTally, newWalkTally, type WalkTally } from './count.ts';

export interface MeasureOptions {
  /** Packets a second over all walks. */
  readonly rate: number;
  readonly timeoutNs: number;
  readonly chance: Random;
  /**
   * Probes over each walk that are worth sending now, from the counts so far; none: all is decided, or nothing helps. It may have added
   * questions meanwhile.
   */
  readonly plan: (counts: readonly WalkCounts[], tallies: readonly WalkTally[]) => readonly number[];
  /** Probes in all. */
  readonly most: number;
  /** On the engine's clock; null: as long as it takes. */
  readonly untilNs: bigint | null;
}

/** How often the tallies are shown while they grow. */
const FRAME_NS = 100_000_000n;

/** Yields the tallies, always the same objects, ten times a second and once more when all is decided. One a question, in their order. */
export async function* measure(
  engine: Engine,
  asking: Asking,
  questions: readonly Question[],
  options: MeasureOptions,
): AsyncGenerator<readonly WalkTally[]> {
  const tallies = questions.map(newWalkTally);
  const asked = new Map<Question, Asked>();
  const outbox = queue(engine, questions, tallies, asked, options);
  let shownNs = engine.nowNs();
  const outcomes = asking.ask(outbox.questions(), {
    everyNs: outbox.gapNs,
    timeoutNs: () => options.timeoutNs,
    settle: 'deadline',
  });
  for await (const seen of outcomes) {
    const known = asked.get(seen.probe.question);
    if (known === undefined) continue; // a remark on what was asked before
    countSeen(tallies[known.walk]!, seen, known.round);
    if (isOutcome(seen)) outbox.settled();
    if (engine.nowNs() - shownNs < FRAME_NS) continue;
    shownNs = engine.nowNs();
    yield tallies;
  }
  yield tallies;
}

interface Outbox {
  questions(): Generator<Question | null>;
  settled(): void;
  gapNs(): number;
}

function queue(
  engine: Engine,
  questions: readonly Question[],
  tallies: WalkTally[],
  asked: Map<Question, Asked>,
  { plan, rate, chance, most, untilNs }: MeasureOptions,
): Outbox {
  const meanNs = 1e9 / rate;
  let gapNs = meanNs;
  let inFlight = 0;
  let sent = 0;
  let round = 0;
  const isOver = (): boolean => sent >= most || (untilNs !== null && engine.nowNs() >= untilNs);

  function* oneRound(counts: readonly number[]): Generator<Question> {
    while (tallies.length < questions.length) tallies.push(newWalkTally());
    const copies = questions.map((question, walk) => {
      const copy = { ...question }; // by which its round is known
      asked.set(copy, { question: copy, walk, round });
      tallies[walk]!.rounds[round] = newRoundTally();
      return copy;
    });
    round += 1;
    for (const walk of spread(counts, chance)) {
      if (isOver()) return;
      tallies[walk]!.sent += 1;
      tallies[walk]!.rounds[round - 1]!.asked += 1;
      sent += 1;
      inFlight += 1;
      gapNs = meanNs * (0.5 + chance.fraction());
      yield copies[walk]!;
    }
  }

  /** Until all are home, or so late that few more come; `all`: until each has its outcome. */
  function* quiet(all: boolean): Generator<null> {
    const sinceNs = engine.nowNs();
    const rttNs = Math.max(0, ...tallies.map(({ longestRttNs }) => longestRttNs));
    while (inFlight > 0 && (all || engine.nowNs() - sinceNs < BigInt(Math.ceil(patienceNsFor(rttNs))))) yield null;
  }

  return {
    *questions() {
      for (;;) {
        const missing = tallies.map((tally) => tally.sent - decidedOf(tally));
        const wanted = isOver()
          ? []
          : plan(
              tallies.map((tally, walk) => countsOf(tally, missing[walk])),
              tallies,
            );
        const isDone = !wanted.some((count) => count > 0);
        if (isDone && inFlight === 0) return;
        if (!isDone) yield* oneRound(wanted);
        yield* quiet(isDone);
      }
    },
    settled: () => {
      inFlight -= 1;
    },
    gapNs: () => gapNs,
  };
}

/** So many of each walk, every walk spread over the whole round, in an order by chance. */
function spread(counts: readonly number[], chance: Random): number[] {
  const rest = [...counts];
  const order: number[] = [];
  for (let most = Math.max(0, ...rest); most > 0; most -= 1) {
    const turn = rest.flatMap((count, walk) => (count >= most ? [walk] : []));
    shuffle(turn, chance);
    order.push(...turn);
  }
  return order;
}
