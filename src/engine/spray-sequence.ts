/**
 * Which sequences a spray sends, and to which cells they fall: arithmetic in place of a count per packet. A turn goes once through all
 * cells (cell = flow × templates + template), and each turn begins at another of them, which follows from its number (bpf/spray-order.h):
 * in an order that is always the same, a loss that is itself periodic would meet the same cells always.
 */

/** A sequence is 32 bits: here a run ends. */
export const SEQUENCES: number = 2 ** 32;
const BLOCK = 65_536;
const WORD = 2 ** 32;

/** What the order of a run's cells follows from; templates and flows up to 2^21 each. */
export interface SprayOrder {
  readonly idKey: number;
  readonly templates: number;
  readonly flows: number;
}

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

/** https://github.com/skeeto/hash-prospector, "lowbias32". */
function mixed(word: number): number {
  let one = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  one = Math.imul(one ^ (one >>> 15), 0x846ca68b);
  return (one ^ (one >>> 16)) >>> 0;
}

function firstOf(turn: number, { idKey, templates, flows }: SprayOrder): number {
  const share = mixed(turn ^ idKey) * templates; // below 2^53: exact
  return Math.floor(((share % WORD) * flows) / WORD) * templates + Math.floor(share / WORD);
}

/** Where a sequence falls to. */
export function cellOf(sequence: number, order: SprayOrder): number {
  const cells = order.templates * order.flows;
  return (firstOf(Math.floor(sequence / cells), order) + (sequence % cells)) % cells;
}

/** How many sendable sequences below `next` fall to a cell. */
export function sentTo(next: number, order: SprayOrder): (cell: number) => number {
  const cells = order.templates * order.flows;
  const [turns, rest] = [Math.floor(next / cells), next % cells];
  const first = firstOf(turns, order);
  const less = new Map<number, number>();
  for (const sequence of jumped(order.idKey, next)) {
    const cell = cellOf(sequence, order);
    less.set(cell, (less.get(cell) ?? 0) + 1);
  }
  return (cell) => turns + ((cell - first + cells) % cells < rest ? 1 : 0) - (less.get(cell) ?? 0);
}
