/** Quantiles of the normal distribution, against scipy 1.17's norm.ppf. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { normalQuantile } from '../../src/infer/normal.ts';

/** python3 -c 'from scipy.stats import norm; print(norm.ppf(p))' */
const SCIPY: readonly [probability: number, quantile: number][] = [
  [1e-10, -6.361340902404056],
  [1e-5, -4.264890793922825],
  [0.01, -2.3263478740408408],
  [0.3, -0.5244005127080409],
  [0.42, -0.20189347914185088],
  [0.5, 0],
  [0.9, 1.2815515655446004],
  [0.975, 1.959963984540054],
  [0.995, 2.5758293035489004],
  [0.99995, 3.8905918864131204],
];

test('quantiles agree with scipy to seven digits, in the centre, the shoulders and the tails', () => {
  for (const [probability, quantile] of SCIPY) {
    const error = Math.abs(normalQuantile(probability) - quantile);
    assert.ok(error <= 2e-7 * Math.max(1, Math.abs(quantile)), `${probability}: off by ${error}`);
  }
});

test('quantiles rise with the probability and mirror around one half', () => {
  const probability = fc.double({ min: 1e-9, max: 0.5, noNaN: true });
  fc.assert(
    fc.property(probability, probability, (one, other) => {
      const [low, high] = one < other ? [one, other] : [other, one];
      assert.ok(high - low < 1e-6 * low || normalQuantile(low) < normalQuantile(high));
      assert.ok(Math.abs(normalQuantile(low) + normalQuantile(1 - low)) < 1e-4);
    }),
  );
});

test('a probability of 0, 1 or no number is a bad call', () => {
  for (const bad of [0, 1, -0.1, 1.1, Number.NaN]) assert.throws(() => normalQuantile(bad), /between 0 and 1/);
});

test.run();
