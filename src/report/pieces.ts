/** Texts that come again and again, as pieces of a page: each is made once, as long as another does not take its place. */

/** Finds a piece by three whole numbers, which are all that its text depends on. */
export type Pieces<Of> = (of: Of, a: number, b: number, c: number) => Uint8Array;

const PLACES = 1024;

export function createPieces<Of>(text: (of: Of) => string): Pieces<Of> {
  const keys = new Int32Array(3 * PLACES);
  const made: (Uint8Array | undefined)[] = Array<Uint8Array | undefined>(PLACES).fill(undefined);
  return (of, a, b, c) => {
    const place = ((Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35)) >>> 8) & (PLACES - 1);
    const at = 3 * place;
    const known = made[place];
    if (known !== undefined && keys[at] === (a | 0) && keys[at + 1] === (b | 0) && keys[at + 2] === (c | 0)) return known;
    const fresh = Uint8Array.from(Buffer.from(text(of)));
    keys[at] = a;
    keys[at + 1] = b;
    keys[at + 2] = c;
    made[place] = fresh;
    return fresh;
  };
}

const MOST_WORDS = 4096;
const numbers = new Map<string | null, number>();
let next = 0;

/** A number for a word, the same while few words are in use: never one that another word had. */
export function wordNumber(word: string | null): number {
  let number = numbers.get(word);
  if (number === undefined) {
    if (numbers.size === MOST_WORDS) numbers.clear();
    number = next;
    next += 1;
    numbers.set(word, number);
  }
  return number;
}
