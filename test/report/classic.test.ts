/** The first braceroute's text, as its own documentation shows it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packetLines, pairLine } from '../../src/report/classic.ts';

test('a pair and its packets read as they always did', () => {
  assert.equal(
    [pairLine('207.46.33.149', '10.20.30.96'), ...packetLines(true, 1, 1), ...packetLines(false, 1, 2)],
    [
      '207.46.33.149 -> 10.20.30.96',
      'packet success rate: 1/1, loss: 0.000000%',
      'timed out waiting for the packet',
      'packet success rate: 1/2, loss: 50.000000%',
    ],
  );
});

test('a third has six decimals', () => {
  assert.equal(packetLines(true, 2, 3), ['packet success rate: 2/3, loss: 33.333333%']);
});

test('more successes than packets are a bad call', () => {
  assert.throws(() => packetLines(true, 2, 1), /2 successes of 1 packets/);
  assert.throws(() => packetLines(false, 0, 0), RangeError);
});

test.run();
