/** The joint fit, against closed forms and against a search by another method. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gainOf, likeliestOdds, sweep } from '../../src/infer/tomography-component.ts';
import { type Fit, setOdds, startFit } from '../../src/infer/tomography-state.ts';
import { likelihood, type Row, talliesOf } from './tallies-of.ts';

const GOOD = 1e-6;

/** Everything may lose: no component costs anything. Until the steps come to rest, or `isEnough`, asked each 1,000 rounds. */
function fit(links: number, devices: number, rows: readonly Row[], rounds = 3000, isEnough: (state: Fit) => boolean = () => false): Fit {
  const state = startFit(talliesOf(links, devices, rows), GOOD);
  const all = Uint32Array.from({ length: links + devices }, (_, component) => component);
  for (let round = 1; round <= rounds; round += 1) {
    const { turned, moved } = sweep(state, all, 0, 1e-10);
    if (turned === 0 && moved < 1e-9) break;
    if (round % 1000 === 0 && isEnough(state)) break;
  }
  return state;
}

const losses = ({ odds, tallies }: Fit): number[] =>
  Array.from(odds, (each, component) => 1 - (component < tallies.links ? 1 - GOOD : 1) / (1 + each));

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);

test('a link alone on its path loses what the path loses', () => {
  const [loss] = losses(fit(1, 0, [[[0], 1000, 50]]));
  near(loss!, 0.05, 1e-9);
});

test('three links, each two of them a path: each survival is the root of two paths over the third', () => {
  const [ab, bc, ca] = [0.9 * 0.8, 0.8 * 0.75, 0.75 * 0.9];
  const rows = [ab, bc, ca].map((survival, i): Row => [[i, (i + 1) % 3], 10_000, Math.round(10_000 * (1 - survival))]);
  const found = losses(fit(3, 0, rows));
  [0.1, 0.2, 0.25].forEach((expected, link) => {
    near(found[link]!, expected, 1e-6);
  });
});

test('a path crossed twice by one link loses twice: survival is the square', () => {
  const [loss] = losses(fit(1, 0, [[[0, 0], 10_000, 1900]]));
  near(loss!, 0.1, 1e-6);
});

test('what a longer path survives better than a shorter one does not make a link gain packets', () => {
  const found = losses(
    fit(2, 0, [
      [[0], 1000, 100],
      [[0, 1], 1000, 80],
    ]),
  );
  near(found[0]!, 0.09, 1e-5);
  near(found[1]!, GOOD, 1e-12);
});

/** Paths over four components; some cross one twice. */
const rowsOf4: fc.Arbitrary<Row[]> = fc.array(
  fc
    .tuple(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 200 }))
    .chain(([crossings, sent]) => fc.integer({ min: 0, max: sent }).map((lost): Row => [crossings, sent, lost])),
  { minLength: 1, maxLength: 7 },
);

/** Pattern search: steps in each coordinate of the decay, halved where none helps. */
function searched(rows: readonly Row[]): number {
  const least = -Math.log1p(-GOOD);
  const value = (decay: readonly number[]): number =>
    likelihood(
      rows,
      decay.map((each) => -Math.expm1(-each)),
    );
  let at = [0.1, 0.1, 0.1, 0.1];
  let best = value(at);
  for (let step = 1; step > 1e-6; ) {
    let better = false;
    for (const direction of DIRECTIONS) {
      const next = at.map((each, i) => Math.max(each + step * direction[i]!, least));
      const there = value(next);
      if (there > best + 1e-12) [at, best, better] = [next, there, true];
    }
    if (!better) step /= 2;
  }
  return best;
}

/** All of −1, 0, 1 to the power of four: the likelihood has ridges. */
const DIRECTIONS: readonly (readonly number[])[] = Array.from({ length: 81 }, (_, i) =>
  [1, 3, 9, 27].map((power) => (Math.floor(i / power) % 3) - 1),
);

/** Along a ridge, as of two links that one path alone crosses, steps are tiny: what they gain a round falls with its number. */
const MOST_ROUNDS = 1_000_000;

test('nothing else that could be lost makes what was seen likelier', () => {
  fc.assert(
    fc.property(rowsOf4, (rows) => {
      const other = searched(rows);
      const isAsLikely = (state: Fit): boolean => likelihood(rows, losses(state)) >= other - 1e-3;
      const found = fit(4, 0, rows, MOST_ROUNDS, isAsLikely);
      assert.ok(isAsLikely(found), `${likelihood(rows, losses(found))} is less likely than ${other}`);
    }),
    { numRuns: 150 },
  );
});

test('the gain is what the likelihood of all paths gains', () => {
  fc.assert(
    fc.property(rowsOf4, fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 }), (rows, odds) => {
      const state = startFit(talliesOf(4, 0, rows), GOOD);
      odds.forEach((each, component) => {
        setOdds(state, component, each);
      });
      const now = losses(state);
      const without = now.with(2, GOOD);
      const expected = likelihood(rows, now) - likelihood(rows, without);
      near(gainOf(state, 2, odds[2]!), expected, 1e-6 * Math.max(1, Math.abs(expected)));
    }),
  );
});

test('a component is likeliest where its neighbourhood is less likely', () => {
  fc.assert(
    fc.property(rowsOf4, (rows) => {
      const state = startFit(talliesOf(4, 0, rows), GOOD);
      setOdds(state, 1, 0.3);
      const best = likeliestOdds(state, 0, 1e-9);
      const gain = gainOf(state, 0, best);
      for (const other of [best * 0.99, best * 1.01, best + 1e-3, 0]) assert.ok(gainOf(state, 0, other) <= gain + 1e-6);
    }),
  );
});

test.run();
