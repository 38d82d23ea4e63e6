/** The stopping rule, held against the tables of those who published it and against the chance of failure computed exactly. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flowsNeeded, missedRisk, riskShare, unevenShare } from '../../src/trace/mda-rule.ts';

/** Augustin, Friedman, Teixeira 2007 (5 %); with 1 % the same rule. */
const TABLES: readonly (readonly [number, readonly number[]])[] = [
  [0.05, [6, 11, 16, 21, 27, 33, 39, 45, 51, 57]],
  [0.01, [8, 15, 21, 28, 36, 43, 51, 58]],
];

test('so many flows are needed as the published tables have', () => {
  for (const [risk, flows] of TABLES)
    assert.equal(
      flows.map((_, i) => flowsNeeded(i + 1, risk)),
      flows,
    );
});

/** The probability that the search of a router with so many equal next hops ends too early, walked through flow by flow. */
function failure(nextHops: number, risk: number): number {
  let seen = new Map([[1, 1]]); // how many were seen → how likely, after the first flow
  let failed = 0;
  for (let flows = 2; seen.size > 0; flows += 1) {
    const after = new Map<number, number>();
    for (const [count, chance] of seen) {
      const add = (to: number, part: number): void => void after.set(to, (after.get(to) ?? 0) + chance * part);
      add(count, count / nextHops);
      if (count + 1 < nextHops) add(count + 1, 1 - count / nextHops); // all seen: no failure any more
    }
    for (const [count, chance] of after) {
      if (flows < flowsNeeded(count, risk)) continue;
      failed += chance;
      after.delete(count);
    }
    seen = after;
  }
  return failed;
}

test('a router with 2 to 48 next hops is left too early no more often than the risk says, counted exactly', () => {
  for (const risk of [0.05, 0.01, 0.001])
    for (let nextHops = 2; nextHops <= 48; nextHops += 1) {
      const failed = failure(nextHops, risk);
      assert.ok(failed <= risk, `${nextHops} next hops at ${risk}: ${failed}`);
      assert.ok(failed > risk / 10, `${nextHops} next hops at ${risk}: ${failed} is far too careful`);
    }
});

test('after the flows that are needed the risk is met, and one flow less does not meet it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 80 }), fc.double({ min: 1e-7, max: 0.5, noNaN: true }), (seen, risk) => {
      const flows = flowsNeeded(seen, risk);
      assert.ok(missedRisk(seen, flows) <= risk * (1 + 1e-6));
      assert.ok(flows === 1 || missedRisk(seen, flows - 1) > risk * (1 - 1e-6));
    }),
  );
});

test('the shares of all routers together are the whole risk, and no more', () => {
  let sum = 0;
  for (let index = 1; index <= 1_000_000; index += 1) sum += riskShare(index);
  assert.ok(sum < 1 && sum > 0.9999, String(sum));
});

test('even counts pass for even once in a thousand otherwise, clearly uneven ones never', () => {
  assert.is(unevenShare([10, 12, 9, 11]), null);
  assert.is(unevenShare([5]), null);
  assert.is(unevenShare([90, 10]), 0.1);
  assert.is(unevenShare([3, 1]), null); // too few to tell
});

test('a risk of 0 or 1 is refused', () => {
  for (const risk of [0, 1, -1, Number.NaN]) assert.throws(() => flowsNeeded(1, risk), RangeError);
});

test.run();
