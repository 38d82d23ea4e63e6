/** One component's loss where those of all others are given. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lossAlone } from '../../src/infer/alone.ts';

const isNear = (value: number, expected: number, within: number): void =>
  assert.ok(Math.abs(value - expected) < within, `${value} is not within ${within} of ${expected}`);

test('where nothing else loses it is the share lost, with the likelihood interval of one proportion', () => {
  const { loss, low, high } = lossAlone([{ others: 1, sent: 1000, lost: 50 }], 0.95);
  isNear(loss, 0.05, 1e-6);
  // 3.8414588: the 95 % quantile of χ² with one degree of freedom
  const beyond = (p: number): number => 2 * (50 * Math.log(0.05 / p) + 950 * Math.log(0.95 / (1 - p)));
  isNear(beyond(low), 3.841_458_8, 1e-3);
  isNear(beyond(high), 3.841_458_8, 1e-3);
  assert.ok(low < loss && loss < high);
});

test('what others lose is taken off', () => {
  const { loss } = lossAlone([{ others: 0.9, sent: 10_000, lost: 2800 }], 0.99);
  isNear(loss, 0.2, 1e-6); // 0.9 × 0.8 = 0.72
});

test('nothing lost is a loss of 0 up to something, all lost one of 1', () => {
  const none = lossAlone([{ others: 1, sent: 300, lost: 0 }], 0.95);
  assert.is(none.loss, 0);
  assert.is(none.low, 0);
  isNear(none.high, 1 - Math.exp(-3.841_458_8 / 600), 1e-6);
  const all = lossAlone([{ others: 0.5, sent: 300, lost: 300 }], 0.95);
  assert.is(all.loss, 1);
  assert.is(all.high, 1);
  assert.ok(all.low > 0.9);
});

test.run();
