/** Probes every hop of a path at a steady rate, all in flight together: the time it takes does not grow with what is lost. */
import type { Engine } from '../engine/engine.ts';
import { type Random, random } from '../engine/simulated/random.ts';
import type { Asking } from '../probe/ask.ts';
import type { Flow } from '../probe/itinerary.ts';
import { type Question, question } from '../probe/question.ts';
import { boomerang, type Landing } from './itinerary.ts';
import { shuffle } from './order.ts';
import type { ProbedPath } from './path.ts';
import { createRouteWatch, type RouteWatch } from './route-watch.ts';
import type { SurveyedHop } from './survey.ts';
import { count, newTally, type Tally } from './tally.ts';

export interface SweepOptions {
  /** Probes per hop. */
  readonly count: number;
  /** Packets per second over all hops. */
  readonly rate: number;
  readonly timeoutNs: number;
  readonly flow: Flow;
  readonly landing: Landing;
  /** The order of each round comes from it. */
  readonly seed: number;
}

/** How often the tallies are shown while they grow. */
const FRAME_NS = 100_000_000n;

/** A sweep under way: it may be left when its watch has noticed something, and gone on with. */
export interface Sweeping {
  /** In the order of the path; always the same objects. */
  readonly tallies: readonly Tally[];
  readonly questions: readonly Question[];
  /** null: nobody looks whether the route changes. */
  readonly watch: RouteWatch | null;
  readonly options: SweepOptions;
  readonly chance: Random;
  /** Begun so far. */
  rounds: number;
}

export async function beginSweep(engine: Engine, path: ProbedPath, hops: readonly SurveyedHop[], options: SweepOptions): Promise<Sweeping> {
  const questions: Question[] = [];
  for (const { position, waypoints, source } of hops) {
    if (waypoints.length === 0) continue;
    questions.push(await question(engine, boomerang(path, waypoints, options.landing, options.flow, source), position));
  }
  return { tallies: hops.map(firstTally), questions, watch: createRouteWatch(), options, chance: random(options.seed), rounds: 0 };
}

/**
 * Yields the tallies ten times a second, and once more when all is decided. Ends when all rounds are over, or earlier, with none left
 * half and nothing in flight, where the watch notices something.
 */
export async function* sweep(engine: Engine, asking: Asking, sweeping: Sweeping): AsyncGenerator<readonly Tally[]> {
  const { tallies, questions, watch, options } = sweeping;
  const byPosition = new Map(tallies.map((tally) => [tally.position, tally]));
  const ours = new Set(questions);
  const gapNs = 1e9 / options.rate;
  let shownNs = engine.nowNs();
  const outcomes = asking.ask(inTurn(sweeping, byPosition), {
    everyNs: () => gapNs,
    timeoutNs: () => options.timeoutNs,
    settle: 'deadline',
  });
  for await (const seen of outcomes) {
    if (!ours.has(seen.probe.question)) continue; // a remark on what was asked before
    const nowNs = engine.nowNs();
    count(byPosition.get(seen.probe.question.path)!, seen);
    watch?.seen(seen, nowNs);
    if (nowNs - shownNs < FRAME_NS) continue;
    shownNs = nowNs;
    watch?.look(tallies, nowNs);
    yield tallies;
  }
  yield tallies;
}

/** A hop that cannot be visited has its row all the same: with what the survey's one probe met there. */
export function firstTally({ position, address, waypoints, leg, state, source, trouble }: SurveyedHop): Tally {
  const visited = waypoints.length > 0;
  const tally = newTally(position, address, visited, { leg, state, source: visited ? source.kind : null });
  if (visited || trouble === null) return tally;
  tally.sent += 1;
  count(tally, trouble);
  return tally;
}

/**
 * Round after round over all hops, so that each sees the same minutes of the network. Each round has an order of its own: a link that
 * loses every tenth packet would else always meet the same hops.
 */
function* inTurn(sweeping: Sweeping, tallies: ReadonlyMap<number, Tally>): Generator<Question> {
  const { questions, watch, options, chance } = sweeping;
  const order = [...questions];
  while (sweeping.rounds < options.count && !watch?.sign()) {
    sweeping.rounds += 1;
    shuffle(order, chance);
    for (const asked of order) {
      tallies.get(asked.path)!.sent += 1;
      yield asked;
    }
  }
}
