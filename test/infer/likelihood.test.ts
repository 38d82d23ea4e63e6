/** The most likely burdens between bounds, against closed forms and a search by golden sections that knows no slope. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { burdenOf, counted, lossOf, MOST_BURDEN } from '../../src/infer/counted.ts';
import { fit } from '../../src/infer/likelihood.ts';
import type { Walk, WalkCounts } from '../../src/infer/walk.ts';
import { chanceOf, counts } from './random.ts';

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);

const fitted = (walks: readonly Walk[], known: readonly WalkCounts[], high: readonly number[]): ReturnType<typeof fit> => {
  const bounds = { low: new Float64Array(high.length), high: Float64Array.from(high) };
  return fit(counted(walks, known, high.length), bounds, new Float64Array(high.length).fill(0.05));
};

/** Twice the log likelihood that is missing to each walk's own share. */
function deviance(walks: readonly Walk[], known: readonly WalkCounts[], burdens: readonly number[]): number {
  return walks.reduce((sum, { crossings }, walk) => {
    const { sent, lost } = known[walk]!;
    const survival = Math.exp(-crossings.reduce((load, component) => load + burdens[component]!, 0));
    const ofLost = lost === 0 ? 0 : lost * Math.log(lost / sent / (1 - survival));
    const ofReceived = lost === sent ? 0 : (sent - lost) * Math.log((sent - lost) / sent / survival);
    return sum + 2 * (ofLost + ofReceived);
  }, 0);
}

/** One component after the other, each by golden sections: concave, so this comes to the top. */
function climbed(walks: readonly Walk[], known: readonly WalkCounts[], high: readonly number[]): number {
  const at = high.map((most) => Math.min(0.05, most));
  for (let turn = 0; turn < 150; turn += 1) {
    for (const [component, most] of high.entries()) {
      let [low, top] = [1e-12, most];
      const value = (burden: number): number => deviance(walks, known, at.with(component, burden));
      for (let step = 0; step < 60; step += 1) {
        const [one, other] = [low + 0.382 * (top - low), low + 0.618 * (top - low)];
        if (value(one) <= value(other)) top = other;
        else low = one;
      }
      at[component] = (low + top) / 2;
    }
  }
  return deviance(walks, known, at);
}

test('a sweep without violators is met exactly: each link loses what the next hop lost more', () => {
  const walks = [{ crossings: [0] }, { crossings: [0, 1] }, { crossings: [0, 1, 2] }];
  const { burdens, deviance: left } = fitted(
    walks,
    [
      { sent: 1000, lost: 100 },
      { sent: 500, lost: 100 },
      { sent: 200, lost: 200 },
    ],
    [MOST_BURDEN, MOST_BURDEN, MOST_BURDEN],
  );
  near(lossOf(burdens[0]!), 0.1, 2e-5);
  near(lossOf(burdens[1]!), 1 - 0.8 / 0.9, 2e-5);
  assert.is(lossOf(burdens[2]!), 1);
  near(left, 0, 1e-5);
});

test('a component crossed twice loses once each time', () => {
  const { burdens } = fitted([{ crossings: [0, 0] }], [{ sent: 100, lost: 19 }], [MOST_BURDEN]);
  near(lossOf(burdens[0]!), 0.1, 2e-5); // 0.9² = 0.81
});

test('it reaches the likelihood that a search without slopes does, whatever the walks and bounds', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const chance = chanceOf(seed + 1);
      const components = 2 + Math.floor(chance() * 5);
      const walks = Array.from({ length: 2 + Math.floor(chance() * 6) }, () => ({
        crossings: Array.from({ length: 1 + Math.floor(chance() * 5) }, () => Math.floor(chance() * components)),
      }));
      const losses = Array.from({ length: components }, () => (chance() < 0.4 ? chance() * 0.5 : chance() < 0.1 ? 1 : 1e-3 * chance()));
      const known = counts(
        chance,
        walks,
        losses,
        walks.map(() => 10 + Math.floor(chance() * 2000)),
      );
      const high = losses.map(() => (chance() < 0.5 ? MOST_BURDEN : 1e-3));
      const found = fitted(walks, known, high);
      for (const [component, burden] of found.burdens.entries()) assert.ok(burden >= 0 && burden <= high[component]!);
      const reached = climbed(walks, known, high);
      assert.ok(found.deviance <= reached + 1e-3, `${found.deviance} against ${reached}`);
      near(found.deviance, deviance(walks, known, [...found.burdens]), 1e-6 * (1 + found.deviance));
    }),
    { numRuns: 25 },
  );
});

test("losses and burdens are each other's inverse, and a loss of all is the largest", () => {
  for (const loss of [0, 1e-9, 1e-4, 0.3, 0.999]) near(lossOf(burdenOf(loss)), loss, 1e-12);
  assert.is(burdenOf(1), MOST_BURDEN);
  assert.is(lossOf(MOST_BURDEN), 1);
});

test('counts that are none are bad calls', () => {
  assert.throws(() => counted([{ crossings: [0] }], [{ sent: 1, lost: 2 }], 1), /got 2 of 1/);
  assert.throws(() => counted([{ crossings: [0] }], [], 1), /got 0 for 1 walks/);
  assert.throws(() => counted([{ crossings: [1] }], [{ sent: 1, lost: 0 }], 1), /components 0 to 0, got 1/);
});

test.run();
