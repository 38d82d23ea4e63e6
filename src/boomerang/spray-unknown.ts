/**
 * How many of a spray's missing probes this machine may have dropped itself: by windows between two looks, as many as were dropped while
 * an answer was awaited. What was lost at another time than our drops is lost.
 */
import type { SprayCounters } from '../engine/spray.ts';
import { createDropWindows } from '../probe/drop-windows.ts';

export interface SprayUnknown {
  look(counters: SprayCounters, nowNs: number): void;
  /** Of all that is missing at the end; null: nobody counts drops. */
  total(counters: SprayCounters, nowNs: number): number | null;
}

export function createSprayUnknown(timeoutNs: number, beganNs: number): SprayUnknown {
  const windows = createDropWindows(0, beganNs);
  let sent: { readonly atNs: number; readonly next: number }[] = [{ atNs: beganNs, next: 0 }];
  let [below, missing, unknown] = [0, 0, 0];

  /** Those from `below` on, and below `end`, were sent between the looks around them. */
  function settle(end: number, missed: number, nowNs: number): void {
    const fromNs = sent.findLast(({ next }) => next <= below)!.atNs;
    const toNs = sent.find(({ next }) => next >= end)?.atNs ?? nowNs;
    unknown += windows.excused(Math.max(0, missed), fromNs, toNs + timeoutNs);
    below = Math.max(below, end);
    const begins = sent.findLastIndex(({ next }) => next <= below);
    sent = sent.slice(begins);
  }

  function look(counters: SprayCounters, nowNs: number): void {
    const { drops, settled, next } = counters;
    windows.look(drops ?? 0, nowNs);
    sent.push({ atNs: nowNs, next });
    if (settled === undefined || settled.below <= below) return;
    settle(settled.below, settled.missing - missing, nowNs);
    missing = settled.missing;
  }

  return {
    look,
    total(counters, nowNs) {
      look(counters, nowNs);
      if (counters.drops === null) return null;
      settle(counters.next, counters.sent - counters.received - missing, nowNs);
      return unknown;
    },
  };
}
