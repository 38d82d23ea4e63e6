/** How likely one of two groups fails so much more often than the other by chance alone. */
import type { Proportion } from './difference.ts';
import { logChoices } from './log-factorial.ts';

/**
 * The probability of as many successes in the second group as it has, or more, where both have one rate and the total is what it is: Fisher's
 * exact test, one-sided (R. A. Fisher, "The Logic of Inductive Inference", JRSS 98, 1935). 1 where a group has no trials. Trials are taken as
 * independent. Throws RangeError for successes that are more than the trials.
 */
export function fisherMore(first: Proportion, second: Proportion): number {
  for (const { successes, trials } of [first, second]) {
    if (!(Number.isSafeInteger(successes) && Number.isSafeInteger(trials) && successes >= 0 && successes <= trials))
      throw new RangeError(`Successes are a count up to the trials, got ${successes} of ${trials}`);
  }
  const all = first.trials + second.trials;
  const total = first.successes + second.successes;
  const most = Math.min(total, second.trials);
  const mean = all === 0 ? 0 : (total * second.trials) / all;
  const known = logChoices(all, total);
  const term = (k: number): number => Math.exp(logChoices(second.trials, k) + logChoices(first.trials, total - k) - known);
  const least = Math.max(0, total - first.trials);
  // the tail that does not hold the mean: its terms fall
  if (second.successes > mean) return sum(term, second.successes, most, 1);
  return 1 - sum(term, second.successes - 1, least, -1);
}

function sum(term: (k: number) => number, from: number, to: number, step: 1 | -1): number {
  let result = 0;
  for (let k = from; step * (to - k) >= 0; k += step) {
    const more = term(k);
    result += more;
    if (more <= result * Number.EPSILON) break;
  }
  return Math.min(1, result);
}
