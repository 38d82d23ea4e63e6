/**
 * Asks many flows at once who stands at a ttl. What stays silent is asked again: at once, since a packet may be lost, and then once a second,
 * as often as routers answer that limit their answers; but not where even that shows that nobody is there.
 */
import type { Engine, Route } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import type { Itinerary } from '../probe/itinerary.ts';
import { isOutcome, type Outcome } from '../probe/observation.ts';
import { type Question, questionBy } from '../probe/question.ts';
import { answererOf, meaningOf } from './hop.ts';
import type { Cell, Sound } from './mda.ts';
import type { Heard } from './mda-record.ts';
import type { PathEnds } from './path-kind.ts';

export interface Sounding {
  readonly ends: PathEnds;
  /** Which layer's ttl is varied. */
  readonly varied: number;
  /** The way out; one for all flows. */
  readonly route: Route;
  /** Of a flow. */
  readonly itinerary: (flow: number) => (ttl: number) => Itinerary;
  readonly patienceNs: number;
  /** Called once, when the first router is found to answer once a second. */
  readonly whenSlow: (ttl: number) => void;
}

export interface Sounder {
  readonly sound: Sound;
  readonly probes: () => number;
  /** Ttls at which somebody answers no more than once a second. */
  readonly limited: () => readonly number[];
}

const GAP_NS = 2_000_000;
const AGAIN_GAP_NS = 10_000_000;
/** Linux answers a peer once a second (icmp_ratelimit), after a burst of six. */
const SLOW_NS = 1_020_000_000;
const SLOW_TRIES = 3;
/** The share of what is asked quickly that somebody without a limit answers, however much is lost. */
const LEAST_QUICK = 0.5;
/** Where so many in a row are silent even once a second, it is not for a limit. */
const GIVEN_UP_AFTER = 3;

export const SILENCE: Heard = { address: null, is: 'hop', error: null };

interface Open {
  readonly cell: Cell;
  heard: Heard | null;
  /** Of those once a second. */
  tries: number;
}

/** A ttl that is asked once a second. */
interface Lane {
  readonly waiting: Open[];
  dueNs: bigint;
  unanswered: number;
  busy: number;
}

export function createSounder(engine: Engine, asking: Asking, sounding: Sounding): Sounder {
  const { ends, varied, route, itinerary, patienceNs, whenSlow } = sounding;
  const limited = new Set<number>();
  /** Ttls at which silence was seen to be no limit's. */
  const silent = new Set<number>();
  const heardAt = new Set<number>();
  /** Of what was asked quickly at each ttl. */
  const quickly = new Map<number, { sent: number; heard: number }>();
  /** When a ttl that was asked may be asked once more, at the pace of one a second. */
  const restedNs = new Map<number, bigint>();
  let probes = 0;

  const questionFor = ({ flow, ttl }: Cell): Question => questionBy(route, itinerary(flow)(ttl), flow);

  async function wave(
    questions: Iterable<Question | null>,
    opens: ReadonlyMap<Question, Open>,
    everyNs: number,
    done: (open: Open) => void,
  ): Promise<void> {
    for await (const seen of asking.ask(questions, { everyNs: () => everyNs, timeoutNs: () => patienceNs, settle: 'first' })) {
      if (!isOutcome(seen)) continue;
      probes += 1;
      const open = opens.get(seen.probe.question)!;
      restedNs.set(open.cell.ttl, engine.nowNs() + BigInt(SLOW_NS));
      open.heard ??= heardIn(seen, varied, ends);
      if (open.heard !== null) heardAt.add(open.cell.ttl);
      done(open);
    }
  }

  async function quick(opens: readonly Open[], everyNs: number): Promise<void> {
    if (opens.length === 0) return;
    const asked = new Map(opens.map((open) => [questionFor(open.cell), open]));
    await wave(asked.keys(), asked, everyNs, ({ cell, heard }) => {
      const { sent, heard: known } = quickly.get(cell.ttl) ?? { sent: 0, heard: 0 };
      quickly.set(cell.ttl, { sent: sent + 1, heard: known + (heard === null ? 0 : 1) });
    });
  }

  /** Loss takes a few; who answers once a second leaves most that are asked quickly without a word. */
  function isLimited(ttl: number): boolean {
    const { sent, heard } = quickly.get(ttl)!;
    return heard < LEAST_QUICK * sent;
  }

  async function slow(opens: readonly Open[]): Promise<void> {
    if (opens.length === 0) return;
    const asked = new Map(opens.map((open) => [questionFor(open.cell), open]));
    const questions = new Map([...asked].map(([made, open]) => [open, made]));
    const ttls = [...new Set(opens.map(({ cell }) => cell.ttl))];
    const lanes = new Map<number, Lane>(
      ttls.map((ttl) => [
        ttl,
        { waiting: opens.filter(({ cell }) => cell.ttl === ttl), dueNs: restedNs.get(ttl) ?? 0n, unanswered: 0, busy: 0 },
      ]),
    );
    await wave(drawn(engine, [...lanes.values()], questions), asked, 0, (open) => {
      const { cell, heard } = open;
      const lane = lanes.get(cell.ttl)!;
      lane.unanswered = heard === null ? lane.unanswered + 1 : 0;
      lane.busy -= 1;
      if (heard !== null && isLimited(cell.ttl)) {
        if (limited.size === 0) whenSlow(cell.ttl);
        limited.add(cell.ttl);
      }
      open.tries += 1;
      if (heard === null && open.tries < SLOW_TRIES) lane.waiting.unshift(open);
      if (lane.unanswered < GIVEN_UP_AFTER) return;
      lane.waiting.length = 0;
      silent.add(cell.ttl);
    });
  }

  const missing = (opens: readonly Open[]): Open[] => opens.filter(({ heard }) => heard === null);

  return {
    async sound(cells) {
      const opens = cells.map((cell): Open => ({ cell, heard: null, tries: 0 }));
      await quick(
        opens.filter(({ cell }) => !limited.has(cell.ttl)),
        GAP_NS,
      );
      await slow(opens.filter(({ cell }) => limited.has(cell.ttl)));
      await quick(
        missing(opens).filter(({ cell }) => !limited.has(cell.ttl)),
        AGAIN_GAP_NS,
      );
      await slow(missing(opens).filter(({ cell }) => heardAt.has(cell.ttl) && !silent.has(cell.ttl)));
      return opens.map(({ heard }) => heard ?? SILENCE);
    },
    probes: () => probes,
    limited: () => [...limited].sort((a, b) => a - b),
  };
}

/** Null while every ttl rests. */
function* drawn(engine: Engine, lanes: readonly Lane[], questions: ReadonlyMap<Open, Question>): Generator<Question | null> {
  while (lanes.some(({ waiting, busy }) => waiting.length > 0 || busy > 0)) {
    const nowNs = engine.nowNs();
    const lane = lanes.find(({ waiting, dueNs }) => waiting.length > 0 && dueNs <= nowNs);
    if (lane === undefined) {
      yield null;
      continue;
    }
    lane.dueNs = nowNs + BigInt(SLOW_NS);
    lane.busy += 1;
    yield questions.get(lane.waiting.shift()!)!;
  }
}

/** Null: silence. What dies before the path begins says nothing of it. */
function heardIn(outcome: Outcome, varied: number, ends: PathEnds): Heard | null {
  const meaning = meaningOf(outcome, varied);
  if (meaning === 'silent' || meaning === 'entry') return null;
  const address = answererOf(outcome, varied, ends);
  const error = meaning === 'error' && outcome.kind === 'answered' ? outcome.icmp : null;
  return { address, is: meaning === 'reached' ? 'end' : meaning, error };
}
