/** The text of what links add to the round trip. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { latencyLines } from '../../src/report/latency-text.ts';
import { latency } from './samples.ts';

const SAME = { fromName: 'r2', toName: 'd', grewMs: { value: 0.01, low: -0.1, high: 0.1 }, moved: 'same' } as const;

test('the link whose queueing grew comes first, then all links', () => {
  const [first, ...rest] = latencyLines([latency(SAME), latency()]);
  assert.is(first?.text, 'The queueing on r1–r2 grew by 7.140 (6.900 to 7.500) ms there and back');
  assert.is(first?.tone, 'alarm');
  assert.equal(
    rest.map(({ text }) => text.split(/ {2,}/)[0]),
    ['LINK', 'r2–d', 'r1–r2'],
  );
});

test('without a baseline there is no column of growth, and no word of it', () => {
  const lines = latencyLines([latency({ grewMs: null, moved: null })]).map(({ text }) => text);
  assert.equal(lines, [
    'LINK   LEAST MS                MEDIAN MS               PROBES',
    'r1–r2  0.151 (0.149 to 0.152)  7.310 (7.100 to 7.600)  300',
  ]);
});

test('where nothing grew that is said, and what is not known is a dash', () => {
  const [first, , row] = latencyLines([latency({ ...SAME, leastMs: null, medianMs: null })]);
  assert.match(first!.text, /^On no link/);
  assert.match(row!.text, /^r2–d {2}- /);
});

test.run();
