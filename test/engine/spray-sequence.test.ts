/** What was sent to each cell, by arithmetic, against counting; and the buckets of round trips. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BUCKETS, bucketOf, middleOf, quantile } from '../../src/engine/spray-histogram.ts';
import { cellOf, isSprayed, sentTo } from '../../src/engine/spray-sequence.ts';
import { isSendable, newRun } from '../../src/probe/run.ts';

const few = fc.integer({ min: 1, max: 40 });
const idKeys = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 0x1_ffff }));

test('each cell was sent what counting one sequence after the other finds, whole blocks that are jumped over among them', () => {
  fc.assert(
    fc.property(idKeys, fc.integer({ min: 0, max: 150_000 }), few, few, (idKey, next, templates, flows) => {
      const order = { idKey, templates, flows };
      const counted = new Float64Array(templates * flows);
      for (let sequence = 0; sequence < next; sequence += 1) if (isSprayed(idKey, sequence)) counted[cellOf(sequence, order)]! += 1;
      const sentOf = sentTo(next, order);
      assert.equal(
        Array.from(counted, (_, cell) => sentOf(cell)),
        [...counted],
      );
    }),
    { numRuns: 40 },
  );
});

test('a turn goes round the cells from the one that its number gives, as the same arithmetic in Python has it', () => {
  const sequences = [0, 1, 14, 15, 16, 4_000_000_000, 4_294_967_295];
  for (const [idKey, templates, flows, cells] of [
    [0x12345678, 3, 5, [14, 0, 13, 9, 10, 3, 14]],
    [0xffffffff, 1, 1, [0, 0, 0, 0, 0, 0, 0]],
    [0xdeadbeef, 80_000, 16, [1_031_924, 1_031_925, 1_031_938, 1_031_939, 1_031_940, 82_025, 187_963]],
  ] as const) {
    assert.equal(
      sequences.map((sequence) => cellOf(sequence, { idKey, templates, flows })),
      cells,
    );
  }
});

test('what comes every few packets is shared out over all cells, whatever its period has in common with their number', () => {
  for (const [templates, flows] of [
    [1, 20],
    [5, 4],
    [2, 10],
  ] as const) {
    for (const period of [2, 4, 5, 10, 20, 40]) {
      const met = new Float64Array(templates * flows);
      const turns = 20_000;
      for (let sequence = 0; sequence < turns * met.length; sequence += period) {
        met[cellOf(sequence, { idKey: 0x5eed1234, templates, flows })]! += 1;
      }
      const [mean, deviation] = [turns / period, Math.sqrt((turns / period) * (1 - 1 / period))];
      for (const count of met)
        assert.ok(Math.abs(count - mean) < 5 * deviation, `${count} where ${mean} are due: ${templates} × ${flows}, ${period}`);
    }
  }
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
