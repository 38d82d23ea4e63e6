/**
 * When a router has been asked with enough flows: the stopping rule of the multipath detection algorithm (Augustin, Friedman, Teixeira,
 * "Multipath tracing with Paris traceroute", 2007; Veitch, Augustin, Friedman, Teixeira, "Failure control in multipath route tracing", 2009).
 */
import { normalQuantile } from '../infer/normal.ts';

/** With more next hops than this a router is not searched further. */
export const MOST_NEXT_HOPS = 64;

/**
 * Flows after which it is called complete that `seen` next hops are all: if there were one more, all equally likely, one of them would stay
 * unseen with at most this probability. `share`: the least share that a next hop may have; that of an equal one where it is left out.
 * Throws RangeError unless 0 < risk < 1.
 */
export function flowsNeeded(seen: number, risk: number, share: number = 1 / (seen + 1)): number {
  if (!(risk > 0 && risk < 1)) throw new RangeError(`A risk lies between 0 and 1, got ${risk}`);
  if (seen === 0) return 1;
  const exact = Math.log(risk / (seen + 1)) / Math.log1p(-Math.min(share, 1 / (seen + 1)));
  return Math.ceil(exact - ROUNDING);
}

/** The probability that a next hop is missing after so many flows, at most; 1 before the first. */
export function missedRisk(seen: number, flows: number, share: number = 1 / (seen + 1)): number {
  if (seen === 0) return 1;
  return Math.min(1, (seen + 1) * (1 - Math.min(share, 1 / (seen + 1))) ** flows);
}

/** 8 flows need not be 9 for the last bit of a logarithm. */
const ROUNDING = 1e-9;

/**
 * What the i-th router that is searched (from 1) may spend of the whole graph's risk. All shares together are 1, however many there are:
 * c/((i+c−1)(i+c)) = c/(i+c−1) − c/(i+c), a sum that telescopes. So the graph's risk needs no guess of how many routers there will be.
 */
export const riskShare = (index: number): number => EARLY / ((index + EARLY - 1) * (index + EARLY));

/** About so many routers share nearly alike: an ordinary path with a diamond or two. */
const EARLY = 16;

/**
 * The share that a missing next hop is taken to have: that of the rarest one seen where the counts are too uneven for equal shares (a chi
 * square test that errs once in a thousand), else null.
 */
export function unevenShare(counts: readonly number[]): number | null {
  const flows = counts.reduce((sum, count) => sum + count, 0);
  const expected = flows / counts.length;
  if (counts.length < 2 || expected < LEAST_EXPECTED) return null;
  const distance = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return distance > chiSquareLimit(counts.length - 1) ? Math.min(...counts) / flows : null;
}

/** Below it the distribution of the distance is not that of chi square. */
const LEAST_EXPECTED = 3;
const LIMIT_DEVIATIONS = normalQuantile(0.999);

/** Wilson and Hilferty's approximation (1931). */
const chiSquareLimit = (degrees: number): number =>
  degrees * (1 - 2 / (9 * degrees) + LIMIT_DEVIATIONS * Math.sqrt(2 / (9 * degrees))) ** 3;
