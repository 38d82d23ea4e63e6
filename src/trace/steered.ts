/**
 * The path that IP in IP takes, searched with what the legs of a boomerang wear: routers may send plain traffic another way. An end that
 * stays silent to that is asked in other words: what it says to them tells a filter from a dead end.
 */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import { FAR, type Flow } from '../probe/itinerary.ts';
import { isOutcome } from '../probe/observation.ts';
import { patienceNsFor } from '../probe/patience.ts';
import { type Question, question } from '../probe/question.ts';
import { type Hop, longestRttNs, meaningOf } from './hop.ts';
import { type Carries, type PathEnds, tracePlan } from './path-kind.ts';
import { type Traced, type TraceOptions, trace } from './trace.ts';

/** How the end is asked once it was silent. */
interface Words {
  readonly carries: Carries;
  readonly flow: Flow;
}

const TRIES = 3;
const GAP_NS = 25_000_000;
/** Flows tried before silence to IP in IP passes for a filter: a link that loses one flow in four loses all of these once in 65,000. */
const OTHER_FLOWS = 8;

/**
 * What a search yields: hops as `trace` does, or why the path could not be entered, and last what the end answers. `home` and `delivery`:
 * IP in IP gets there. `probe`: only plain traffic does, and the hops after `steered` are those of plain traffic. Null: nothing does.
 * `elsewhere`: it answers, but its place on the path was not found, as where it answers once a second.
 */
export type Searched = Traced | { readonly kind: 'end'; readonly answers: Carries | 'elsewhere' | null; readonly steered: number };

/** Throws what `trace` throws. */
export async function* steeredTrace(engine: Engine, asking: Asking, ends: PathEnds, options: TraceOptions): AsyncGenerator<Searched> {
  const heard: Hop[] = [];
  let silent: Traced[] = []; // the last of them may still be found by other words
  for await (const seen of trace(engine, asking, ends, { ...options, carries: 'home' })) {
    if (seen.kind === 'hop' && isSilent(seen.hop)) {
      silent.push(seen);
      continue;
    }
    yield* silent;
    silent = [];
    yield seen;
    if (seen.kind === 'entry') return;
    heard.push(seen.hop);
  }
  const steered = heard.at(-1)?.ttl ?? options.firstTtl - 1;
  if (heard.at(-1)?.reached) {
    yield { kind: 'end', answers: 'home', steered };
    return;
  }
  const words = await answeredWords(engine, asking, ends, options, heard);
  if (words === null || steered === options.lastTtl) {
    yield* silent;
    yield { kind: 'end', answers: words === null ? null : 'elsewhere', steered };
    return;
  }
  let reached = false;
  for await (const seen of trace(engine, asking, ends, { ...options, ...words, firstTtl: steered + 1 })) {
    yield seen;
    reached ||= seen.kind === 'hop' && seen.hop.reached;
  }
  yield { kind: 'end', answers: reached ? words.carries : 'elsewhere', steered };
}

const isSilent = ({ answers }: Hop): boolean => answers.every((answer) => answer === null);

async function answeredWords(
  engine: Engine,
  asking: Asking,
  ends: PathEnds,
  { flow, timeoutNs }: TraceOptions,
  heard: readonly Hop[],
): Promise<Words | null> {
  const rttNs = longestRttNs(heard);
  const patienceNs = rttNs === 0 ? timeoutNs : Math.min(timeoutNs, patienceNsFor(rttNs));
  const answered = (words: readonly Words[]): Promise<Words[]> => answeredOf(engine, asking, ends, words, patienceNs);
  const first = await answered([
    { carries: 'delivery', flow },
    { carries: 'probe', flow },
  ]);
  const [plain] = first;
  if (plain === undefined || plain.carries !== 'probe') return plain ?? null;
  const others = Array.from({ length: OTHER_FLOWS }, (_, i) => ({ ...flow, sourcePort: otherPort(flow.sourcePort, i + 1) }));
  const steered = await answered((['home', 'delivery'] as const).flatMap((carries) => others.map((other) => ({ carries, flow: other }))));
  return steered[0] ?? plain;
}

/** Above all that is well known. */
const FIRST_PORT = 1024;
const otherPort = (port: number, step: number): number => FIRST_PORT + ((port - FIRST_PORT + step + 65_536) % (65_536 - FIRST_PORT));

/** Those of the words that the end answers, in their order; waits for no more once the first of them is heard. */
async function answeredOf(engine: Engine, asking: Asking, ends: PathEnds, words: readonly Words[], patienceNs: number): Promise<Words[]> {
  const asked = new Map<Question, Words>();
  for (const each of words) asked.set(await farQuestion(engine, ends, each), each);
  const heard = new Set<Words>();
  const questions = Array.from({ length: TRIES }, () => [...asked.keys()]).flat();
  const wanted = words[0]!;
  for await (const seen of asking.ask(questions, { everyNs: () => GAP_NS, timeoutNs: () => patienceNs, settle: 'first' })) {
    if (!isOutcome(seen)) continue;
    const each = asked.get(seen.probe.question)!;
    if (meaningOf(seen, tracePlan(ends, each.carries).varied) === 'reached') heard.add(each);
    if (heard.has(wanted)) break;
  }
  return words.filter((each) => heard.has(each));
}

function farQuestion(engine: Engine, ends: PathEnds, { carries, flow }: Words): Promise<Question> {
  const { layers, landing } = tracePlan(ends, carries);
  return question(engine, { layers: layers(FAR), flow, landing }, 0);
}
