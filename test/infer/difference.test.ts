/** Newcombe's interval of a difference, against his paper. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newcombe, type Proportion } from '../../src/infer/difference.ts';

const of = (successes: number, trials: number): Proportion => ({ successes, trials });

/** Table II of the paper, method 10: the first proportion less the second. */
const PAPER: readonly [first: Proportion, second: Proportion, low: number, high: number][] = [
  [of(56, 70), of(48, 80), 0.0524, 0.3339],
  [of(9, 10), of(3, 10), 0.1705, 0.809],
  [of(6, 7), of(2, 7), 0.0582, 0.8062],
  [of(5, 56), of(0, 29), -0.0381, 0.1926],
  [of(0, 10), of(0, 20), -0.1611, 0.2775],
  [of(0, 10), of(0, 10), -0.2775, 0.2775],
  [of(10, 10), of(0, 20), 0.6791, 1],
  [of(10, 10), of(0, 10), 0.6075, 1],
];

test('the interval is the one that the paper prints', () => {
  for (const [first, second, low, high] of PAPER) {
    const interval = newcombe(second, first)!; // ours is the second less the first
    assert.ok(Math.abs(interval.low - low) < 0.00005, `${interval.low} is ${low}`);
    assert.ok(Math.abs(interval.high - high) < 0.00005, `${interval.high} is ${high}`);
  }
});

const proportion = fc
  .integer({ min: 1, max: 100_000 })
  .chain((trials) => fc.integer({ min: 0, max: trials }).map((seen) => of(seen, trials)));

test('it contains what was seen, lies in -1 to 1, and turns its sign with the order', () => {
  fc.assert(
    fc.property(proportion, proportion, (first, second) => {
      const { low, high } = newcombe(first, second)!;
      const seen = second.successes / second.trials - first.successes / first.trials;
      assert.ok(low <= seen && seen <= high && low >= -1 - 1e-12 && high <= 1 + 1e-12, `${low} ${seen} ${high}`);
      const turned = newcombe(second, first)!;
      assert.ok(Math.abs(turned.low + high) < 1e-12 && Math.abs(turned.high + low) < 1e-12);
    }),
  );
});

test('a proportion does not differ from itself', () => {
  fc.assert(
    fc.property(proportion, (one) => {
      const { low, high } = newcombe(one, one)!;
      assert.ok(low < 0 && high > 0);
    }),
  );
});

test('more confidence is wider, and without trials nothing is known', () => {
  const [first, second] = [of(0, 1000), of(30, 1000)];
  assert.ok(newcombe(first, second, 0.999)!.low < newcombe(first, second)!.low);
  assert.is(newcombe(of(0, 0), second), null);
  assert.is(newcombe(first, of(0, 0)), null);
});

test.run();
