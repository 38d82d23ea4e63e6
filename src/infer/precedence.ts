/** How likely two samples of one distribution lie as far apart as these do, told by a value of each whose rank is known. */
import { logChoices } from './log-factorial.ts';

/** The `rank`-th smallest of `size` values. */
export interface Ranked {
  readonly rank: number;
  readonly size: number;
}

/**
 * The probability that `lower` of one sample lies below `upper` of another, where both come from one continuous distribution: a precedence
 * test (L. S. Nelson, "Tables for a precedence life test", Technometrics 5, 1963). It does not depend on what the distribution is. Exact:
 * among the first `lower.rank + upper.rank - 1` of all values at least `lower.rank` must be of the first sample, which is hypergeometric.
 * Values are taken as independent. Throws RangeError for a rank outside its sample.
 */
export function precedence(lower: Ranked, upper: Ranked): number {
  for (const { rank, size } of [lower, upper]) {
    if (!(Number.isSafeInteger(rank) && Number.isSafeInteger(size) && rank >= 1 && rank <= size)) {
      throw new RangeError(`A rank is from 1 to its sample's size, got ${rank} of ${size}`);
    }
  }
  const drawn = lower.rank + upper.rank - 1;
  const mean = (drawn * lower.size) / (lower.size + upper.size);
  // the smaller tail: its terms fall from the first on
  return lower.rank > mean ? tail(lower, upper, drawn) : 1 - tail(upper, lower, drawn);
}

/** The probability that at least `of.rank` of the values drawn are of this sample. */
function tail(of: Ranked, other: Ranked, drawn: number): number {
  const most = Math.min(of.size, drawn);
  const first = logChoices(of.size, of.rank) + logChoices(other.size, drawn - of.rank) - logChoices(of.size + other.size, drawn);
  let term = Math.exp(first);
  let sum = 0;
  for (let k = of.rank; k <= most && term > sum * Number.EPSILON; k += 1) {
    sum += term;
    term *= ((of.size - k) / (k + 1)) * ((drawn - k) / (other.size - drawn + k + 1));
  }
  return sum;
}
