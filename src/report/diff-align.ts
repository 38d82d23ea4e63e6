/** Which hop of one path is which of another. */

/** One of each, or of one alone. */
export type Pair<One> = readonly [a: One, b: One] | readonly [a: One, b: null] | readonly [a: null, b: One];

/**
 * The longest common subsequence stands: as many hops as can be are found again, in order. Between two of these, hops are paired
 * in the order they come, and what one path has more is its alone.
 */
export function aligned<One>(a: readonly One[], b: readonly One[], isSame: (a: One, b: One) => boolean): Pair<One>[] {
  const pairs: Pair<One>[] = [];
  let [i, j] = [0, 0];
  for (const [nextA, nextB] of [...common(a, b, isSame), [a.length, b.length] as const]) {
    for (; i < nextA && j < nextB; i += 1, j += 1) pairs.push([a[i]!, b[j]!]);
    for (; i < nextA; i += 1) pairs.push([a[i]!, null]);
    for (; j < nextB; j += 1) pairs.push([null, b[j]!]);
    if (nextA < a.length && nextB < b.length) pairs.push([a[nextA]!, b[nextB]!]);
    [i, j] = [nextA + 1, nextB + 1];
  }
  return pairs;
}

/** Places of the longest common subsequence (D. S. Hirschberg, "A linear space algorithm…", CACM 18, 1975, algorithm A). */
function common<One>(a: readonly One[], b: readonly One[], isSame: (a: One, b: One) => boolean): [number, number][] {
  const longest = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0)); // of what is left from there
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const either = Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!);
      longest[i]![j] = isSame(a[i]!, b[j]!) ? longest[i + 1]![j + 1]! + 1 : either;
    }
  }
  const places: [number, number][] = [];
  for (let [i, j] = [0, 0]; i < a.length && j < b.length; ) {
    if (isSame(a[i]!, b[j]!)) {
      places.push([i, j]);
      [i, j] = [i + 1, j + 1];
    } else if (longest[i + 1]![j]! >= longest[i]![j + 1]!) i += 1;
    else j += 1;
  }
  return places;
}
