/** Which sequences a spray sends, and how many of them fall to each cell: arithmetic in place of a count per packet. */

/** A sequence is 32 bits: here a run ends. */
export const SEQUENCES: number = 2 ** 32;
const BLOCK = 65_536;

/** Both halves of the scattered sequence must be there: an IP ID of 0 is overwritten, and a UDP checksum of 0 means none. */
export function isSprayed(idKey: number, sequence: number): boolean {
  const scattered = (sequence ^ idKey) >>> 0;
  return (scattered & 0xffff) !== 0 && scattered >>> 16 !== 0;
}

/** The sequences below `next` that are jumped over: one in each block of 65,536, and one whole block. */
function* jumped(idKey: number, next: number): Generator<number> {
  const [block, within] = [(idKey >>> 16) * BLOCK, idKey & 0xffff];
  for (let at = within; at < next; at += BLOCK) yield at;
  for (let at = block; at < Math.min(next, block + BLOCK); at += 1) if ((at & 0xffff) !== within) yield at;
}

/** How many sendable sequences below `next` fall to a cell. */
export function sentTo(idKey: number, next: number, cells: number): (cell: number) => number {
  const [rounds, rest] = [Math.floor(next / cells), next % cells];
  const less = new Map<number, number>();
  for (const sequence of jumped(idKey, next)) less.set(sequence % cells, (less.get(sequence % cells) ?? 0) + 1);
  return (cell) => rounds + (cell < rest ? 1 : 0) - (less.get(cell) ?? 0);
}
