/** The beta distribution: shares of which a and b were seen. */

const MOST_TERMS = 10_000;
const PRECISION = 1e-14;

/**
 * The value that a Beta(a, b) variable stays below with this probability, 0–1, to nine digits: bisection on the continued fraction
 * (M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions", 26.5.8). Throws RangeError unless a and b are above 0 and the
 * probability lies between 0 and 1.
 */
export function betaQuantile(probability: number, a: number, b: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`A probability here lies between 0 and 1, got ${probability}`);
  if (!(a > 0 && b > 0)) throw new RangeError(`A beta distribution has parameters above 0, got ${a} and ${b}`);
  let [low, high] = [0, 1];
  for (let step = 0; step < 200 && high - low > 1e-10 * high; step += 1) {
    const middle = (low + high) / 2;
    if (betaCumulative(middle, a, b) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The probability that a Beta(a, b) variable stays below x. */
export function betaCumulative(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // the fraction converges fast on this side of the mean only
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCumulative(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return front / (a * fraction(x, a, b));
}

/** 1 + d1 x / (1 + d2 x / (1 + …)), by the modified method of W. J. Lentz. */
function fraction(x: number, a: number, b: number): number {
  let [value, c, d] = [1, 1, 0];
  for (let m = 1; m < MOST_TERMS; m += 1) {
    const k = Math.floor(m / 2);
    const part = m % 2 === 0 ? (k * (b - k) * x) / ((a + m - 1) * (a + m)) : (-(a + k) * (a + b + k) * x) / ((a + m - 1) * (a + m));
    d = 1 / (1 + part * d);
    c = 1 + part / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < PRECISION) break;
  }
  return value;
}

/** ln Γ(x) for x > 0: Stirling's series, after moving x up to where it is exact to twelve digits. */
function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < 16; at += 1) shift += Math.log(at);
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * at) - 1 / (360 * at ** 3) + 1 / (1260 * at ** 5) - shift;
}
