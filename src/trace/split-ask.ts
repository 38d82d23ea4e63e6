/**
 * Asks the hops of a path again with other values of each field. Each hop is asked one probe at a time, at once after its last answer; one
 * that stays silent is asked again, and from then on once a second, as often as a stock router answers.
 */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import type { Itinerary } from '../probe/itinerary.ts';
import { isOutcome, type Outcome } from '../probe/observation.ts';
import { patienceNsFor } from '../probe/patience.ts';
import { type Question, question } from '../probe/question.ts';
import type { Address } from '../wire/address.ts';
import { type Field, type FieldName, type FieldsAsked, fieldsOf, traceItinerary } from './field.ts';
import { answererOf, type Hop, longestRttNs, meaningOf } from './hop.ts';
import { tracePlan } from './path-kind.ts';

/** Who answered at a ttl, with one value of one field; field null: all as in the trace. */
export interface Face {
  readonly ttl: number;
  readonly field: FieldName | null;
  readonly value: number | Address | null;
  readonly address: Address;
}

/** Linux answers a peer once a second (icmp_ratelimit), after a burst of six. */
const SLOW_NS = 1_020_000_000;
const TRIES = 3;
/** A hop that leaves so many probes in a row unanswered is not asked any more. */
const GIVEN_UP_AFTER = 6;

interface Ask {
  readonly ttl: number;
  readonly field: FieldName | null;
  readonly value: number | Address | null;
  readonly itinerary: (ttl: number) => Itinerary;
  tries: number;
}

interface Lane {
  readonly waiting: Ask[];
  busy: Ask | null;
  everyNs: number;
  dueNs: bigint;
  unanswered: number;
}

/** `hops`: as the trace found them. Yields a face for each answer, those of the trace first. */
export async function* faces(
  engine: Engine,
  asking: Asking,
  asked: FieldsAsked,
  hops: readonly Hop[],
  timeoutNs: number,
): AsyncGenerator<Face> {
  const known = hops.flatMap(({ ttl, answers }) => answers.flatMap((answer) => (answer === null ? [] : [{ ttl, ...answer }])));
  for (const { ttl, address } of known) yield { ttl, field: null, value: null, address };
  const ttls = [...new Set(known.map(({ ttl }) => ttl))].filter((ttl) => ttl > 1); // nothing has split before the first
  const fields = fieldsOf(asked);
  const lanes = new Map(
    ttls.map((ttl) => {
      const again = asked.values - known.filter((one) => one.ttl === ttl).length;
      return [ttl, laneOf(asksAt(ttl, again, asked, fields))];
    }),
  );
  const patienceNs = Math.min(timeoutNs, patienceNsFor(longestRttNs(hops)));
  yield* heard(engine, asking, asked, lanes, patienceNs);
}

const asksAt = (ttl: number, again: number, asked: FieldsAsked, fields: readonly Field[]): Ask[] => [
  ...Array.from({ length: Math.max(0, again) }, () => ({ ttl, field: null, value: null, itinerary: traceItinerary(asked), tries: 0 })),
  ...fields.flatMap(({ name, variants }) => variants.map(({ value, itinerary }) => ({ ttl, field: name, value, itinerary, tries: 0 }))),
];

const laneOf = (waiting: Ask[]): Lane => ({ waiting, busy: null, everyNs: 0, dueNs: 0n, unanswered: 0 });

async function* heard(
  engine: Engine,
  asking: Asking,
  asked: FieldsAsked,
  lanes: ReadonlyMap<number, Lane>,
  patienceNs: number,
): AsyncGenerator<Face> {
  const asks = new Map<Question, Ask>();
  const questions = new Map<Ask, Question>();
  for (const ask of [...lanes.values()].flatMap(({ waiting }) => waiting)) {
    const made = await question(engine, ask.itinerary(ask.ttl), asks.size + 1);
    asks.set(made, ask);
    questions.set(ask, made);
  }
  const { varied } = tracePlan(asked.ends, asked.carries);
  const options = { everyNs: () => 0, timeoutNs: () => patienceNs, settle: 'first' } as const;
  for await (const seen of asking.ask(drawn(engine, lanes, questions), options)) {
    if (!isOutcome(seen)) continue;
    const ask = asks.get(seen.probe.question)!;
    const isHeard = told(seen, varied);
    settle(lanes.get(ask.ttl)!, ask, isHeard);
    if (isHeard) yield { ttl: ask.ttl, field: ask.field, value: ask.value, address: answererOf(seen, varied, asked.ends) };
  }
}

function told(outcome: Outcome, varied: number): boolean {
  const meaning = meaningOf(outcome, varied);
  return meaning !== 'silent' && meaning !== 'entry';
}

/** Null while every hop is busy or rests. */
function* drawn(engine: Engine, lanes: ReadonlyMap<number, Lane>, questions: ReadonlyMap<Ask, Question>): Generator<Question | null> {
  const all = [...lanes.values()];
  while (all.some(({ waiting, busy }) => busy !== null || waiting.length > 0)) {
    const nowNs = engine.nowNs();
    const lane = all.find(({ waiting, busy, dueNs }) => busy === null && waiting.length > 0 && dueNs <= nowNs);
    if (lane === undefined) {
      yield null;
      continue;
    }
    lane.busy = lane.waiting.shift()!;
    lane.busy.tries += 1;
    lane.dueNs = nowNs + BigInt(lane.everyNs);
    yield questions.get(lane.busy)!;
  }
}

function settle(lane: Lane, ask: Ask, isHeard: boolean): void {
  lane.busy = null;
  lane.unanswered = isHeard ? 0 : lane.unanswered + 1;
  if (isHeard) return;
  if (lane.everyNs === 0) lane.dueNs += BigInt(SLOW_NS);
  lane.everyNs = SLOW_NS;
  if (ask.tries < TRIES) lane.waiting.unshift(ask);
  if (lane.unanswered >= GIVEN_UP_AFTER) lane.waiting.length = 0;
}
