/** What counts the probes of a spray that come home: in the kernel at tc ingress or in XDP, or from what libpcap shows. */
import { cpus } from 'node:os';
import { BeaconError } from '../../error.ts';
import { loadMatcherAddon, MATCH_OBJECT, type MatcherAddon, type NativeMatcher } from '../../host/spray-addon.ts';
import { FLOW_HISTOGRAMS, FLOW_LOSS_RUNS, type LossRun, type MatcherName, type SprayRun, TAGGED_EVERY, type TagMode } from '../spray.ts';
import { CAPTURE_FILTER } from './filter.ts';

export interface MatcherJob {
  readonly matcher: MatcherName;
  readonly interfaces: readonly MatcherInterface[];
  readonly run: SprayRun;
  readonly templates: number;
  readonly flows: number;
  readonly tag: TagMode;
  readonly timeoutNs: number;
  /** The sender's own, to the digit. */
  readonly realtimeAheadNs: number;
  /** The sequence that goes out first; 0 where left out. */
  readonly first?: number;
  /** How many sequences may be undecided at a time: a power of two; 2^24 where left out, enough for 8 M a second and two seconds. */
  readonly ring?: number;
  /** How tc holds the program; the best that the kernel has where left out. */
  readonly attach?: 'auto' | 'tcx' | 'clsact';
  /** Bytes of libpcap's ring; 64 MB where left out. */
  readonly bufferBytes?: number;
}

export interface MatcherInterface {
  readonly name: string;
  readonly index: number;
  /** Its frames begin with an Ethernet header; else packets with their IP header. */
  readonly hasLinkHeader: boolean;
}

export interface Matcher extends Omit<NativeMatcher, 'histogram' | 'lossRuns'> {
  /** Templates may share histograms. */
  slotOf(template: number): number;
  /** By bucket of spray-histogram.ts. */
  histogram(slot: number): Float64Array;
  wholeHistogram(): Float64Array;
  /** Of one flow alone; null: flows have none of their own. */
  flowHistogram(template: number, flow: number): Float64Array | null;
  lossRuns(template: number): readonly LossRun[];
  /** Of one flow alone; null: they are counted by template. */
  flowLossRuns(template: number, flow: number): readonly LossRun[] | null;
}

const RING = 2 ** 24;
const BUFFER_BYTES = 64 << 20;
/** 6.7 kB each, and as much again for each processor where that is little. */
const MOST_HISTOGRAMS = 2048;
/** What 32 MB hold: of more than that processors have no copies of their own, and count half as fast. */
const COPIED_HISTOGRAMS = 4800;
/** Where no template has one of its own, they serve the total alone: so many that processors rarely meet in one. */
const SHARED_HISTOGRAMS = 128;
const EVERY: Readonly<Record<TagMode, number>> = { full: 1, sampled: TAGGED_EVERY, none: 0 };

/** Throws BeaconError with the reason where this machine has no such matcher. */
export function openMatcher(job: MatcherJob, addon: MatcherAddon = loadMatcherAddon()): Matcher {
  const cells = job.templates * job.flows;
  const byCell = cells <= FLOW_HISTOGRAMS && cells * cpus().length <= COPIED_HISTOGRAMS;
  const runsByCell = cells <= FLOW_LOSS_RUNS;
  const own = job.templates > MOST_HISTOGRAMS ? SHARED_HISTOGRAMS : job.templates;
  const slotOf = (template: number): number => Math.floor((template * own) / job.templates);
  const native = opened(addon, {
    matcher: job.matcher,
    devices: job.interfaces,
    object: MATCH_OBJECT,
    filter: CAPTURE_FILTER,
    run: job.run.number,
    key: job.run.key,
    idKey: job.run.idKey,
    cells,
    templates: job.templates,
    tagEvery: EVERY[job.tag],
    realtimeAheadNs: job.realtimeAheadNs,
    timeoutNs: job.timeoutNs,
    first: job.first ?? 0,
    ring: job.ring ?? RING,
    slots: byCell ? cells : own,
    slotsByCell: byCell,
    runsByCell,
    slotOf: own === job.templates ? null : Uint16Array.from({ length: job.templates }, (_, template) => slotOf(template)),
    attach: job.attach ?? 'auto',
    bufferBytes: job.bufferBytes ?? BUFFER_BYTES,
  });
  return {
    slotOf,
    places: () => native.places(),
    totals: () => native.totals(),
    cells: (from, into) => native.cells(from, into),
    histogram: (slot) => (byCell ? native.histogram(slot, job.flows, job.templates) : native.histogram(slot, 1, 1)),
    wholeHistogram: () => native.histogram(0, byCell ? cells : own, 1),
    flowHistogram: (template, flow) => (byCell ? native.histogram(flow * job.templates + template, 1, 1) : null),
    lossRuns: (template) => runsIn(runsByCell ? native.lossRuns(template * job.flows, job.flows) : native.lossRuns(template, 1)),
    flowLossRuns: (template, flow) => (runsByCell ? runsIn(native.lossRuns(template * job.flows + flow, 1)) : null),
    settle: (end, last) => native.settle(end, last),
    close: () => native.close(),
  };
}

const runsIn = (pairs: Float64Array): LossRun[] =>
  Array.from({ length: pairs.length / 2 }, (_, index) => ({ length: pairs[2 * index]!, times: pairs[2 * index + 1]! }));

function opened(addon: MatcherAddon, options: ConstructorParameters<MatcherAddon['SprayMatcher']>[0]): NativeMatcher {
  try {
    return new addon.SprayMatcher(options);
  } catch (error) {
    throw refused(error, options.matcher);
  }
}

/** The addon says what is lacking; where it is a right, the code tells. */
function refused(error: unknown, matcher: MatcherName): unknown {
  const { code, message } = error as { code?: string; message: string };
  if (code === undefined) return error; // a mistake of ours
  return new BeaconError(code === 'EPERM' ? 'ERR_PRIVILEGE' : 'ERR_ENGINE', `The matcher ${matcher} cannot be had: ${message}`, {
    cause: error,
  });
}
