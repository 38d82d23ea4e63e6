/** What was sent to each cell, by arithmetic, against counting; and the buckets of round trips. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BUCKETS, bucketOf, middleOf, quantile } from '../../src/engine/spray-histogram.ts';
import { isSprayed, sentTo } from '../../src/engine/spray-sequence.ts';
import { isSendable, newRun } from '../../src/probe/run.ts';

const idKeys = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 0x1_ffff }));

test('each cell was sent what counting one sequence after the other finds, whole blocks that are jumped over among them', () => {
  fc.assert(
    fc.property(idKeys, fc.integer({ min: 0, max: 150_000 }), fc.integer({ min: 1, max: 999 }), (idKey, next, cells) => {
      const counted = new Float64Array(cells);
      for (let sequence = 0; sequence < next; sequence += 1) if (isSprayed(idKey, sequence)) counted[sequence % cells]! += 1;
      const sentOf = sentTo(idKey, next, cells);
      assert.equal(
        Array.from(counted, (_, cell) => sentOf(cell)),
        [...counted],
      );
    }),
    { numRuns: 40 },
  );
});

test('a sequence is sprayed where probes of any other kind would have it', () => {
  fc.assert(
    fc.property(idKeys, fc.integer({ min: 0, max: 0xffff_ffff }), (idKey, sequence) => {
      assert.is(isSprayed(idKey, sequence), isSendable({ ...newRun(), idKey }, sequence));
    }),
  );
});

test('a bucket is within one percent of all that falls into it, from a microsecond to a minute', () => {
  fc.assert(
    fc.property(fc.double({ min: 1024, max: 6e10, noNaN: true }), (ns) => {
      const middle = middleOf(bucketOf(ns));
      assert.ok(Math.abs(middle - ns) <= 0.01 * ns, `${ns} told as ${middle}`);
    }),
  );
  assert.equal([bucketOf(0), bucketOf(1e12)], [0, BUCKETS - 1]);
});

test('a quantile is the value at its rank', () => {
  const counts = new Float64Array(BUCKETS);
  for (let ms = 1; ms <= 100; ms += 1) counts[bucketOf(ms * 1e6)]! += 1;
  for (const [part, ms] of [
    [0, 1],
    [0.5, 50],
    [0.99, 99],
    [1, 100],
  ] as const) {
    assert.ok(Math.abs(quantile(counts, part)! / 1e6 / ms - 1) < 0.01, `${part}`);
  }
  assert.is(quantile(new Float64Array(BUCKETS), 0.5), null);
});

test.run();
