/** Which probes of a recording were answered: found in a first reading, one bit a probe. */

export interface Fates {
  answered(run: number, sequence: number): void;
  isAnswered(run: number, sequence: number): boolean;
}

const PAGE_BITS = 16;
/** 268 million probes, in 32 MB; more than that are called lost only where the pages suffice. */
const MOST_PAGES = 4096;

export function createFates(): Fates {
  const pages = new Map<string, Uint8Array>();
  const pageOf = (run: number, sequence: number): string => `${run}.${sequence >>> PAGE_BITS}`;
  return {
    answered(run, sequence) {
      const key = pageOf(run, sequence);
      let page = pages.get(key);
      if (page === undefined) {
        if (pages.size === MOST_PAGES) return;
        page = new Uint8Array(1 << (PAGE_BITS - 3));
        pages.set(key, page);
      }
      const bit = sequence & ((1 << PAGE_BITS) - 1);
      page[bit >> 3]! |= 1 << (bit & 7);
    },
    isAnswered(run, sequence) {
      const page = pages.get(pageOf(run, sequence));
      if (page === undefined) return pages.size === MOST_PAGES; // not known: rather not called lost
      const bit = sequence & ((1 << PAGE_BITS) - 1);
      return (page[bit >> 3]! & (1 << (bit & 7))) !== 0;
    },
  };
}
