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

/**
 * Between whom the loss of a row begins, where that is no single link that was seen to be one: its leg goes past a hop that cannot be
 * visited, may be longer than the path says, or was never heard of. Null where it is one. `rows` holds the row of the hop before.
 */
export function routersOfLoss(row: TallyEvent, rows: readonly TallyEvent[]): string | null {
  if (row.leg !== 'routers' || row.legFrom === null) return null;
  const before = rows.find(({ position }) => position === row.legFrom);
  const hops = row.position - row.legFrom;
  const length = before === undefined ? 'of a distance that is not known' : hops > 1 ? `${hops} hops` : 'not seen to be one hop';
  return `The first loss is between routers, not on one known link: ${before?.address ?? 'us'} and ${row.address ?? '*'} (${length}).`;
}
