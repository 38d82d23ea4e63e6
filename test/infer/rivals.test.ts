/** How many probes tell explanations apart: against the counts that they would bring, and the bound within which an explanation fits. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explain } from '../../src/infer/explain.ts';
import { probesToTell } from '../../src/infer/rivals.ts';
import type { Walk, WalkCounts } from '../../src/infer/walk.ts';

/** A chain of two links and the router between: turning there, and beyond. Components: near link, router, far link. */
const CHAIN: readonly Walk[] = [{ crossings: [0, 1, 0] }, { crossings: [0, 1, 2, 2, 1, 0] }];
const OPTIONS = { components: 3, threshold: 0.003, background: 1e-4, fixed: true };
const LOSS = 0.01;

/** What the router would lose on average, rounded. */
const meanCounts = (sent: readonly number[]): WalkCounts[] =>
  CHAIN.map(({ crossings }, walk) => {
    const times = crossings.filter((one) => one === 1).length;
    return { sent: sent[walk]!, lost: Math.round(sent[walk]! * (1 - (1 - LOSS) ** times)) };
  });

test('after the probes that it asks for the rivals fit no more', () => {
  const [first, few] = [meanCounts([2000, 2000]), meanCounts([2000, 2000])];
  const known = explain(CHAIN, few, OPTIONS);
  assert.ok(known.explanations.length > 1, JSON.stringify(known.explanations));
  const more = probesToTell(CHAIN, known, 0.99, 1_000_000);
  assert.ok(more.some((count) => count > 0));
  const after = explain(CHAIN, meanCounts(more.map((count, walk) => first[walk]!.sent + count)), OPTIONS);
  assert.equal(
    after.explanations.map(({ faults }) => faults.map(({ component }) => component)),
    [[1]],
  );
});

test('nothing is asked where one explanation stands alone, or where it takes more than there is', () => {
  const known = explain(CHAIN, meanCounts([2000, 2000]), OPTIONS);
  assert.equal(probesToTell(CHAIN, { ...known, explanations: known.explanations.slice(0, 1) }, 0.99, 1e6), [0, 0]);
  assert.equal(probesToTell(CHAIN, known, 0.99, 10), [0, 0]);
});

test('explanations that look alike in every walk ask for nothing', () => {
  const walks: readonly Walk[] = [{ crossings: [0, 1] }, { crossings: [0, 1, 2] }];
  const fault = (component: number) => ({ component, loss: 0.1, low: 0.05, high: 0.2 });
  const twins = [
    { faults: [fault(0)], deviance: 0 },
    { faults: [fault(1)], deviance: 0 },
  ];
  const known = explain(
    walks,
    [
      { sent: 100, lost: 10 },
      { sent: 100, lost: 10 },
    ],
    OPTIONS,
  );
  assert.equal(probesToTell(walks, { ...known, explanations: twins }, 0.99, 1e6), [0, 0]);
});

test.run();
