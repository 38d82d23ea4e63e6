/**
 * What a spray comes to: counts by template and by cell that add up. What this machine itself may have dropped is unknown; which probes
 * those were nobody knows, so they are shared out by what is missing, and every interval covers both extremes.
 */
import { type LossRun, newCells, type Spraying } from '../engine/spray.ts';
import { sentToCells } from '../engine/spray-sequence.ts';
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
  readonly byTarget: readonly SprayCount[];
  readonly cell: (target: number, flow: number) => SprayCount;
}

export interface Sprayed {
  readonly templates: number;
  readonly flows: number;
  readonly idKey: number;
  /** Sequences below were sent. */
  readonly next: number;
  /** So many of the missing this machine may have dropped itself; null: nobody counts that. */
  readonly drops: number | null;
}

const CHUNK = 65_536;
const COLUMNS = ['received', 'duplicates', 'reordered', 'corrupted'] as const;
type Column = (typeof COLUMNS)[number];

export function tallySpray(spraying: Pick<Spraying, 'cells'>, { templates, flows, idKey, next, drops }: Sprayed): SprayTally {
  const cells = templates * flows;
  const columns = {
    received: new Uint32Array(cells),
    duplicates: new Uint32Array(cells),
    reordered: new Uint32Array(cells),
    corrupted: new Uint32Array(cells),
  };
  const sent = new Uint32Array(cells);
  for (let from = 0; from < cells; from += CHUNK) {
    const chunk = newCells(Math.min(CHUNK, cells - from));
    spraying.cells(from, chunk);
    for (const column of COLUMNS) columns[column].set(chunk[column], from);
    sent.set(sentToCells(idKey, next, cells, from, chunk.received.length), from);
  }
  const { received, duplicates, reordered, corrupted } = columns;
  const atCell = (cell: number): Counted => ({
    sent: sent[cell]!,
    missing: Math.max(0, sent[cell]! - received[cell]!),
    received: received[cell]!,
    duplicates: duplicates[cell]!,
    reordered: reordered[cell]!,
    corrupted: corrupted[cell]!,
  });
  const ofTarget = (target: number): Counted => {
    let sum = atCell(target);
    for (let cell = target + templates; cell < cells; cell += templates) sum = added(sum, atCell(cell));
    return sum;
  };
  const targets = Array.from({ length: templates }, (_, target) => ofTarget(target));
  const total = targets.reduce(added);
  const unknown = drops === null ? total.missing : Math.min(total.missing, drops);
  const shares = spread(
    targets.map(({ missing }) => missing),
    unknown,
  );
  const around = { missing: total.missing, unknown };
  return {
    total: countOf(total, unknown, around),
    byTarget: targets.map((one, target) => countOf(one, shares[target]!, around)),
    cell(target, flow) {
      const one = atCell(flow * templates + target);
      return countOf(one, sharedOut(targets[target]!.missing, shares[target]!, one.missing), around);
    },
  };
}

type Counted = Record<Column, number> & { readonly sent: number; readonly missing: number };

const added = (one: Counted, other: Counted): Counted => ({
  sent: one.sent + other.sent,
  missing: one.missing + other.missing,
  received: one.received + other.received,
  duplicates: one.duplicates + other.duplicates,
  reordered: one.reordered + other.reordered,
  corrupted: one.corrupted + other.corrupted,
});

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
export function addedRuns(all: readonly (readonly LossRun[] | null)[]): readonly LossRun[] | null {
  if (all.some((runs) => runs === null)) return null;
  const byLength = new Map<number, number>();
  for (const { length, times } of all.flatMap((runs) => runs ?? [])) byLength.set(length, (byLength.get(length) ?? 0) + times);
  return [...byLength].sort(([a], [b]) => a - b).map(([length, times]) => ({ length, times }));
}
