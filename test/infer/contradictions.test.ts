/** Counts that no losses explain. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { contradictions } from '../../src/infer/contradictions.ts';

const SWEEP = [{ crossings: [0, 1] }, { crossings: [0, 2, 3, 1] }];

test('a shallow walk that loses clearly more than a deeper one over it contradicts it', () => {
  const [found] = contradictions(SWEEP, [
    { sent: 1000, lost: 200 },
    { sent: 1000, lost: 50 },
  ]);
  assert.is(found?.part, 0);
  assert.is(found?.whole, 1);
  assert.ok(found!.chance < 1e-20); // 200 and 50 of 1000: z = 10 by the normal approximation
});

test('neither a difference that chance makes nor a walk that crosses less of something contradicts', () => {
  const counts = [
    { sent: 1000, lost: 60 },
    { sent: 1000, lost: 50 },
  ];
  assert.equal(contradictions(SWEEP, counts), []);
  const far = [
    { sent: 1000, lost: 200 },
    { sent: 1000, lost: 50 },
  ];
  assert.equal(contradictions([{ crossings: [0, 0] }, { crossings: [0, 1] }], far), []);
});

test('counts in proportion to what is crossed never contradict', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 200 }),
      (crossings, lost) => {
        const walks = crossings.map((_, at) => ({ crossings: crossings.slice(0, at + 1) }));
        const counts = walks.map((_, at) => ({ sent: 2000, lost: lost * (at + 1) }));
        assert.equal(contradictions(walks, counts), []);
      },
    ),
  );
});

test.run();
