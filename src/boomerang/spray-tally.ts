/**
 * What a spray comes to: counts by template and by cell that add up. What this machine itself may have dropped is unknown; which probes
 * those were nobody knows, so they are shared out by what is missing, and every interval covers both extremes.
 */
import { type LossRun, newCells, type Spraying } from '../engine/spray.ts';
import { sentTo } from '../engine/spray-sequence.ts';
import { wilson } from '../infer/interval.ts';

/** sent = received + lost + unknown. */
export interface SprayCount {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly unknown: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly corrupted: number;
  /** lost / (sent − unknown); null where that is nothing. */
  readonly loss: number | null;
  readonly lossLow: number | null;
  readonly lossHigh: number | null;
}

export interface SprayTally {
  readonly total: SprayCount;
  readonly target: (target: number) => SprayCount;
  readonly cell: (target: number, flow: number) => SprayCount;
  /** The part of a cell's packets that did not come home; null where all did, once, in order and whole. */
  readonly amiss: (target: number, flow: number) => number | null;
}

export interface Sprayed {
  readonly templates: number;
  readonly flows: number;
  readonly idKey: number;
  /** Sequences below were sent. */
  readonly next: number;
  /** So many of the missing this machine may have dropped itself; null: nobody counts that. */
  readonly unknown: number | null;
}

const CHUNK = 65_536;
const COLUMNS = ['received', 'duplicates', 'reordered', 'corrupted'] as const;
type Column = (typeof COLUMNS)[number];
type Counted = Record<Column, number> & { readonly sent: number; readonly missing: number };

/** There may be a million cells: what they and their targets have is kept in columns, and made a count when it is asked for. */
export function tallySpray(spraying: Pick<Spraying, 'cells'>, { templates, flows, idKey, next, unknown: most }: Sprayed): SprayTally {
  const cells = columnsOf(spraying, templates * flows);
  const sentOf = sentTo(next, { idKey, templates, flows });
  const atCell = (cell: number): Counted => counted(sentOf(cell), (column) => cells[column]?.[cell] ?? 0);
  const sums = Object.fromEntries([...COLUMNS, 'sent', 'missing'].map((name) => [name, new Uint32Array(templates)])) as Sums;
  for (let cell = 0; cell < templates * flows; cell += 1) {
    const sent = sentOf(cell);
    const target = cell % templates;
    sums.sent[target]! += sent;
    sums.missing[target]! += Math.max(0, sent - cells.received![cell]!);
    for (const column of COLUMNS) sums[column][target]! += cells[column]?.[cell] ?? 0;
  }
  const total = totalOf(sums);
  const unknown = most === null ? total.missing : Math.min(total.missing, most);
  const shares = Uint32Array.from(spread(Array.from(sums.missing), unknown));
  const around = { missing: total.missing, unknown };
  return {
    total: countOf(total, unknown, around),
    target: (target) => countOf(rowOf(sums, target), shares[target]!, around),
    cell(target, flow) {
      const one = atCell(flow * templates + target);
      return countOf(one, sharedOut(sums.missing[target]!, shares[target]!, one.missing), around);
    },
    amiss(target, flow) {
      const { sent, missing, duplicates, reordered, corrupted } = atCell(flow * templates + target);
      return missing + duplicates + reordered + corrupted === 0 ? null : missing / Math.max(1, sent);
    },
  };
}

/** A column that is all zeros is left out. */
function columnsOf(spraying: Pick<Spraying, 'cells'>, cells: number): Partial<Record<Column, Uint32Array>> {
  const columns: Partial<Record<Column, Uint32Array>> = { received: new Uint32Array(cells) };
  let chunk = newCells(Math.min(CHUNK, cells)); // one for all: what is thrown away is not free at once
  for (let from = 0; from < cells; from += CHUNK) {
    if (cells - from < chunk.received.length) chunk = newCells(cells - from);
    spraying.cells(from, chunk);
    for (const column of COLUMNS) {
      if (columns[column] === undefined && chunk[column].every((count) => count === 0)) continue;
      columns[column] ??= new Uint32Array(cells);
      columns[column].set(chunk[column], from);
    }
  }
  return columns;
}

type Sums = Readonly<Record<keyof Counted, Uint32Array>>;

const rowOf = (sums: Sums, target: number): Counted => ({
  ...counted(sums.sent[target]!, (column) => sums[column][target]!),
  missing: sums.missing[target]!,
});

const counted = (sent: number, of: (column: Column) => number): Counted => {
  const received = of('received');
  const missing = Math.max(0, sent - received);
  return { sent, missing, received, duplicates: of('duplicates'), reordered: of('reordered'), corrupted: of('corrupted') };
};

function totalOf(sums: Sums): Counted {
  const sum = (name: keyof Counted): number => sums[name].reduce((all, one) => all + one, 0);
  return { ...counted(sum('sent'), sum), missing: sum('missing') };
}

function countOf(
  { sent, missing, ...counts }: Counted,
  unknown: number,
  all: { readonly missing: number; readonly unknown: number },
): SprayCount {
  const most = Math.min(missing, all.unknown);
  const least = Math.max(0, all.unknown - (all.missing - missing));
  return {
    sent,
    ...counts,
    lost: missing - unknown,
    unknown,
    loss: sent === unknown ? null : (missing - unknown) / (sent - unknown),
    lossLow: sent === most ? (sent === unknown ? null : 0) : wilson(missing - most, sent - most)!.low,
    lossHigh: sent === unknown ? null : wilson(missing - least, sent - least)!.high,
  };
}

/** Whole numbers in proportion to the weights that sum up to `total`, none above its weight: largest remainders first. */
export function spread(weights: readonly number[], total: number): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum === 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (weight * total) / sum);
  const shares = exact.map(Math.floor);
  let left = total - shares.reduce((all, share) => all + share, 0);
  const order = exact.map((_, index) => index).sort((a, b) => exact[b]! - shares[b]! - (exact[a]! - shares[a]!));
  for (const index of order) {
    if (left <= 0) break;
    if (shares[index]! >= weights[index]!) continue;
    shares[index]! += 1;
    left -= 1;
  }
  return shares;
}

/** Of one cell among those of its target, rounded: the cells of a target may sum up to a few more or less than it has. */
const sharedOut = (missing: number, unknown: number, own: number): number => (missing === 0 ? 0 : Math.round((own * unknown) / missing));

/** All lengths of a list together. */
export function addedRuns(all: Iterable<readonly LossRun[] | null>): readonly LossRun[] | null {
  const byLength = new Map<number, number>();
  for (const runs of all) {
    if (runs === null) return null;
    for (const { length, times } of runs) byLength.set(length, (byLength.get(length) ?? 0) + times);
  }
  return [...byLength].sort(([a], [b]) => a - b).map(([length, times]) => ({ length, times }));
}
