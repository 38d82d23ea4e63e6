/** The matcher of a simulated spray: what comes home is known by what it carries, counted, and goes no further. */
import { glance, isWhole, newGlance } from '../../wire/glance.ts';
import { isGenuine, readIdentity, readSentNs } from '../../wire/identity.ts';
import { transportSum } from '../../wire/transport-sum.ts';
import { FLOW_HISTOGRAMS, type LossRun, newCells, type SprayCells, type SprayJob } from '../spray.ts';
import { BUCKETS, bucketOf } from '../spray-histogram.ts';
import { isTagged } from '../spray-patch.ts';
import { cellOf, isSprayed } from '../spray-sequence.ts';

/** Headers that a probe may wear at home: one or two are its own, the rest are for tunnels that end here. */
const MOST_HEADERS = 4;
const UDP = 17;
const HEADER = 8;

export interface Book {
  readonly totals: { received: number; duplicates: number; reordered: number; corrupted: number; late: number; foreign: number };
  readonly cells: SprayCells;
  readonly histograms: readonly Float64Array[];
  /** By cell; none where there are too many. */
  readonly flowHistograms: readonly Float64Array[];
  /** True where it was ours. */
  match(packet: Uint8Array, nowNs: bigint): boolean;
  lossRuns(next: number): LossRuns;
}

/** Losses in a row within a cell: of one, or of all that a template has. */
export interface LossRuns {
  readonly template: (template: number) => readonly LossRun[];
  readonly cell: (cell: number) => readonly LossRun[];
}

export function createBook(job: SprayJob, next: () => number): Book {
  const { run, tag, templates, flows } = job;
  const count = templates * flows;
  const order = { idKey: run.idKey, templates, flows };
  const totals = { received: 0, duplicates: 0, reordered: 0, corrupted: 0, late: 0, foreign: 0 };
  const cells = newCells(count);
  const histograms = Array.from({ length: templates }, () => new Float64Array(BUCKETS));
  const flowHistograms = Array.from({ length: count <= FLOW_HISTOGRAMS ? count : 0 }, () => new Float64Array(BUCKETS));
  const highest = new Float64Array(count).fill(-1);
  const seen = newGlance(MOST_HEADERS);
  let home = new Uint8Array(1024); // by sequence: it was here

  function match(packet: Uint8Array, nowNs: bigint): boolean {
    if (!glance(packet, 0, packet.length, seen) || !isWhole(packet, seen)) return false;
    const isEcho = (seen.protocol === 1 && packet[seen.bodyAt] === 8) || (seen.protocol === 58 && packet[seen.bodyAt] === 128);
    if (seen.protocol !== UDP && !isEcho) return false;
    const at = seen.bodyAt + HEADER;
    const identity = readIdentity(packet, at, seen.end);
    if (identity === null) return false;
    const { sequence, path: cell } = identity;
    if (identity.run !== run.number) {
      totals.foreign += 1;
      return false;
    }
    const headerAt = seen.at[seen.count - 1]!;
    const isRight = transportSum(packet, headerAt, seen.protocol, seen.bodyAt, seen.end) === 0xffff;
    const isOurs = !isTagged(tag, sequence) || isGenuine(packet, at, run.key);
    if (!isRight || !isOurs) {
      totals.corrupted += 1;
      if (cell < count) cells.corrupted[cell]! += 1; // as far as can be told: the cell itself may be what is wrong
    } else if (sequence >= next() || cellOf(sequence, order) !== cell || !isSprayed(run.idKey, sequence)) totals.foreign += 1;
    else land(cell, sequence, Number(nowNs - readSentNs(packet, at)));
    return true;
  }

  function land(cell: number, sequence: number, rttNs: number): void {
    if (sequence >= home.length) {
      const wider = new Uint8Array(2 ** Math.ceil(Math.log2(sequence + 1)));
      wider.set(home);
      home = wider;
    }
    if (home[sequence]! > 0) {
      totals.duplicates += 1;
      cells.duplicates[cell]! += 1;
      return;
    }
    if (rttNs > job.timeoutNs) {
      home[sequence] = LATE;
      totals.late += 1;
      return;
    }
    home[sequence] = IN_TIME;
    totals.received += 1;
    cells.received[cell]! += 1;
    if (sequence < highest[cell]!) {
      totals.reordered += 1;
      cells.reordered[cell]! += 1;
    } else highest[cell] = sequence;
    histograms[cell % templates]![bucketOf(rttNs)]! += 1;
    const own = flowHistograms[cell];
    if (own !== undefined) own[bucketOf(rttNs)]! += 1;
  }

  function lossRuns(end: number): LossRuns {
    const under = new Float64Array(count);
    const ended = new Map<number, number[]>(); // by cell
    const close = (cell: number): void => {
      const length = under[cell]!;
      under[cell] = 0;
      if (length === 0) return;
      const lengths = ended.get(cell);
      if (lengths === undefined) ended.set(cell, [length]);
      else lengths.push(length);
    };
    for (let sequence = 0; sequence < end; sequence += 1) {
      if (!isSprayed(run.idKey, sequence)) continue;
      const cell = cellOf(sequence, order);
      if (home[sequence] === IN_TIME) close(cell);
      else under[cell]! += 1;
    }
    for (let cell = 0; cell < count; cell += 1) close(cell);
    return {
      cell: (cell) => byLength(ended.get(cell) ?? []),
      template: (template) => byLength(Array.from({ length: flows }, (_, flow) => ended.get(flow * templates + template) ?? []).flat()),
    };
  }

  return { totals, cells, histograms, flowHistograms, match, lossRuns };
}

function byLength(lengths: readonly number[]): LossRun[] {
  const times = new Map<number, number>();
  for (const length of lengths) times.set(length, (times.get(length) ?? 0) + 1);
  return [...times].sort(([a], [b]) => a - b).map(([length, count]) => ({ length, times: count }));
}

const IN_TIME = 1;
const LATE = 2;
