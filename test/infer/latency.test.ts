/** What a stretch of a path adds to the round trip. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { random } from '../../src/engine/simulated/random.ts';
import { effectiveCount, incrementOf, leastOf, medianOf, movedFrom } from '../../src/infer/latency.ts';

const ranks = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

test('the order statistics around a median are those that the binomial distribution allows', () => {
  // sums of binomial coefficients by Python: of 20, P(X <= 5) = 0.0207; of 60, P(X <= 19) = 0.0031 and P(X <= 20) = 0.0067; of 8, 0.0039
  for (const [count, confidence, low] of [
    [20, 0.95, 6],
    [60, 0.99, 20],
    [8, 0.99, 1],
  ] as const) {
    const found = medianOf(ranks(count), confidence)!;
    assert.equal([found.low, found.high], [low, count + 1 - low], `${count} at ${confidence}`);
  }
  assert.is(medianOf(ranks(7), 0.99), null); // 2 / 2^7 = 1.6 %
});

test('a least value is at most the least seen, by as far as the two least are apart times the odds of the confidence', () => {
  assert.equal(leastOf([10, 10.5, 20], 0.75), { value: 10, low: 8.5, high: 10 });
  assert.is(leastOf([10], 0.9), null);
});

/** Exponential queueing of a mean above a floor. */
function drawn(seed: number, count: number, floor: number, mean: number): number[] {
  const chance = random(seed);
  return Array.from({ length: count }, () => floor - mean * Math.log(1 - chance.fraction()));
}

test('intervals of both increments hold the truth in 99 of 100 runs at nominal 99 %', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), (seed) => {
      let [median, least] = [0, 0];
      for (let run = 0; run < 400; run += 1) {
        const [near, far] = [drawn(seed + 2 * run, 101, 5, 1), drawn(~seed - 2 * run, 101, 12, 3)];
        const found = incrementOf(near, far, 0.99)!;
        const truth = 7 + 2 * Math.LN2; // medians of exponentials: mean × ln 2
        if (found.median.low <= truth && truth <= found.median.high) median += 1;
        if (found.least.low <= 7 && 7 <= found.least.high) least += 1;
      }
      // 384 or fewer of 400 at 99 % have a chance of 5e-6
      assert.ok(median > 384, `median ${median}`);
      assert.ok(least > 384, `least ${least}`);
    }),
    { numRuns: 3 },
  );
});

test('values of which each comes so many times in a row count once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 2, max: 12 }), (seed, times) => {
      const values = drawn(seed, 300, 5, 1).flatMap((value) => Array.from({ length: times }, () => value));
      const found = effectiveCount(values) / 300; // 1 for a triangle of correlations, whose sum is (times - 1) / 2
      assert.ok(found > 0.6 && found < 1.4, `${found} of 300 runs`);
      const single = effectiveCount(drawn(seed, 300, 5, 1)) / 300;
      assert.ok(single > 0.6 && single <= 1, `${single} of 300`);
    }),
    { numRuns: 30 },
  );
});

test('queueing that grew is told from a longer way, and neither is seen in the same', () => {
  const near = drawn(1, 300, 5, 0.1);
  const before = incrementOf(near, drawn(2, 300, 12, 0.1), 0.99)!;
  const moved = (far: number[]): string => movedFrom(before, incrementOf(near, far, 0.99)!, 1e-3).moved;
  assert.is(moved(drawn(3, 300, 12, 5)), 'queueing');
  assert.is(moved(drawn(4, 300, 15, 0.1)), 'way');
  assert.is(moved(drawn(5, 300, 9, 0.1)), 'fell');
  assert.is(moved(drawn(6, 300, 12, 0.1)), 'same');
});

test.run();
