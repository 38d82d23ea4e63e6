/** Ranks, and whether sums of columns with positive weights can be equal: exact where it is a matter of whole numbers. */
import type { Column } from './columns.ts';

/** A prime below 2²⁶, so that products of remainders are exact. A rank modulo a prime is never above the true one, and below it hardly ever. */
const PRIMES = [67108859, 67108837] as const;

/** Rank over the rationals. */
export function rankOfColumns(columns: readonly Column[], walks: number): number {
  return Math.max(...PRIMES.map((prime) => rankModulo(columns, walks, prime)));
}

function rankModulo(columns: readonly Column[], walks: number, prime: number): number {
  const basis = createBasis(walks, prime);
  return columns.filter((column) => basis.add(column)).length;
}

export interface Basis {
  /** Whether the column is no sum of those before; then it is one of them from now on. */
  readonly add: (column: Column) => boolean;
}

export function createBasis(length: number, prime: number = PRIMES[0]): Basis {
  const rows: { readonly lead: number; readonly values: Float64Array }[] = [];
  return {
    add({ walks, times }) {
      const values = new Float64Array(length);
      for (const [place, walk] of walks.entries()) values[walk] = times[place]! % prime;
      for (const { lead, values: row } of rows) {
        const by = values[lead]!;
        if (by !== 0) for (let k = lead; k < length; k += 1) values[k] = (values[k]! + (prime - by) * row[k]!) % prime;
      }
      const lead = values.findIndex((value) => value !== 0);
      if (lead < 0) return false;
      const inverse = power(values[lead]!, prime - 2, prime);
      for (let k = lead; k < length; k += 1) values[k] = (values[k]! * inverse) % prime;
      rows.push({ lead, values });
      return true;
    },
  };
}

/** By Fermat's little theorem a number to the power of prime − 2 is its inverse. */
function power(base: number, exponent: number, prime: number): number {
  if (exponent === 0) return 1;
  const half = power((base * base) % prime, Math.floor(exponent / 2), prime);
  return exponent % 2 === 0 ? half : (half * base) % prime;
}

/** Whether some sum of all of `first` is one of all of `second`, each with a weight above 0, give or take any multiples of `either`. */
export function conesMeet(first: readonly Column[], second: readonly Column[], either: readonly Column[], walks: number): boolean {
  if (first.length === 0 && second.length === 0) return true;
  // weights can be scaled, so above 0 is as good as 1 or more
  const columns = [...first.map((column) => dense(column, walks, 1)), ...second.map((column) => dense(column, walks, -1))];
  const target = new Float64Array(walks);
  for (const column of columns) for (let k = 0; k < walks; k += 1) target[k]! -= column[k]!;
  const free = either.flatMap((column) => [dense(column, walks, 1), dense(column, walks, -1)]);
  return isNonNegativeSum(target, [...columns, ...free]);
}

/** Whether the column is a sum of the others with weights of 0 or more. */
export const inCone = (column: Column, others: readonly Column[], walks: number): boolean =>
  isNonNegativeSum(
    dense(column, walks, 1),
    others.map((other) => dense(other, walks, 1)),
  );

function dense({ walks, times }: Column, length: number, sign: number): Float64Array {
  const values = new Float64Array(length);
  for (const [place, walk] of walks.entries()) values[walk] = sign * times[place]!;
  return values;
}

/** Entries are counts of crossings, small whole numbers: what is left of rounding is far below. */
const ROUNDING = 1e-7;

/** Phase one of the simplex method, by Bland's rule so that it ends. */
function isNonNegativeSum(target: Float64Array, columns: readonly Float64Array[]): boolean {
  const width = columns.length;
  const rows = Array.from(target, (value, k) => {
    const sign = value < 0 ? -1 : 1;
    return [...columns.map((column) => sign * column[k]!), sign * value];
  });
  const basic = rows.map(() => -1); // an artificial variable, which is never taken in again
  for (;;) {
    const entering = Array.from({ length: width }, (_, k) => k).find(
      (k) => rows.reduce((sum, row, at) => sum + (basic[at] === -1 ? row[k]! : 0), 0) > ROUNDING,
    );
    if (entering === undefined) break;
    let leaving = -1;
    for (const [at, row] of rows.entries()) {
      if (row[entering]! <= ROUNDING) continue;
      const ratio = row[width]! / row[entering]!;
      const least = leaving < 0 ? Number.POSITIVE_INFINITY : rows[leaving]![width]! / rows[leaving]![entering]!;
      if (ratio < least - ROUNDING || (ratio <= least + ROUNDING && basic[at]! < basic[leaving]!)) leaving = at;
    }
    if (leaving < 0) break;
    pivot(rows, leaving, entering);
    basic[leaving] = entering;
  }
  return rows.every((row, at) => basic[at] !== -1 || row[width]! < ROUNDING);
}

function pivot(rows: number[][], leaving: number, entering: number): void {
  const by = rows[leaving]![entering]!;
  rows[leaving] = rows[leaving]!.map((value) => value / by);
  for (const [at, row] of rows.entries()) {
    const share = row[entering]!;
    if (at === leaving || share === 0) continue;
    for (const [k, value] of rows[leaving]!.entries()) row[k]! -= share * value;
  }
}
