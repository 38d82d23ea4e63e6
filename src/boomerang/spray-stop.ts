/** When a spray must end by itself: its counts cannot be, its way out is gone, or it finds so much loss that going on would do harm. */
import type { Disturbance } from '../engine/engine.ts';
import type { SprayCounters } from '../engine/spray.ts';
import { wilson } from '../infer/interval.ts';

export interface StopReason {
  readonly code: 'COUNTS_BROKEN' | 'INTERFACE_DOWN' | 'LOSS_STOPPED' | 'SENDER_FAILED';
  readonly message: string;
}

/** What is known at one look. */
export interface Look {
  readonly nowNs: number;
  readonly counters: SprayCounters;
  /** How long a probe takes to come home, as far as is known: losses are told from what is under way by it. */
  readonly rttNs: number;
  readonly disturbances: readonly Disturbance[];
}

/** Loss is that of so long: what was well for an hour must not hide what is wrong now. */
const WINDOW_NS = 1_000_000_000;
/** A round trip varies: so many times of it are waited for an answer before it is called missing here. */
const PATIENCE = 4;
const LEAST_PATIENCE_NS = 50_000_000;

const GROWING = ['next', 'sent', 'received', 'duplicates', 'reordered', 'corrupted', 'late'] as const;

export interface StopRules {
  look(now: Look): StopReason | null;
  /** The loss of the last second: what was sent a round trip before it, and did not come home by its end. */
  recent(): { readonly sent: number; readonly missing: number };
}

/** `stopLoss`: a share; null: no loss ends it. */
export function createStopRules(stopLoss: number | null): StopRules {
  let looks: Look[] = [];
  let recent = { sent: 0, missing: 0 };

  function look(now: Look): StopReason | null {
    const before = looks.at(-1) ?? null;
    looks.push(now);
    const patienceNs = Math.max(LEAST_PATIENCE_NS, PATIENCE * now.rttNs);
    looks = looks.filter(({ nowNs }) => nowNs >= now.nowNs - 2 * (WINDOW_NS + patienceNs));
    recent = missed(looks, patienceNs);
    return broken(before, now) ?? down(now) ?? failed(now) ?? lossy(recent, stopLoss);
  }

  return { look, recent: () => recent };
}

/**
 * Of what was sent in a window that ended so long ago. Answers are counted from when a round trip had passed since the window's beginning,
 * to now: a few may be to later probes, so this is no more than was lost.
 */
function missed(looks: readonly Look[], patienceNs: number): { sent: number; missing: number } {
  const now = looks.at(-1)!;
  const end = looks.findLast(({ nowNs }) => nowNs <= now.nowNs - patienceNs);
  const begin = end && (looks.findLast(({ nowNs }) => nowNs <= end.nowNs - WINDOW_NS) ?? looks[0]!);
  if (end === undefined || begin === undefined || begin === end) return { sent: 0, missing: 0 };
  const home = looks.findLast(({ nowNs }) => nowNs <= begin.nowNs + now.rttNs) ?? begin;
  const until = looks.find(({ nowNs }) => nowNs >= end.nowNs + now.rttNs) ?? now;
  const sent = end.counters.sent - begin.counters.sent;
  const received = until.counters.received + until.counters.late - home.counters.received - home.counters.late;
  return { sent, missing: Math.max(0, Math.min(sent, sent - received)) };
}

/** What had come home by the look before was sent by this one: a sender counts its packets when a batch of them is gone. */
function broken(before: Look | null, { counters }: Look): StopReason | null {
  const home = counters.finished ? counters.received + counters.late : (before?.counters.received ?? 0) + (before?.counters.late ?? 0);
  if (home > counters.sent)
    return {
      code: 'COUNTS_BROKEN',
      message: `${home} probes came home and ${counters.sent} were sent: the counts are wrong, so the spray ends`,
    };
  const shrunk = before === null ? undefined : GROWING.find((name) => counters[name] < before.counters[name]);
  if (shrunk === undefined) return null;
  const message = `The count of ${shrunk} went from ${before!.counters[shrunk]} back to ${counters[shrunk]}: is another braceroute at work on the interface? The spray ends`;
  return { code: 'COUNTS_BROKEN', message };
}

const failed = ({ counters: { error } }: Look): StopReason | null =>
  error === null ? null : { code: 'SENDER_FAILED', message: `The sender ended: ${error}` };

function down({ disturbances }: Look): StopReason | null {
  const outage = disturbances.find(({ code, untilNs }) => code === 'INTERFACE_DOWN' && untilNs === null);
  return outage === undefined ? null : { code: 'INTERFACE_DOWN', message: `${outage.message}: the spray ends` };
}

function lossy({ sent, missing }: { sent: number; missing: number }, stopLoss: number | null): StopReason | null {
  const surely = stopLoss === null ? null : (wilson(missing, sent)?.low ?? null);
  if (surely === null || surely <= stopLoss!) return null;
  const message = `${missing} of ${sent} probes of the last second are missing, more than --stop-loss ${stopLoss! * 100}% allows: the spray ends`;
  return { code: 'LOSS_STOPPED', message };
}
