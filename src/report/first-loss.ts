/** Where loss begins in a probe table. */
import type { TallyEvent } from './event.ts';

/**
 * The first row that lost packets, unless a deeper row refutes it: a deeper probe crosses every link that this one does, so where
 * its loss is clearly less (its interval ends below the point where this row's begins) the loss is the hop's own, not the way's.
 * Null where no row lost any. Rows come in position order.
 */
export function firstLoss(rows: readonly TallyEvent[]): TallyEvent | null {
  return rows.find((row, index) => row.lost > 0 && !rows.slice(index + 1).some((deeper) => refutes(deeper, row))) ?? null;
}

const refutes = (deeper: TallyEvent, row: TallyEvent): boolean =>
  deeper.lossHigh !== null && row.lossLow !== null && deeper.lossHigh < row.lossLow;
