/** Walks that die though all they cross is alive. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { random } from '../../src/engine/simulated/random.ts';
import { impassable } from '../../src/infer/impassable.ts';
import type { Walk } from '../../src/infer/walk.ts';

// two links out, two home: there and back over each, and a circuit out over one and home over the other
const WALKS: readonly Walk[] = [{ crossings: [0, 1] }, { crossings: [2, 3] }, { crossings: [0, 3] }];

test('a circuit that dies though its links carry other walks is impassable, and none is whose links nobody else crosses', () => {
  const [alive, dead] = [
    { sent: 100, lost: 0 },
    { sent: 100, lost: 100 },
  ];
  assert.equal(impassable(WALKS, [alive, alive, dead], 1), [2]);
  assert.equal(impassable(WALKS, [alive, dead, dead], 1), []); // link 3 may be dead
  assert.equal(impassable(WALKS, [dead, dead, alive], 1), []); // links 1 and 2 may be
  assert.equal(impassable([{ crossings: [0, 1] }, { crossings: [0, 0] }], [alive, dead], 1), [1]); // twice as often is no other link
});

test('few probes, and links that lose much, prove nothing', () => {
  const counts = (sent: number, lost: number) => [
    { sent: 10, lost: 0 },
    { sent: 10, lost: 0 },
    { sent, lost },
  ];
  assert.equal(impassable(WALKS, counts(5, 5), 1), []);
  const bad = { sent: 100, lost: 95 };
  assert.equal(impassable(WALKS, [bad, bad, { sent: 100, lost: 100 }], 1), []); // survives 0.05² of the time: all of 100 lost is likely
  const good = { sent: 100, lost: 0 };
  assert.equal(impassable(WALKS, [good, good, { sent: 10, lost: 10 }], 10), []); // ten losses in a burst are one
});

test('where links do lose, however much, no walk is called impassable', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
      (seed, losses) => {
        const chance = random(seed);
        const counts = WALKS.map(({ crossings }) => {
          const lost = Array.from({ length: 200 }, () => crossings.some((link) => chance.fraction() < losses[link]!)).filter(
            Boolean,
          ).length;
          return { sent: 200, lost };
        });
        assert.equal(impassable(WALKS, counts, 1), []); // wrong once in 10,000 runs
      },
    ),
    { numRuns: 300 },
  );
});

test.run();
