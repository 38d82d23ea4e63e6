// limit: 300 s
/** A sample of two faults at once, and of routers that lose: what is told is what cycles of the topology tell, and no direction that is not so. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Topology } from '../../src/topology/topology.ts';
import { groupNames, isBehind, lookAlikes } from './look-alikes.ts';
import { type Case, pairsOf, routersOf, wrongWith } from './pairs.ts';
import { topologyOf } from './told.ts';

const seeds = fc.integer({ min: 1, max: 2 ** 30 });
/** The same sample each time: losses are drawn, and one pair in a hundred or so is not yet told at the end of a budget. pairs-pass.ts draws others. */
const SAMPLE = 20_261_130;

/** Behind a link that loses 30 % a loss of 5 % is sometimes only said to be hidden: the pass by hand counts how often. */
function isHidden(topology: Topology, { faults }: Case): boolean {
  const called = groupNames(topology);
  const [small, large] = Object.entries(faults)
    .toSorted(([, one], [, other]) => one - other)
    .map(([name]) => called.get(name)!);
  return Math.max(...Object.values(faults)) === 0.3 && isBehind(topology, small!, [large!]);
}

test('what looks alike by cycles: opposite directions of a cycle of four, a router and all that leads to it, a bridge both ways', () => {
  const diamond = topologyOf('diamond');
  assert.equal(lookAlikes(diamond, { 'r1→r2': 0.05, 'r3→r4': 0.05 }), [
    ['r1→r2', 'r3→r4'],
    ['r2→r1', 'r4→r3'],
  ]);
  assert.equal(lookAlikes(diamond, { 'r1→r2': 0.05, 'r3→r4': 0.3 }), [['r1→r2', 'r3→r4']]);
  assert.equal(lookAlikes(diamond, { 'r1→r2': 0.05, 'r4→r2': 0.05 }), [['r2']]);
  assert.equal(lookAlikes(diamond, { 'a→r1': 0.05, 'r1→a': 0.3 }), [['a–r1']]);
  assert.equal(lookAlikes(diamond, { 'a→r1': 1, 'r4→d': 0.05 }), [['a–r1']]);
  assert.equal(lookAlikes(topologyOf('line'), { r2: 0.03 }), [['r2']]);
  assert.equal(lookAlikes(topologyOf('line'), { d: 0.03 }), [['d–r3']]);
});

for (const name of ['line', 'diamond', 'demo', 'asymmetric', 'uplinks', 'silent', 'ecmp4', 'clos']) {
  const topology = topologyOf(name);
  test(`${name}: of two directions that lose what can be told apart is named, else every explanation is printed; and a router is named where it can be`, async () => {
    for (const cases of [pairsOf(topology).filter((one) => !isHidden(topology, one)), routersOf(topology)])
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...cases), seeds, async (one, seed) => {
          assert.is(await wrongWith(topology, one, seed), null);
        }),
        { numRuns: 1, endOnFailure: true, seed: SAMPLE },
      );
  });
}

test.run();
