/** Wilson's interval, against published figures and scipy. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { wilson } from '../../src/infer/interval.ts';

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);

/** R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I, method 3. */
const NEWCOMBE: readonly [successes: number, trials: number, low: number, high: number][] = [
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
];

/** scipy 1.17: binomtest(k, n).proportion_ci(c, method='wilson') */
const SCIPY: readonly [successes: number, trials: number, confidence: number, low: number, high: number][] = [
  [0, 30, 0.95, 0, 0.11351339317396875],
  [99, 1000, 0.95, 0.08199544136866538, 0.11907361893674984],
  [0, 1000, 0.95, 0, 0.0038267584855551234],
  [1, 1, 0.95, 0.20654931437723745, 1],
  [29, 29, 0.95, 0.8830302015002592, 1],
  [10, 100, 0.9999, 0.031767057628820025, 0.27340673692665224],
];

test('the interval is the one that Newcombe printed', () => {
  for (const [successes, trials, low, high] of NEWCOMBE) {
    const interval = wilson(successes, trials)!;
    near(interval.low, low, 0.00005);
    near(interval.high, high, 0.00005);
  }
});

test('the interval is the one that scipy computes, at 95 % and at 99.99 %', () => {
  for (const [successes, trials, confidence, low, high] of SCIPY) {
    const interval = wilson(successes, trials, confidence)!;
    near(interval.low, low, 1e-7);
    near(interval.high, high, 1e-7);
  }
});

test('no loss in 30 leaves 11.4 % possible', () => {
  assert.is(wilson(0, 30)?.high.toFixed(3), '0.114');
});

const counts = fc.integer({ min: 1, max: 1_000_000 }).chain((trials) => fc.tuple(fc.integer({ min: 0, max: trials }), fc.constant(trials)));

test('the interval lies in 0–1 and contains what was seen', () => {
  fc.assert(
    fc.property(counts, ([successes, trials]) => {
      const { low, high } = wilson(successes, trials)!;
      assert.ok(low >= 0 && high <= 1);
      assert.ok(low <= successes / trials && successes / trials <= high);
    }),
  );
});

test('each end is the proportion that the score test just rejects: n(p̂ − p)² / p(1 − p) is the 95 % point of χ²', () => {
  fc.assert(
    fc.property(counts, ([successes, trials]) => {
      const { low, high } = wilson(successes, trials)!;
      for (const p of [low, high].filter((end) => end > 0 && end < 1)) {
        near((trials * (successes / trials - p) ** 2) / (p * (1 - p)), 3.841459, 1e-5); // as tables print it
      }
    }),
  );
});

test('four times the trials make it narrower, more confidence wider, and success mirrors failure', () => {
  fc.assert(
    fc.property(counts, ([successes, trials]) => {
      const width = (interval: { low: number; high: number } | null): number => interval!.high - interval!.low;
      const interval = wilson(successes, trials)!;
      assert.ok(width(wilson(4 * successes, 4 * trials)) < width(interval));
      assert.ok(width(wilson(successes, trials, 0.9999)) > width(interval));
      near(wilson(trials - successes, trials)!.low, 1 - interval.high, 1e-12);
    }),
  );
});

test('without trials nothing is known', () => {
  assert.is(wilson(0, 0), null);
});

test('counts that are no counts and confidences outside 0–1 are bad calls', () => {
  assert.throws(() => wilson(2, 1), /Successes are a count up to 1 trials, got 2/);
  assert.throws(() => wilson(-1, 1), /Successes/);
  assert.throws(() => wilson(0.5, 1), /Successes/);
  assert.throws(() => wilson(0, Number.NaN), /Trials/);
  assert.throws(() => wilson(0, 1, 95), /confidence lies between 0 and 1, got 95/);
});

test.run();
