/**
 * The door between those who ask and the network: questions go out paced, and each probe gets exactly one outcome. In time is
 * decided by the stamps of the packets, never by when this code ran.
 */
import type { Engine, Packet } from '../engine/engine.ts';
import { craft } from './craft.ts';
import { createLooks, LOOK_NS } from './looks.ts';
import { match, type Sighting } from './match.ts';
import type { Answered, Observation, Outcome, Probe, Strays } from './observation.ts';
import { createPace, type Pace } from './pace.ts';
import { createPending, type Pending, STATE } from './pending.ts';
import type { Question } from './question.ts';
import type { Rewritten } from './rewritten.ts';
import { isSendable, type Run } from './run.ts';

/**
 * Puts questions to the network and yields an outcome for each, with remarks beside; ends when all have theirs. Questions are
 * drawn when they are due, so an asker may decide late; null says that there is none now, but may be after the next outcome.
 */
export type Ask = (questions: Iterable<Question | null>, options: AskOptions) => AsyncGenerator<Observation>;

export interface AskOptions {
  /** Nanoseconds from one probe to the next; 0: at once. */
  readonly everyNs: () => number;
  /** How long a probe is waited for since it was sent. Read anew each time, since an asker that knows more may wait less. */
  readonly timeoutNs: () => number;
  /** `first`: an error is the outcome at once. `deadline`: a landing that still comes in time wins over it. */
  readonly settle: 'first' | 'deadline';
}

export interface Asking {
  readonly ask: Ask;
  readonly strays: Readonly<Strays>;
  /** What somebody on the way changed in a probe of ours, as far as was seen by now; null: nothing. */
  readonly rewritten: () => Rewritten | null;
  /** Packets that our own receiver has lost so far. */
  readonly drops: () => number;
}

type Landing = Extract<Sighting, { kind: 'landing' }>;
type Heard = Extract<Sighting, { kind: 'answer' }>;

const NOTHING: readonly Observation[] = [];

/** Probes are sent in bursts of no more than this, between looks at what came back. */
const BURST = 64;
/** Packets are handed out nearly in the order of their stamps: this much later, none that is earlier will come. */
const DISORDER_NS = 10_000_000;

/** One run on one engine: sequences are dense over all that is asked, so an answer to an earlier question is still known as late. */
export function openAsk(engine: Engine, run: Run, signal?: AbortSignal): Asking {
  const pending = createPending();
  const strays: Strays = { foreign: 0, corrupted: 0, self: 0, ambiguous: 0, passing: 0 };
  const beganNs = engine.nowNs();
  const sinceNs = (timeNs: bigint): number => Number(timeNs - beganNs);
  const looks = createLooks(engine, sinceNs);
  const held = new Map<number, Outcome>();
  let rewritten: Rewritten | null = null;

  async function* ask(questions: Iterable<Question | null>, options: AskOptions): AsyncGenerator<Observation> {
    const pace = createPace(options.everyNs, sinceNs(engine.nowNs()));
    const outbox = createOutbox(questions);
    const firstOfOurs = pending.next();
    let settledNs = 0;
    try {
      for (;;) {
        if (signal?.aborted) return;
        for (const question of sendSome(engine, run, pending, outbox, pace, sinceNs)) {
          yield { kind: 'unknown', probe: { sequence: pending.next(), question } };
        }
        if (outbox.isEmpty() && pending.outstanding() === 0) return;
        const untilNs = nextLook(sinceNs(engine.nowNs()), outbox, pace, pending, options, looks.nextNs());
        const packets = await engine.receive(beganNs + BigInt(Math.ceil(untilNs)));
        // not `yield*`: over a plain generator it would wait two turns more for each of a million outcomes
        for (const packet of packets) for (const seen of observe(packet, options)) yield seen;
        settledNs = Math.max(settledNs, packets.length === 0 ? untilNs : sinceNs(packets.at(-1)!.timeNs) - DISORDER_NS);
        const oldest = pending.oldest();
        const anyDue = oldest >= 0 && pending.sentNs(oldest) + options.timeoutNs() < settledNs;
        const lookedNs = looks.look(anyDue);
        if (anyDue) for (const outcome of expired(Math.min(settledNs, lookedNs), options.timeoutNs())) yield outcome;
      }
    } finally {
      for (let sequence = firstOfOurs; sequence < pending.next(); sequence += 1) {
        if (pending.state(sequence) === STATE.outstanding) pending.settle(sequence, STATE.abandoned);
      }
      held.clear();
    }
  }

  /** Mostly one; a generator would take as long as the match. */
  function observe(packet: Packet, options: AskOptions): readonly Observation[] {
    const sighting = match(packet, run, pending);
    if ('rewritten' in sighting) rewritten ??= sighting.rewritten;
    if (sighting.kind === 'translated') {
      strays.passing += 1;
      return NOTHING;
    }
    if (!('sequence' in sighting)) {
      strays[sighting.kind] += 1;
      return NOTHING;
    }
    const probe: Probe = { sequence: sighting.sequence, question: pending.question(sighting.sequence)! };
    if (sighting.kind !== 'landing' && arrivedOnLoopback(packet, probe)) {
      strays.self += 1;
      return NOTHING;
    }
    if (packet.arrivedBy !== probe.question.route.interface) engine.heard?.(packet, probe.question.route);
    const state = pending.state(probe.sequence);
    if (sighting.kind === 'redirect') return [{ kind: 'redirect', probe }];
    if (state === STATE.lost || state === STATE.unknown) return [{ kind: 'late', probe }];
    if (state === STATE.landed || state === STATE.answered) return [{ kind: 'duplicate', probe }];
    if (state !== STATE.outstanding) return NOTHING;
    return settle(sighting, probe, sinceNs(packet.timeNs) - pending.sentNs(probe.sequence), options, packet.arrivedBy);
  }

  function settle(
    sighting: Landing | Heard,
    probe: Probe,
    rttNs: number,
    options: AskOptions,
    arrivedBy: string | undefined,
  ): readonly Observation[] {
    if (rttNs > options.timeoutNs()) return [verdictOf(probe, false), { kind: 'late', probe }];
    if (sighting.kind === 'landing') {
      if (held.size > 0) held.delete(probe.sequence);
      pending.settle(probe.sequence, STATE.landed);
      return [{ kind: 'landed', probe, rttNs: Math.max(0, rttNs), ttl: sighting.ttl, trafficClass: sighting.trafficClass, arrivedBy }];
    }
    const answer = answered(sighting, probe, rttNs, arrivedBy);
    if (options.settle === 'deadline' && probe.question.itinerary.landing > 0) {
      if (held.has(probe.sequence)) return [{ kind: 'duplicate', probe }];
      held.set(probe.sequence, answer);
      return [{ kind: 'held', probe, answer }];
    }
    pending.settle(probe.sequence, STATE.answered);
    return [answer];
  }

  function* expired(settledNs: number, timeoutNs: number): Generator<Outcome> {
    for (let sequence = pending.oldest(); sequence >= 0; sequence = pending.oldest()) {
      const deadlineNs = pending.sentNs(sequence) + timeoutNs;
      if (deadlineNs >= settledNs) return;
      const excused = !held.has(sequence) && looks.excuse(pending.sentNs(sequence), deadlineNs);
      yield verdictOf({ sequence, question: pending.question(sequence)! }, excused);
    }
  }

  /** The outcome of a probe whose time is over: the error that was held back for a landing, else nothing was heard of it. */
  function verdictOf(probe: Probe, excused: boolean): Outcome {
    const error = held.get(probe.sequence);
    held.delete(probe.sequence);
    pending.settle(probe.sequence, error ? STATE.answered : excused ? STATE.unknown : STATE.lost);
    return error ?? { kind: excused ? 'unknown' : 'lost', probe };
  }

  return { ask, strays, rewritten: () => rewritten, drops: () => engine.drops() };
}

