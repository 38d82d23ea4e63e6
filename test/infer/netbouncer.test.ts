/** NetBouncer, against its objective and its theorem. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chance, fatTree, probe } from '../../bench/locate-fat-tree.ts';
import { netbouncer } from '../../src/infer/netbouncer.ts';
import { type Row, talliesOf } from './tallies-of.ts';

/** Σ (y − Π x)² + λ Σ x (1 − x), as the paper writes it. */
const objective = (rows: readonly Row[], success: readonly number[], penalty: number): number =>
  rows.reduce(
    (sum, [links, sent, lost]) => sum + (1 - lost / sent - links.reduce((product, link) => product * success[link]!, 1)) ** 2,
    0,
  ) + success.reduce((sum, x) => sum + penalty * x * (1 - x), 0);

const rowsOf3: fc.Arbitrary<Row[]> = fc.array(
  fc
    .tuple(fc.subarray([0, 1, 2], { minLength: 1 }), fc.integer({ min: 1, max: 100 }))
    .chain(([links, sent]) => fc.integer({ min: 0, max: sent }).map((lost): Row => [links, sent, lost])),
  { minLength: 1, maxLength: 8 },
);

test('where it ends, no link alone could make the objective smaller', () => {
  fc.assert(
    fc.property(rowsOf3, fc.double({ min: 0.05, max: 2, noNaN: true }), (rows, penalty) => {
      const success = [...netbouncer(talliesOf(3, 0, rows), { penalty }).success];
      const least = objective(rows, success, penalty);
      for (const link of new Set(rows.flatMap(([links]) => links))) {
        for (let x = 0; x <= 1; x += 1 / 512) {
          const other = objective(rows, success.with(link, x), penalty);
          assert.ok(other >= least - 1e-4, `link ${link} at ${x}: ${other} is less than ${least}`);
        }
      }
    }),
  );
});

test('a device that no clean path crosses is faulty, and its paths tell nothing of its links', () => {
  const { devices, links } = netbouncer(
    talliesOf(3, 2, [
      [[0, 3, 1], 100, 4],
      [[0, 3, 2], 100, 9],
      [[1, 4], 100, 0],
      [[2, 4], 100, 50],
    ]),
    { penalty: 0.3 },
  );
  assert.equal(devices, [0]);
  assert.equal(links, [2]);
});

test('in a fat tree without noise it names the faulty links and no other', () => {
  const tree = fatTree(8, 'full');
  const loss = new Float64Array(tree.links + tree.devices);
  for (const [link, share] of [
    [3, 0.5],
    [200, 0.1],
    [300, 1],
  ] as const)
    loss[link] = share;
  const tallies = probe(tree, { loss, faulty: new Set() }, 1000, chance(1));
  assert.equal(netbouncer(tallies).links, [3, 200, 300]);
});

test('tallies that do not fit together are bad calls', () => {
  assert.throws(() => netbouncer(talliesOf(1, 0, [[[0], 1, 2]])), /Path 0 lost 2 of 1/);
});

test.run();
