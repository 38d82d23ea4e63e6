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

/** Of a range of cells: how many sendable sequences below `next` fall to each. */
export function sentToCells(idKey: number, next: number, cells: number, from: number, count: number): Float64Array {
  const [rounds, rest] = [Math.floor(next / cells), next % cells];
  const sent = Float64Array.from({ length: count }, (_, index) => rounds + (from + index < rest ? 1 : 0));
  for (const sequence of jumped(idKey, next)) {
    const index = (sequence % cells) - from;
    if (index >= 0 && index < count) sent[index]! -= 1;
  }
  return sent;
}
