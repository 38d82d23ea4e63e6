import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createPace } from '../../src/probe/pace.ts';

const MS = 1_000_000;

/** Sends whenever the pace says so; returns the times. */
function timesOf(everyNs: number, startNs: number, count: number): number[] {
  const pace = createPace(() => everyNs, startNs);
  const times: number[] = [];
  for (let now = startNs; times.length < count; now = Math.max(now, Math.ceil(pace.nextNs(now)))) {
    const due = pace.due(now, 64);
    for (let i = 0; i < due; i += 1) times.push(now);
    pace.sent(due, null);
  }
  return times.slice(0, count);
}

test('probes are due evenly spaced from the start', () => {
  assert.equal(timesOf(20 * MS, 7, 4), [7, 7 + 20 * MS, 7 + 40 * MS, 7 + 60 * MS]);
});

test('a spacing that is no whole number of nanoseconds does not drift, nor is any probe early', () => {
  const times = timesOf(1e9 / 30_000, 0, 30_001);
  assert.ok(times.every((time, i) => time >= Math.floor((i * 1e9) / 30_000) && time <= (i * 1e9) / 30_000 + MS + 1));
});

test('probes closer together than a timer can step leave in bursts, a millisecond apart', () => {
  const bursts = new Set(timesOf(10_000, 0, 1000));
  assert.equal(
    [...bursts],
    Array.from({ length: bursts.size }, (_, i) => i * MS),
  );
  assert.is(bursts.size, 11); // one at once, then a hundred each, in no more than 64 at a time
});

test('the gap is read anew: an asker may slow down and speed up', () => {
  let gapNs = 2 * MS;
  const pace = createPace(() => gapNs, 0);
  pace.sent(pace.due(0, 64), null);
  assert.is(pace.nextNs(0), 2 * MS);
  gapNs = 50 * MS;
  assert.is(pace.due(2 * MS, 64), 0);
  assert.is(pace.nextNs(2 * MS), 50 * MS);
  gapNs = 0; // what it waited for is known: nothing is waited out
  assert.ok(pace.nextNs(3 * MS) <= 3 * MS);
  assert.is(pace.due(3 * MS, 64), 64);
});

test('with no spacing as many are due as may go', () => {
  const pace = createPace(() => 0, 5);
  assert.is(pace.due(5, 64), 64);
  pace.sent(64, null);
  assert.ok(pace.nextNs(9) <= 9);
  assert.is(pace.due(9, 3), 3);
});

test('after a short stall the lost time is made up', () => {
  const pace = createPace(() => MS, 0);
  pace.sent(pace.due(0, 64), null);
  assert.is(pace.due(50 * MS, 1000), 50);
});

test('after a long stall no more is made up than a tenth of a second holds', () => {
  const pace = createPace(() => MS, 0);
  pace.sent(pace.due(0, 64), null);
  assert.is(pace.due(60_000 * MS, 1_000_000), 101); // those of 100 ms, and the one that is due now
});

test('what is made up goes in bursts of no more than was allowed', () => {
  const pace = createPace(() => MS, 0);
  assert.is(pace.due(90 * MS, 64), 64);
  pace.sent(64, null);
  assert.is(pace.due(90 * MS, 64), 27);
});

test('what a full queue refused is due again a millisecond later', () => {
  for (const everyNs of [0, 1000]) {
    const pace = createPace(() => everyNs, 0);
    pace.due(0, 64);
    pace.sent(0, 100);
    assert.is(pace.due(100 + MS - 1, 64), 0);
    assert.ok(pace.nextNs(200) >= 100 + MS && pace.nextNs(200) <= 200 + MS);
    assert.is(pace.due(100 + MS, 64), 64);
    pace.sent(64, null);
    assert.ok(pace.nextNs(100 + MS) <= 100 + MS);
  }
});

test('never more than the rate allows, over any span, but what one stall leaves to make up', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 300 * MS }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 40 * MS }), steps, (everyNs, waits) => {
      const pace = createPace(() => everyNs, 0);
      let [now, sent] = [0, 0];
      for (const wait of waits) {
        now += wait;
        const due = pace.due(now, 1_000_000);
        assert.ok(due <= (100 * MS) / everyNs + 1);
        pace.sent(due, null);
        sent += due;
        assert.ok(sent <= Math.floor(now / everyNs) + 1);
        assert.ok(pace.nextNs(now) > now);
      }
    }),
  );
});

test.run();
