/** Probes every hop of a path at a steady rate, all in flight together: the time it takes does not grow with what is lost. */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import type { Flow } from '../probe/itinerary.ts';
import { type Question, question } from '../probe/question.ts';
import { boomerang, type Landing } from './itinerary.ts';
import type { ProbedPath } from './path.ts';
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
}

/** How often the tallies are shown while they grow. */
const FRAME_NS = 100_000_000n;

/** Yields the tallies in the order of the path: ten times a second, and once more when all is decided. They are always the same objects. */
export async function* sweep(
  engine: Engine,
  asking: Asking,
  path: ProbedPath,
  hops: readonly SurveyedHop[],
  options: SweepOptions,
): AsyncGenerator<readonly Tally[]> {
  const tallies = hops.map(firstTally);
  const byPosition = new Map(tallies.map((tally) => [tally.position, tally]));
  const questions: Question[] = [];
  for (const { position, waypoints } of hops) {
    if (waypoints.length > 0) questions.push(await question(engine, boomerang(path, waypoints, options.landing, options.flow), position));
  }
  const gapNs = 1e9 / options.rate;
  let shownNs = engine.nowNs();
  const outcomes = asking.ask(inTurn(questions, byPosition, options.count), {
    everyNs: () => gapNs,
    timeoutNs: () => options.timeoutNs,
    settle: 'deadline',
  });
  for await (const seen of outcomes) {
    count(byPosition.get(seen.probe.question.path)!, seen);
    const nowNs = engine.nowNs();
    if (nowNs - shownNs < FRAME_NS) continue;
    shownNs = nowNs;
    yield tallies;
  }
  yield tallies;
}

/** A hop that cannot be visited has its row all the same: with what the survey's one probe met there. */
export function firstTally({ position, address, waypoints, trouble }: SurveyedHop): Tally {
  const visited = waypoints.length > 0;
  const tally = newTally(position, address, visited);
  if (visited || trouble === null) return tally;
  tally.sent += 1;
  count(tally, trouble);
  return tally;
}

/**
 * Round after round over all hops, so that each sees the same minutes of the network. Each round begins one hop further on: a link
 * that loses every tenth packet would else always meet the same hops (RFC 2330, 11.1: periodic sampling).
 */
function* inTurn(questions: readonly Question[], tallies: ReadonlyMap<number, Tally>, rounds: number): Generator<Question> {
  for (let round = 0; round < rounds; round += 1) {
    const first = questions.length === 0 ? 0 : round % questions.length;
    for (const asked of [...questions.slice(first), ...questions.slice(0, first)]) {
      tallies.get(asked.path)!.sent += 1;
      yield asked;
    }
  }
}