/** Our own stack's errors come by the loopback interface, whatever address of ours they come from. */
const arrivedOnLoopback = ({ arrivedBy }: Packet, { question }: Probe): boolean => arrivedBy === 'lo' && question.route.interface !== 'lo';

const answered = (sighting: Heard, probe: Probe, rttNs: number, arrivedBy: string | undefined): Answered => ({
  kind: 'answered',
  probe,
  rttNs: Math.max(0, rttNs),
  ...sighting.answer,
  arrivedBy,
});

/** Until when nothing needs doing: the next probe is due, the oldest gives up, or it is time to look at the counters again. */
function nextLook(nowNs: number, outbox: Outbox, pace: Pace, pending: Pending, options: AskOptions, judgedNs: number): number {
  const oldest = pending.oldest();
  const nextSendNs = outbox.isEmpty() || outbox.isIdle() ? Number.POSITIVE_INFINITY : pace.nextNs(nowNs);
  const givesUpNs = oldest < 0 ? Number.POSITIVE_INFINITY : pending.sentNs(oldest) + options.timeoutNs() + 1;
  return Math.min(nextSendNs, Math.max(givesUpNs, nowNs, judgedNs), nowNs + LOOK_NS);
}

interface Outbox {
  /** The next question, or null where there is none now. */
  take(): Question | null;
  /** What the engine did not take goes out first next time. */
  putBack(question: Question): void;
  /** There is none now, and there may be one after the next outcome. */
  isIdle(): boolean;
  /** There will be none any more. */
  isEmpty(): boolean;
}

function createOutbox(questions: Iterable<Question | null>): Outbox {
  const source = questions[Symbol.iterator]();
  let waiting: Question | null = null;
  let done = false;
  let idle = false;
  return {
    take() {
      const first = waiting;
      waiting = null;
      if (first !== null) return first;
      const drawn = done ? null : source.next();
      done = drawn === null || drawn.done === true;
      idle = !done && drawn!.value === null;
      return drawn === null || drawn.done ? null : drawn.value;
    },
    putBack(question) {
      waiting = question;
    },
    isIdle: () => idle && waiting === null,
    isEmpty: () => done && waiting === null,
  };
}

/** Sends the probes that are due, as many of them as the engine takes. Returns the questions to which no answer could ever be known. */
function sendSome(
  engine: Engine,
  run: Run,
  pending: Pending,
  outbox: Outbox,
  pace: Pace,
  sinceNs: (timeNs: bigint) => number,
): readonly Question[] {
  const unrecorded: Question[] = [];
  let went = 0;
  let refused = false;
  for (const most = pace.due(sinceNs(engine.nowNs()), BURST); went < most; went += 1) {
    const question = outbox.take();
    if (question === null) break;
    const nowNs = engine.nowNs(); // read for each: a whole burst takes long enough to be seen in round trips
    const sequence = nextSendable(run, pending);
    const packet = craft(question.template, run, question.path, sequence, engine.sendingNs?.() ?? nowNs);
    refused = engine.send(question.route, [packet]) === 0;
    if (refused) {
      outbox.putBack(question);
      break;
    }
    const sent = engine.lastSent?.();
    if (sent?.sequence === null) unrecorded.push(question);
    else pending.add(sent?.sequence ?? sequence, question, sinceNs(sent?.timeNs ?? nowNs));
  }
  pace.sent(went, refused ? sinceNs(engine.nowNs()) : null);
  return unrecorded;
}

function nextSendable(run: Run, pending: Pending): number {
  let sequence = pending.next();
  while (!isSendable(run, sequence)) sequence += 1;
  return sequence;
}
