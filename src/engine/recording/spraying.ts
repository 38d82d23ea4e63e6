/**
 * A spray as it is recorded: its templates, what its counters said at each look (an epoch), and of its packets so many as can be kept up
 * with: each one, or those whose sequence a power of two divides. A packet that was sent is made again from its template, since the
 * faster senders go past every tap.
 */

import { glance, newGlance } from '../../wire/glance.ts';
import { carriesIdentity, readIdentity, readSentNs } from '../../wire/identity.ts';
import { LINK_TYPE, networkAt } from '../../wire/link.ts';
import type { Packet } from '../engine.ts';
import type { LossRun, SprayCells, Spraying, SprayJob, SprayTemplate } from '../spray.ts';
import { patched } from '../spray-patch.ts';
import { cellOf, isSprayed } from '../spray-sequence.ts';
import { packedCounts } from './sparse.ts';
import { ANY, type RecordingWriter } from './writer.ts';

/** Probes a second that are written beside all else (two busy cores fell behind at 50,000); of many templates fewer, since each has to be made again. */
const MOST_A_SECOND = 20_000;
const MOST_OF_MANY = 2000;
const KEPT_TEMPLATES = 4096;
/** What "as many as there can be" may come to. */
const FASTEST = 16_000_000;
const HEADER = 8;
const MOST_HEADERS = 4;

/** One in so many packets is recorded: a power of two; and how many a second that makes. */
function sampled({ pace, templates }: SprayJob): { readonly every: number; readonly perSecond: number } {
  const perSecond = pace.perSecond ?? FASTEST;
  const most = templates > KEPT_TEMPLATES ? MOST_OF_MANY : MOST_A_SECOND;
  const every = 2 ** Math.ceil(Math.max(0, Math.log2(perSecond / most)));
  return { every, perSecond: perSecond / every };
}

export interface SprayTape {
  /** What the engine is to be asked in place of the job. */
  readonly job: SprayJob;
  /** What the code is given in place of the engine's own. */
  recorded(spraying: Spraying): Spraying;
}

export interface TapePorts {
  readonly writer: RecordingWriter;
  /** Nanoseconds on the engine's clock now. */
  readonly nowNs: () => bigint;
  /** The recording's clock goes there. */
  readonly moved: (timeNs: bigint) => void;
  readonly sinceStart: (timeNs: bigint) => number;
}

