/** Mean log likelihood ratio of a probe that is lost with one chance, against another (S. Kullback and R. A. Leibler, 1951). */
export function divergence(chance: number, other: number): number {
  const part = (is: number, would: number): number => (is === 0 ? 0 : is * Math.log(is / would));
  return Math.max(0, part(chance, other) + part(1 - chance, 1 - other));
}
