/** What a look at all paths says of each component, against the likelihood by its definition and closed forms. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fatTree } from '../../bench/locate-fat-tree.ts';
import { partOf } from '../../src/infer/path-tallies.ts';
import { stepGoodRate } from '../../src/infer/tomography-background.ts';
import { look } from '../../src/infer/tomography-look.ts';
import { setOdds, startFit } from '../../src/infer/tomography-state.ts';
import { likelihood, type Row, talliesOf } from './tallies-of.ts';

const GOOD = 1e-3;
const COMPONENTS = 4;

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${actual} is not near ${expected}`);

const rowsOf = (crossings: fc.Arbitrary<number[]>): fc.Arbitrary<Row[]> =>
  fc.array(
    fc
      .tuple(crossings, fc.integer({ min: 1, max: 200 }))
      .chain(([path, sent]) => fc.integer({ min: 0, max: sent }).map((lost): Row => [path, sent, lost])),
    { minLength: 1, maxLength: 7 },
  );
const crossing = fc.integer({ min: 0, max: COMPONENTS - 1 });
const someOdds = fc.array(fc.double({ min: 0.01, max: 3, noNaN: true }), { minLength: COMPONENTS, maxLength: COMPONENTS });

/** The likelihood where the decay of component 2 is so much more. */
function likelihoodBeside(rows: readonly Row[], odds: readonly number[], more: number): number {
  const losses = odds.map((each) => 1 - (1 - GOOD) / (1 + each));
  return likelihood(rows, losses.with(2, 1 - (1 - losses[2]!) * Math.exp(-more)));
}

function lookedAt(rows: readonly Row[], odds: readonly number[]) {
  const fit = startFit(talliesOf(COMPONENTS, 0, rows), GOOD);
  odds.forEach((each, component) => {
    setOdds(fit, component, each);
  });
  look(fit);
  return fit;
}

test('pull less what arrived is the slope of the likelihood, also where a path crosses a link twice', () => {
  fc.assert(
    fc.property(rowsOf(fc.array(crossing, { minLength: 1, maxLength: 4 })), someOdds, (rows, odds) => {
      const { pull, arrived } = lookedAt(rows, odds);
      const step = 1e-5;
      const slope = (likelihoodBeside(rows, odds, step) - likelihoodBeside(rows, odds, -step)) / (2 * step);
      near(pull[2]! - arrived[2]!, slope, 1e-3);
    }),
  );
});

test('information is the curvature of the likelihood', () => {
  fc.assert(
    fc.property(rowsOf(fc.uniqueArray(crossing, { minLength: 1, maxLength: 4 })), someOdds, (rows, odds) => {
      const step = 1e-4;
      const [less, here, more] = [-step, 0, step].map((each) => likelihoodBeside(rows, odds, each));
      near(lookedAt(rows, odds).information[2]!, (2 * here! - less! - more!) / step ** 2, 1e-2);
    }),
  );
});

test('good links that are alone on their paths lose what is lost there and half a loss, after one step from any rate', () => {
  for (const before of [1e-6, 1e-4, 0.05]) {
    const fit = startFit(
      talliesOf(2, 0, [
        [[0], 1000, 3],
        [[1], 1000, 2],
      ]),
      before,
    );
    const rate = stepGoodRate(fit, look(fit), before, 0.5);
    near(rate / (5.5 / 2001), 1, 1e-6);
    near(fit.state[0]!, 1 - rate, 1e-12);
    assert.is(stepGoodRate(fit, look(fit), rate, 1e-4), 1e-4);
  }
});

test('a part of an even plan, an eighth by number, crosses all that the plan crosses', () => {
  const tree = fatTree(16, 'full');
  const paths = tree.start.length - 1;
  const part = partOf(
    { ...tree, sent: new Uint32Array(paths).fill(100), lost: Uint32Array.from({ length: paths }, (_, path) => path % 7) },
    paths / 8,
  );
  assert.is(part.sent.length, paths / 8);
  assert.is(part.start.at(-1), part.crossings.length);
  assert.is(new Set(part.crossings).size, tree.links + tree.devices);
});

test.run();
