/** A sweep's survival and its links' losses, against the max-min formula, numeric integration and a grid of likelihoods. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { betaCumulative, betaQuantile } from '../../src/infer/beta.ts';
import { isotonicSurvival, linkLosses } from '../../src/infer/isotonic.ts';

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);

const hop = fc.integer({ min: 1, max: 500 }).chain((sent) => fc.integer({ min: 0, max: sent }).map((lost) => ({ sent, lost })));

test('survival is the smallest over earlier starts of the largest mean to a later end (Barlow et al., 1972, theorem 1.4)', () => {
  fc.assert(
    fc.property(fc.array(hop, { minLength: 1, maxLength: 8 }), (hops) => {
      const mean = (from: number, to: number): number => {
        const part = hops.slice(from, to + 1);
        return 1 - part.reduce((sum, { lost }) => sum + lost, 0) / part.reduce((sum, { sent }) => sum + sent, 0);
      };
      const indexes = [...hops.keys()];
      for (const [i, survival] of isotonicSurvival(hops).entries()) {
        const starts = indexes.filter((s) => s <= i).map((s) => Math.max(...indexes.filter((t) => t >= i).map((t) => mean(s, t))));
        near(survival!, Math.min(...starts), 1e-12);
      }
    }),
  );
});

test('a hop without probes is not known, nor a link past the last probes or behind a dead hop', () => {
  assert.equal(
    isotonicSurvival([
      { sent: 0, lost: 0 },
      { sent: 4, lost: 1 },
    ]),
    [null, 0.75],
  );
  assert.is(
    linkLosses([
      { sent: 9, lost: 0 },
      { sent: 0, lost: 0 },
    ])[1],
    null,
  );
  const dead = linkLosses([
    { sent: 30, lost: 0 },
    { sent: 30, lost: 30 },
    { sent: 30, lost: 30 },
  ]);
  assert.is(dead[1]!.loss, 1);
  assert.is(dead[1]!.high, 1);
  assert.ok(dead[1]!.low > 0.8);
  assert.is(dead[2], null);
});

/** x = sin²φ turns Beta(½, n + ½) into cos²ⁿφ dφ, which Simpson's rule sums. */
function cumulativeOfCosines(x: number, n: number): number {
  const simpson = (end: number): number => {
    const steps = 20_000;
    const width = end / steps;
    let sum = 0;
    for (let k = 0; k <= steps; k += 1) sum += Math.cos(k * width) ** (2 * n) * (k === 0 || k === steps ? 1 : k % 2 === 0 ? 2 : 4);
    return (sum * width) / 3;
  };
  return simpson(Math.asin(Math.sqrt(x))) / simpson(Math.PI / 2);
}

test('quantiles of the beta distribution are those of numeric integration, and of closed forms', () => {
  for (const n of [1, 30, 300, 3000]) {
    near(cumulativeOfCosines(betaQuantile(0.975, 0.5, n + 0.5), n), 0.975, 1e-7);
    near(cumulativeOfCosines(betaQuantile(0.5, 0.5, n + 0.5), n), 0.5, 1e-7);
  }
  near(betaQuantile(0.3, 1, 4), 1 - 0.7 ** 0.25, 1e-9); // 1 − (1 − x)⁴
  near(betaQuantile(0.3, 4, 1), 0.3 ** 0.25, 1e-9);
  near(betaCumulative(0.25, 0.5, 0.5), 1 / 3, 1e-12); // 2/π asin √x
  assert.throws(() => betaQuantile(1, 1, 1), /got 1/);
});

test("links that nothing was lost over have Jeffreys' upper end for all the probes over them", () => {
  const [first, second] = linkLosses([
    { sent: 100, lost: 0 },
    { sent: 200, lost: 0 },
  ]);
  assert.is(first!.low, 0);
  near(cumulativeOfCosines(first!.high, 300), 0.975, 1e-7);
  near(cumulativeOfCosines(second!.high, 200), 0.975, 1e-7);
});

test('the interval of a link is that of a grid of likelihoods over the survival before it', () => {
  const hops = [
    { sent: 400, lost: 20 },
    { sent: 300, lost: 60 },
  ];
  const log = (survival: number, { sent, lost }: { sent: number; lost: number }): number =>
    (sent - lost) * Math.log(survival) + lost * Math.log(1 - survival);
  const profile = (loss: number): number => {
    let best = Number.NEGATIVE_INFINITY;
    for (let s = 0.85; s < 0.9999; s += 0.0002) best = Math.max(best, log(s, hops[0]!) + log(s * (1 - loss), hops[1]!));
    return best;
  };
  const [, link] = linkLosses(hops);
  near(link!.loss, 1 - 0.8 / 0.95, 1e-9);
  const limit = profile(link!.loss) - 3.841459 / 2;
  near(profile(link!.low), limit, 0.06);
  near(profile(link!.high), limit, 0.06);
});

test.run();
