/** The interval of a loss at a higher confidence than it was told with. */
import type { Between } from './latency.ts';
import { normalQuantile } from './normal.ts';
import { deviance, likelihoodInterval } from './stopped-interval.ts';

/**
 * Of an interval by likelihood only its ends are known: those where the deviance comes up to a limit, which grows as the square of the
 * normal quantile. So each end is moved to where the deviance of a binomial count with its maximum at the value is as many times that at
 * the end. An end at the value itself says nothing of how the likelihood falls on that side: everything there is taken in. A lower
 * confidence narrows nothing, since the interval may cover several explanations, each with a maximum of its own.
 */
export function widened({ value, low, high }: Between, from: number, to: number): Between {
  const times = Math.max(1, normalQuantile(0.5 + to / 2) / normalQuantile(0.5 + from / 2)) ** 2;
  const limit = (end: number): number => times * deviance(value, 1, end);
  return {
    value,
    low: low === value ? 0 : likelihoodInterval(value, 1, limit(low)).low,
    high: high === value ? 1 : likelihoodInterval(value, 1, limit(high)).high,
  };
}
