/** A spray under way: looks at its counters ten times a second, ends it where it must, and waits until all is decided. */
import type { Engine } from '../engine/engine.ts';
import type { SprayCounters, Spraying } from '../engine/spray.ts';
import { BUCKETS, quantile } from '../engine/spray-histogram.ts';
import { createStopRules, type StopReason } from './spray-stop.ts';
import { createSprayUnknown } from './spray-unknown.ts';

export interface SprayState {
  readonly elapsedNs: number;
  readonly counters: SprayCounters;
  /** Packets a second, of the last second. */
  readonly kept: number;
  /** Of the last second. */
  readonly recent: { readonly sent: number; readonly missing: number };
  readonly rttNs: Quantiles | null;
  /** All is sent; what is under way is waited for. */
  readonly draining: boolean;
  readonly stopped: StopReason | null;
}

export interface Quantiles {
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface SprayEnd extends SprayState {
  /** Missing probes that this machine may have dropped itself, or that were sent within a timeout of an outage of our own; null: nobody counts. */
  readonly unknown: number | null;
}

export interface WatchOptions {
  readonly timeoutNs: number;
  readonly stopLoss: number | null;
  readonly templates: number;
  /** A round trip that was seen before; null: none was. */
  readonly rttNs: number | null;
}

const LOOK_NS = 100_000_000n;
const SECOND_NS = 1_000_000_000;
/** Where nobody knows a round trip. */
const USUAL_RTT_NS = 250_000_000;
/** Quantiles of thousands of histograms take longer to read. */
const FEW_HISTOGRAMS = 64;

export async function* watched(
  engine: Engine,
  spraying: Spraying,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<SprayState, SprayEnd> {
  const beganNs = engine.nowNs();
  const rules = createStopRules(options.stopLoss);
  const unknown = createSprayUnknown(options.timeoutNs, 0);
  const history: { atNs: number; sent: number }[] = [{ atNs: 0, sent: 0 }];
  const histograms = histogramsOf(spraying, options.templates);
  const everyLooks = histograms.length > FEW_HISTOGRAMS ? 10 : 1;
  let rttNs: Quantiles | null = null;
  let stopped: StopReason | null = null;
  let drainedNs: number | null = null;
  let excused = 0;
  for (let looks = 1; ; looks += 1) {
    await spraying.wait(engine.nowNs() + LOOK_NS);
    const elapsedNs = Number(engine.nowNs() - beganNs);
    const counters = spraying.counters();
    unknown.look(counters, elapsedNs);
    if (looks % everyLooks === 0) rttNs = roundTrips(spraying, histograms);
    const known = rttNs?.p99 ?? options.rttNs ?? Math.min(USUAL_RTT_NS, options.timeoutNs);
    const disturbances = engine.disturbances?.() ?? [];
    const reason = rules.look({ nowNs: elapsedNs, counters, rttNs: known, disturbances });
    if (stopped === null && reason !== null && (drainedNs === null || reason.code !== 'LOSS_STOPPED')) {
      stopped = reason;
      if (reason.code === 'INTERFACE_DOWN') excused = counters.sent - history[0]!.sent;
    }
    if (signal.aborted || stopped !== null) spraying.stop();
    if (drainedNs === null && counters.finished) drainedNs = elapsedNs;
    history.push({ atNs: elapsedNs, sent: counters.sent });
    while (history.length > 2 && history[1]!.atNs <= elapsedNs - Math.max(SECOND_NS, options.timeoutNs)) history.shift();
    const second = history.findLast(({ atNs }) => atNs <= elapsedNs - SECOND_NS) ?? history[0]!;
    const kept = ((counters.sent - second.sent) * 1e9) / Math.max(1, elapsedNs - second.atNs);
    const state = { elapsedNs, counters, kept, recent: rules.recent(), rttNs, draining: drainedNs !== null, stopped };
    const isDecided =
      drainedNs !== null && (elapsedNs >= drainedNs + options.timeoutNs || counters.received + counters.late === counters.sent);
    if (isDecided || stopped?.code === 'COUNTS_BROKEN') {
      await spraying.decided();
      const last = spraying.counters();
      const dropped = unknown.total(last, Number(engine.nowNs() - beganNs));
      return {
        ...state,
        counters: last,
        rttNs: roundTrips(spraying, histograms),
        unknown: dropped === null ? null : dropped + excused,
      };
    }
    yield state;
  }
}

function histogramsOf(spraying: Spraying, templates: number): number[] {
  const numbers = new Set<number>();
  for (let template = 0; template < templates; template += 1) numbers.add(spraying.histogramOf(template));
  return [...numbers];
}

/** Over all templates. */
function roundTrips(spraying: Spraying, histograms: readonly number[]): Quantiles | null {
  if (spraying.wholeHistogram !== undefined) return quantiles(spraying.wholeHistogram());
  const all = new Float64Array(BUCKETS);
  for (const number of histograms) {
    const counts = spraying.histogram(number);
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) all[bucket]! += counts[bucket]!;
  }
  return quantiles(all);
}

export function quantiles(counts: ArrayLike<number>): Quantiles | null {
  const [min, p50, p95, p99, max] = [0, 0.5, 0.95, 0.99, 1].map((part) => quantile(counts, part));
  return min == null ? null : { min, p50: p50!, p95: p95!, p99: p99!, max: max! };
}
