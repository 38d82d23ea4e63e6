/** A recorded spray again: the counts of its looks in their order, at their times. Its packets are for readers of the file: nothing is counted anew. */
import { BeaconError } from '../../error.ts';
import type { Message } from '../recording/message.ts';
import { unpackedCounts } from '../recording/sparse.ts';
import type { LossRun, SprayCounters, Spraying, SprayJob } from '../spray.ts';
import { BUCKETS } from '../spray-histogram.ts';

export interface SprayPorts {
  readonly path: string;
  /** The next message of this kind, and those before it heeded; null: the recording is over, or the spray is. */
  readonly next: <Kind extends Message['kind']>(kind: Kind) => Extract<Message, { kind: Kind }> | null;
  /** The clock goes there; nanoseconds since the plan's start. */
  readonly moveTo: (atNs: number) => Promise<void>;
  /** The recording breaks off; the clock goes on to there. */
  readonly ends: (untilNs: bigint | null) => void;
}

export async function replayedSpray(job: SprayJob, { path, next, moveTo, ends }: SprayPorts): Promise<Spraying> {
  const begun = next('spray');
  if (begun === null || begun.templates !== job.templates || begun.flows !== job.flows)
    throw new BeaconError(
      'ERR_FILE',
      `${path} holds no spray of ${job.templates} targets and ${job.flows} flows: it is of another run, or breaks off before it`,
    );
  let counters: SprayCounters = NOTHING;

  /** Where the recording breaks off its counts are of nothing: all that was sent is unknown. */
  async function look(untilNs: bigint | null): Promise<void> {
    const epoch = next('epoch');
    if (epoch === null) {
      counters = { ...counters, drops: null, finished: true };
      ends(untilNs);
      return;
    }
    counters = epoch.counters;
    await moveTo(epoch.atNs);
  }

  return {
    sender: begun.sender,
    matcher: begun.matcher,
    why: begun.why,
    counters: () => counters,
    cells(from, into) {
      const told = next('cells');
      for (const name of ['received', 'duplicates', 'reordered', 'corrupted'] as const) {
        unpackedCounts(told?.from === from ? told[name] : new Uint8Array(0), into[name]);
      }
    },
    histogramOf: (template) => begun.histograms?.[template] ?? template,
    histogram: () => unpacked(next('histogram')?.counts),
    flowHistogram: () => (begun.flowHistograms === true ? unpacked(next('flowHistogram')?.counts) : null),
    lossRuns: () => unpackedRuns(next('lossRuns')?.runs),
    flowLossRuns: () => (begun.flowLossRuns === true ? (unpackedRuns(next('flowLossRuns')?.runs) ?? []) : null),
    errors: () => next('errors')?.errors ?? [],
    pace() {},
    stop() {},
    wait: look,
    decided: () => look(null),
    async close() {
      next('sprayed');
    },
  };
}

const unpackedRuns = (runs: readonly (readonly [number, number])[] | null | undefined): LossRun[] | null =>
  runs?.map(([length, times]) => ({ length, times })) ?? null;

function unpacked(packed: Uint8Array = new Uint8Array(0)): Float64Array {
  const counts = new Float64Array(BUCKETS);
  unpackedCounts(packed, counts);
  return counts;
}

const NOTHING: SprayCounters = {
  next: 0,
  sent: 0,
  refused: 0,
  received: 0,
  duplicates: 0,
  reordered: 0,
  corrupted: 0,
  late: 0,
  foreign: 0,
  drops: 0,
  behindNs: 0,
  finished: false,
  error: null,
};
