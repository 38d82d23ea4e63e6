/** A walk that alone loses what other walks over the same components carry is no component's loss. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explain } from '../../src/infer/explain.ts';
import { outliers } from '../../src/infer/outliers.ts';
import { oddWalk } from '../../src/locate/odd.ts';

/** A stem (0 out, 1 home), and a ring of three behind it: 2/3, 4/5 and 6/7 are the two directions of its links. */
const WALKS = [
  [0, 1],
  [0, 2, 3, 1],
  [0, 4, 5, 1],
  [0, 2, 6, 5, 1],
  [0, 4, 7, 3, 1],
  [0, 2, 6, 7, 3, 1],
].map((crossings) => ({ crossings }));
const OPTIONS = { components: 8, threshold: 0.003 };

for (const sent of [10, 100, 1000])
  test(`${sent} of ${sent} lost over one walk, whose components lose nothing elsewhere: it is an outlier, and the rest fit without it`, () => {
    const counts = WALKS.map((_, walk) => (walk === 3 ? { sent, lost: sent } : { sent: 300, lost: 0 }));
    const diagnosis = explain(WALKS, counts, OPTIONS);
    assert.ok(outliers(WALKS, counts, diagnosis).some(({ walk }) => walk === 3));
    const model = { walks: WALKS, suspects: Array.from({ length: OPTIONS.components }, (_, leg) => [{ kind: 'leg', leg } as const]) };
    assert.is(oddWalk({ ...model, uncovered: [] }, counts, diagnosis, { threshold: OPTIONS.threshold, confidence: 0.99 }), 3);
  });

test('a component that loses, much or little, makes no outlier', () => {
  for (const loss of [0, 0.02, 0.3, 1])
    for (let component = 0; component < OPTIONS.components; component += 1) {
      const counts = WALKS.map(({ crossings }) => ({ sent: 1000, lost: crossings.includes(component) ? Math.round(1000 * loss) : 0 }));
      assert.equal(outliers(WALKS, counts, explain(WALKS, counts, OPTIONS)), [], `${loss} at ${component}`);
    }
});

test.run();