export function sprayTape(job: SprayJob, { writer, nowNs, moved, sinceStart }: TapePorts): SprayTape {
  const { every, perSecond } = sampled(job);
  const seen = newGlance(MOST_HEADERS);
  const waiting = new Map<number, bigint>(); // sampled, and not home: by sequence, about when it went
  const templates = new Map<number, SprayTemplate>();
  let arrived: Packet[] = [];
  let [written, sampledTo] = [0, 0];

  function template(index: number): SprayTemplate {
    const one = job.template(index);
    if (index === written) {
      writer.message({ kind: 'template', index, packet: one.packet });
      written += 1;
    }
    return one;
  }

  function known(index: number): SprayTemplate {
    const one = templates.get(index) ?? job.template(index);
    if (templates.size < KEPT_TEMPLATES) templates.set(index, one);
    return one;
  }

  function sent(sequence: number, sentNs: bigint): void {
    const cell = cellOf(sequence, { idKey: job.run.idKey, templates: job.templates, flows: job.flows });
    const packet = patched(known(cell % job.templates), job, cell, Math.floor(cell / job.templates), sequence, sentNs);
    writer.packet('outbound', job.route.interface, LINK_TYPE.raw, packet, sentNs);
  }

  /** A probe goes to the file before its first answer. */
  function home({ bytes, linkType, timeNs, arrivedBy = ANY }: Packet): void {
    const at = networkAt(linkType, bytes);
    if (at < 0 || !glance(bytes, at, bytes.length, seen)) return;
    const identityAt = seen.bodyAt + HEADER;
    const identity = carriesIdentity(bytes, identityAt, bytes.length) ? readIdentity(bytes, identityAt, bytes.length) : null;
    if (identity?.run === job.run.number) {
      if (identity.sequence % every !== 0) return;
      if (waiting.delete(identity.sequence)) sent(identity.sequence, readSentNs(bytes, identityAt));
    }
    writer.packet('inbound', arrivedBy, linkType, bytes, timeNs);
  }

  /** `next`: all sampled below it are out. What is not home after a timeout is written for itself. */
  function look(next: number, atNs: bigint, all: boolean): void {
    for (; sampledTo < next; sampledTo += every) if (isSprayed(job.run.idKey, sampledTo)) waiting.set(sampledTo, atNs);
    for (const packet of arrived) home(packet);
    arrived = [];
    for (const [sequence, sentNs] of waiting) {
      if (!all && sentNs + BigInt(job.timeoutNs) > atNs) break; // they stand in the order of their times
      waiting.delete(sequence);
      sent(sequence, sentNs);
    }
  }

  function recorded(spraying: Spraying): Spraying {
    const shared = Array.from({ length: job.templates }, (_, one) => spraying.histogramOf(one));
    const histograms = shared.every((number, one) => number === one) ? null : shared;
    const isSampled = !spraying.matcher.startsWith('xdp');
    const { sender, matcher, why } = spraying;
    writer.message({
      kind: 'spray',
      sender,
      matcher,
      why,
      templates: job.templates,
      flows: job.flows,
      every: isSampled ? every : 0,
      histograms,
      flowHistograms: (spraying.flowHistogram?.(0, 0) ?? null) !== null,
      flowLossRuns: (spraying.flowLossRuns?.(0, 0) ?? null) !== null,
    });
    const passed = (): void => {
      const atNs = nowNs();
      const counters = spraying.counters();
      if (isSampled) look(counters.next, atNs, false);
      writer.message({ kind: 'epoch', atNs: sinceStart(atNs), counters });
      moved(atNs);
      latest = counters;
    };
    let latest = spraying.counters();
    return {
      ...without(spraying), // whoever reads histograms reads each: the recording has them all
      counters: () => latest,
      cells(from, into) {
        spraying.cells(from, into);
        writer.message({ kind: 'cells', from, ...packedCells(into) });
      },
      histogram(number) {
        const counts = spraying.histogram(number);
        writer.message({ kind: 'histogram', number, counts: packedCounts(counts) });
        return counts;
      },
      flowHistogram(of, flow) {
        const counts = spraying.flowHistogram?.(of, flow) ?? null;
        if (counts !== null) writer.message({ kind: 'flowHistogram', template: of, flow, counts: packedCounts(counts) });
        return counts;
      },
      lossRuns(of) {
        const runs = spraying.lossRuns(of);
        writer.message({ kind: 'lossRuns', template: of, runs: runs === null ? null : packedRuns(runs) });
        return runs;
      },
      flowLossRuns(of, flow) {
        const runs = spraying.flowLossRuns?.(of, flow) ?? null;
        if (runs !== null) writer.message({ kind: 'flowLossRuns', template: of, flow, runs: packedRuns(runs) });
        return runs;
      },
      errors() {
        const errors = spraying.errors?.() ?? null;
        writer.message({ kind: 'errors', errors });
        return errors ?? [];
      },
      async wait(untilNs) {
        await spraying.wait(untilNs);
        passed();
      },
      async decided() {
        await spraying.decided();
        passed();
      },
      async close() {
        if (isSampled) look(latest.next, nowNs(), true);
        writer.message({ kind: 'sprayed' });
        await spraying.close();
      },
    };
  }

  const sample = { every, perSecond, home: (packet: Packet): void => void arrived.push(packet) };
  // XDP would take the packets before anybody else sees them
  return { job: { ...job, template, sample }, recorded };
}

const without = ({ wholeHistogram, ...rest }: Spraying): Spraying => rest;

const packedRuns = (runs: readonly LossRun[]): [length: number, times: number][] => runs.map(({ length, times }) => [length, times]);

const packedCells = (cells: SprayCells): Record<keyof SprayCells, Uint8Array> => ({
  received: packedCounts(cells.received),
  duplicates: packedCounts(cells.duplicates),
  reordered: packedCounts(cells.reordered),
  corrupted: packedCounts(cells.corrupted),
});

/** What a user is to know of a recording that does not hold every packet; null: it does. */
export function sampledNotice(every: number, matcher: string): string | null {
  if (matcher.startsWith('xdp'))
    return `XDP takes a spray's packets before they can be recorded: the recording has its templates and counts, and none of its packets (--matcher tc leaves them)`;
  return every === 1 ? null : `The recording holds 1 in ${every} packets of the spray, beside its templates and counts`;
}
