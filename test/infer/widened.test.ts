/** An interval by likelihood at another confidence, against one that was found at that confidence by SciPy. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shiftOf } from '../../src/infer/difference.ts';
import { widened } from '../../src/infer/widened.ts';

/** Binomial likelihood within the quantile of chi square, by scipy.optimize.brentq: of so many lost, at 95 % and at 99.9 %. */
const SCIPY: readonly [value: number, low: number, high: number, lower: number, higher: number][] = [
  [0.02, 0.012513014400235393, 0.02993777345870481, 0.00869927753850699, 0.03816915175740794],
  [0, 0, 0.0006400382248785982, 0, 0.0018029670603919785],
  [0.998, 0.9912238739865536, 0.9998857743871239, 0.9830068732813368, 0.999996713707913],
  [1, 0.9623138941849813, 1, 0.8973801889772343, 1],
  [0.7, 0.6711107826353564, 0.7278660413740812, 0.6509947498108379, 0.7461275242022929],
];

const isNear = (seen: number, expected: number): boolean => Math.abs(seen - expected) < 1e-7;

test('the wider interval is the one that the counts give at that confidence', () => {
  for (const [value, low, high, lower, higher] of SCIPY) {
    const wider = widened({ value, low, high }, 0.95, 0.999);
    assert.ok(isNear(wider.low, lower) && isNear(wider.high, higher), `${value}: ${wider.low} to ${wider.high}`);
  }
});

test('less confidence narrows nothing, and an end at the value takes in all that lies behind it', () => {
  const told = { value: 0.02, low: 0.012, high: 0.03 };
  const same = widened(told, 0.99, 0.9);
  assert.ok(isNear(same.low, told.low) && isNear(same.high, told.high));
  assert.is(widened({ ...told, low: 0.02 }, 0.95, 0.99).low, 0);
  assert.is(widened({ ...told, high: 0.02 }, 0.95, 0.99).high, 1);
});

test('a shift of two lopsided intervals takes from each the side that is nearer the other', () => {
  // by hand: 0.5 − √(0.3² + 0.4²) and 0.5 + √(1.2² + 0.5²)
  const { low, high } = shiftOf({ value: 1, low: 0.5, high: 1.4 }, { value: 1.5, low: 1.2, high: 2.7 });
  assert.ok(Math.abs(low - 0) < 1e-12 && Math.abs(high - 1.8) < 1e-12, `${low} to ${high}`);
});

test.run();
