/** Factorials that no number could hold, as logarithms. */

/** Stirling's series is exact to twelve digits from here on. */
const FROM = 16;

/** ln(n!) of a count. */
export function logFactorial(n: number): number {
  if (n >= FROM) return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5);
  let product = 1;
  for (let i = 2; i <= n; i += 1) product *= i;
  return Math.log(product);
}

/** The logarithm of the number of ways to choose so many of n. */
export const logChoices = (n: number, chosen: number): number => logFactorial(n) - logFactorial(chosen) - logFactorial(n - chosen);
