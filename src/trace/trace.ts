/** Traceroute along any of the three paths: one tracer for all, since they differ only in the headers around the varied ttl. */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import type { Flow } from '../probe/itinerary.ts';
import { type Answer, isOutcome, type Outcome } from '../probe/observation.ts';
import { patienceNsFor } from '../probe/patience.ts';
import { type Question, questionBy } from '../probe/question.ts';
import type { Address } from '../wire/address.ts';
import { answererOf, distanceTold, type Hop, type HopAnswer, meaningOf } from './hop.ts';
import { type Carries, type PathEnds, type TracePlan, tracePlan } from './path-kind.ts';
import { createSchedule, type Schedule } from './schedule.ts';

export interface TraceOptions {
  /** Probes per hop. */
  readonly count: number;
  /** How often a hop that stays silent is asked in all. */
  readonly silentTries: number;
  readonly firstTtl: number;
  readonly lastTtl: number;
  readonly timeoutNs: number;
  /** The same for every probe: a trace follows one flow (Paris traceroute). */
  readonly flow: Flow;
  /** `probe` where left out. */
  readonly carries?: Carries;
}

/** Either a hop, in the order of the path, or why the path could not be entered. */
export type Traced = { readonly kind: 'hop'; readonly hop: Hop } | { readonly kind: 'entry'; readonly answer: Answer };

const ROUND_1_GAP_NS = 20_000_000;

/** Yields each hop when it has all its answers. Stopping the iteration stops the trace. */
export async function* trace(engine: Engine, asking: Asking, ends: PathEnds, options: TraceOptions): AsyncGenerator<Traced> {
  const schedule = createSchedule(options);
  const plan = tracePlan(ends, options.carries);
  const questionFor = await questionMaker(engine, plan, options.flow);
  const hops = new Map<number, Hop>();
  let patienceNs = options.timeoutNs;
  let next = options.firstTtl;
  const outcomes = asking.ask(drawn(schedule, questionFor, engine), {
    everyNs: () => (schedule.isFirstRound() ? ROUND_1_GAP_NS : 0),
    timeoutNs: () => patienceNs,
    settle: 'first',
  });
  for await (const seen of outcomes) {
    if (!isOutcome(seen)) continue;
    const ttl = seen.probe.question.itinerary.layers[plan.varied]!.ttl;
    const meaning = meaningOf(seen, plan.varied);
    if (meaning === 'entry' && seen.kind === 'answered') {
      yield { kind: 'entry', answer: seen };
      return;
    }
    const place = schedule.heard(ttl, meaning, meaning === 'reached' ? distanceTold(seen, plan.varied) : null);
    hops.set(place, withOutcome(hops.get(place) ?? silentHop(place), seen, meaning, answererOf(seen, plan.varied, ends)));
    if (meaning === 'reached' && 'rttNs' in seen) patienceNs = Math.min(patienceNs, patienceNsFor(seen.rttNs));
    for (; next <= schedule.end() && schedule.isFinal(next); next += 1) yield { kind: 'hop', hop: hops.get(next)! };
    if (next > schedule.end() && !schedule.isFirstRound()) return;
  }
  const known = Math.min(schedule.end(), Math.max(...hops.keys())); // interrupted: what was heard until now
  for (; next <= known; next += 1) yield { kind: 'hop', hop: hops.get(next) ?? { ...silentHop(next), answers: [null] } };
}

const silentHop = (ttl: number): Hop => ({ ttl, answers: [], reached: false, error: null });

/** Each ttl's question is made when it is first asked: a short path never needs the other twenty. */
async function questionMaker(engine: Engine, { layers, landing }: TracePlan, flow: Flow): Promise<(ttl: number) => Question> {
  const route = await engine.route(layers(1)[0]!.destination);
  const made = new Map<number, Question>();
  return (ttl) => {
    const known = made.get(ttl) ?? questionBy(route, { layers: layers(ttl), flow, landing }, 0);
    made.set(ttl, known);
    return known;
  };
}

function* drawn(schedule: Schedule, questionFor: (ttl: number) => Question, engine: Engine): Generator<Question | null> {
  const beganNs = engine.nowNs();
  const next = (): ReturnType<Schedule['next']> => schedule.next(Number(engine.nowNs() - beganNs));
  for (let ttl = next(); ttl !== 'done'; ttl = next()) yield ttl === 'wait' ? null : questionFor(ttl);
}

function withOutcome(hop: Hop, outcome: Outcome, meaning: string, from: Address): Hop {
  const answer: HopAnswer | null = 'rttNs' in outcome ? { address: from, rttNs: outcome.rttNs } : null;
  const error = meaning === 'error' && outcome.kind === 'answered' ? outcome.icmp : hop.error;
  return { ...hop, answers: [...hop.answers, answer], reached: hop.reached || meaning === 'reached', error };
}
