/** A row of whole numbers below 2^32 that only grows: half of the memory that an array takes. */

export interface NumberRow {
  readonly length: number;
  push(value: number): void;
  /** 0 beyond the end. */
  at(index: number): number;
}

const FIRST_ROOM = 16;

export function createNumberRow(): NumberRow {
  let numbers = new Uint32Array(FIRST_ROOM);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value) {
      if (length === numbers.length) {
        const wider = new Uint32Array(Math.ceil(length * 1.5));
        wider.set(numbers);
        numbers = wider;
      }
      numbers[length] = value;
      length += 1;
    },
    at: (index) => numbers[index] ?? 0,
  };
}
