/** Fisher's exact test and the rule of Benjamini and Hochberg, against values that others computed. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { discoveries } from '../../src/infer/false-discovery.ts';
import { fisherMore } from '../../src/infer/fisher.ts';

const near = (value: number, expected: number): void =>
  assert.ok(Math.abs(value - expected) <= 1e-7 * Math.max(expected, 1e-300), `${value} instead of ${expected}`);

test('the lady who tastes tea is right by chance once in 70, and three of four times in 17 of 70', () => {
  near(fisherMore({ successes: 0, trials: 4 }, { successes: 4, trials: 4 }), 1 / 70);
  near(fisherMore({ successes: 1, trials: 4 }, { successes: 3, trials: 4 }), 17 / 70);
});

/** All ways to draw, by whole numbers (Pascal's rule). */
function exact(first: { successes: number; trials: number }, second: { successes: number; trials: number }): number {
  const choose = (n: number, k: number): bigint => {
    let result = 1n;
    for (let i = 1; i <= k; i += 1) result = (result * BigInt(n - k + i)) / BigInt(i);
    return result;
  };
  const total = first.successes + second.successes;
  let tail = 0n;
  for (let k = second.successes; k <= Math.min(total, second.trials); k += 1) {
    if (total - k <= first.trials) tail += choose(second.trials, k) * choose(first.trials, total - k);
  }
  return Number((tail * 10n ** 15n) / choose(first.trials + second.trials, total)) / 1e15;
}

const proportion = fc
  .integer({ min: 0, max: 40 })
  .chain((trials) => fc.record({ trials: fc.constant(trials), successes: fc.integer({ min: 0, max: trials }) }));

test('any two groups have the chance that counting all ways gives', () => {
  fc.assert(
    fc.property(proportion, proportion, (first, second) => {
      const [found, wanted] = [fisherMore(first, second), exact(first, second)];
      assert.ok(Math.abs(found - wanted) < 1e-9, `${found} instead of ${wanted}`);
    }),
  );
});

test('groups of a million are compared at once', () => {
  const chance = fisherMore({ successes: 10, trials: 1_000_000 }, { successes: 60, trials: 1_000_000 });
  assert.ok(chance > 1e-10 && chance < 1e-9, `${chance}`); // binomial(70, 1/2) ≥ 60: 3.9e-10
  assert.throws(() => fisherMore({ successes: 3, trials: 2 }, { successes: 0, trials: 1 }), /up to the trials, got 3 of 2/);
});

test('of the fifteen p-values in the paper of 1995 four are findings at 5 %', () => {
  const paper = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1.0];
  assert.equal(discoveries(paper, 0.05), [0, 1, 2, 3]);
  assert.equal(discoveries(paper.toReversed(), 0.05), [11, 12, 13, 14]);
  assert.equal(discoveries([], 0.05), []);
  assert.throws(() => discoveries([0.5], 0), /between 0 and 1/);
});

test.run();
