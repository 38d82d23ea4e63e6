/** What of a spray's missing probes is unknown: counters of looks that the test makes up, 1,000 probes a second, ten looks. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSprayUnknown } from '../../src/boomerang/spray-unknown.ts';
import type { SprayCounters } from '../../src/engine/spray.ts';

const SECOND = 1e9;
const TIMEOUT = 1 * SECOND;
const LOOKS = 100;
const A_LOOK = 100;

/** `lost` and `dropped`: at which look, and how many; what was lost is told 1.2 s later, if at all. */
function unknownOf(lost: Readonly<Record<number, number>>, dropped: Readonly<Record<number, number>>, told = true): number | null {
  const upTo = (counts: Readonly<Record<number, number>>, look: number): number =>
    Object.entries(counts).reduce((sum, [at, count]) => sum + (Number(at) <= look ? count : 0), 0);
  const at = (look: number): SprayCounters => {
    const [sent, below] = [look * A_LOOK, Math.max(0, look - 12) * A_LOOK];
    return {
      next: sent,
      sent,
      refused: 0,
      received: sent - upTo(lost, look),
      duplicates: 0,
      reordered: 0,
      corrupted: 0,
      late: 0,
      foreign: 0,
      drops: upTo(dropped, look),
      behindNs: 0,
      finished: look === LOOKS,
      error: null,
      ...(told && { settled: { below, missing: upTo(lost, look - 12) } }),
    };
  };
  const unknown = createSprayUnknown(TIMEOUT, 0);
  for (let look = 1; look <= LOOKS; look += 1) unknown.look(at(look), (look * SECOND) / 10);
  return unknown.total(at(LOOKS), 12 * SECOND);
}

test('what is missing while we dropped is unknown, and what is missing at another time is lost', () => {
  assert.is(unknownOf({ 20: 50 }, { 25: 30 }), 30); // awaited until look 30
  assert.is(unknownOf({ 20: 50 }, { 20: 80 }), 50);
  assert.is(unknownOf({ 20: 50 }, { 60: 30 }), 0);
  assert.is(unknownOf({ 60: 50 }, { 20: 30 }), 0); // dropped long before they were sent
  assert.is(unknownOf({ 20: 50, 60: 50 }, { 22: 10, 63: 200 }), 60);
  assert.is(unknownOf({ 95: 40 }, { 97: 25 }), 25); // nobody has told of the last ones yet
});

test('a packet that was dropped excuses one probe, and no more', () => {
  assert.is(unknownOf({ 20: 50, 21: 50, 22: 50 }, { 23: 70 }), 70);
});

test('where it is not told when they were lost, all drops count', () => {
  assert.is(unknownOf({ 20: 50 }, { 60: 30 }, false), 30);
});

test('no more is unknown than is missing, or was dropped', () => {
  const some = fc.dictionary(fc.integer({ min: 1, max: LOOKS }).map(String), fc.integer({ min: 0, max: A_LOOK }), { maxKeys: 20 });
  const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((all, count) => all + count, 0);
  fc.assert(
    fc.property(some, some, (lost, dropped) => {
      assert.ok(unknownOf(lost, dropped)! <= Math.min(sum(lost), sum(dropped)));
    }),
  );
});

test.run();
