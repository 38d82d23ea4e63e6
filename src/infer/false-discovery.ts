/** Many tests at once: which of them may be called findings. */

/**
 * The indexes of the p-values that are findings, where on average at most `share` of the findings are none: Benjamini and Hochberg,
 * "Controlling the False Discovery Rate", JRSS B 57, 1995. Tests are independent, or move together. Throws RangeError for a share outside 0–1.
 */
export function discoveries(chances: readonly number[], share: number): number[] {
  if (!(share > 0 && share < 1)) throw new RangeError(`A share of false discoveries lies between 0 and 1, got ${share}`);
  const order = chances.map((_, index) => index).sort((a, b) => chances[a]! - chances[b]!);
  const last = order.findLastIndex((index, rank) => chances[index]! <= (share * (rank + 1)) / chances.length);
  return order.slice(0, last + 1).sort((a, b) => a - b);
}
