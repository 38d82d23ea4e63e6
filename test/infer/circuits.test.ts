/** Plans of walks: that they can be walked, cover what can be covered, and reach the rank that a graph allows. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { planWalks } from '../../src/infer/circuits.ts';
import { rankOf } from '../../src/infer/rank.ts';
import { CHAIN, CYCLE, network, randomEdges } from './networks.ts';
import { chanceOf } from './random.ts';

const graphs = fc
  .record({ seed: fc.nat(), nodes: fc.integer({ min: 1, max: 9 }) })
  .map(({ seed, nodes }) => randomEdges(chanceOf(seed + 1), nodes));

test('every walk leads from the vantage to the vantage over moves that exist, and crosses what they cross', () => {
  fc.assert(
    fc.property(graphs, (edges) => {
      const { moves, components } = network(edges);
      for (const walk of planWalks(moves, { vantage: 0, components, maxCrossings: 3, maxWaypoints: 12 })) {
        assert.is(walk.nodes[0], 0);
        assert.is(walk.nodes.at(-1), 0);
        assert.not(walk.nodes.slice(1, -1).includes(0));
        assert.ok(walk.nodes.length <= 14);
        for (const [place, move] of walk.moves.entries()) {
          assert.is(moves[move]!.from, walk.nodes[place]);
          assert.is(moves[move]!.to, walk.nodes[place + 1]);
        }
        assert.equal(
          walk.crossings,
          walk.moves.flatMap((move) => moves[move]!.crossings),
        );
        const times = walk.crossings.map((one) => walk.crossings.filter((other) => other === one).length);
        assert.ok(Math.max(...times) <= 3);
      }
    }),
    { numRuns: 60 },
  );
});

test('the links of a connected graph have the rank 2E − (N − 1), and the plan reaches it: the rest is one potential a node', () => {
  fc.assert(
    fc.property(graphs, (edges) => {
      const { moves, components } = network(edges, false);
      const nodes = 1 + Math.max(...edges.flat());
      const walks = planWalks(moves, { vantage: 0, components });
      const { rank, uncovered } = rankOf(walks, components);
      assert.equal(uncovered, []);
      assert.is(rank, 2 * edges.length - (nodes - 1));
    }),
    { numRuns: 60 },
  );
});

test('on a cycle any two components that differ fail different walks when they lose all', () => {
  const { moves, components } = network(CYCLE);
  const { failingAlike, uncovered } = rankOf(planWalks(moves, { vantage: 0, components }), components);
  assert.equal(uncovered, []);
  assert.is(failingAlike.length, components);
});

test('a budget of fewer walks covers first, one of more adds walks, and the same call gives the same plan', () => {
  const { moves, components } = network(CYCLE);
  const two = planWalks(moves, { vantage: 0, components, walks: 2 });
  assert.is(two.length, 2);
  assert.equal(rankOf(two, components).uncovered, []);
  const many = planWalks(moves, { vantage: 0, components, walks: 7 });
  assert.is(many.length, 7);
  assert.ok(rankOf(many, components).coverage > rankOf(two, components).coverage);
  assert.equal(planWalks(moves, { vantage: 0, components, walks: 7 }), many);
});

test('without a move home there is no walk, and without one back a circuit is still found', () => {
  const { moves, components, link } = network(CHAIN);
  assert.equal(planWalks([{ ...moves[0]!, opposite: null }], { vantage: 0, components }), []);
  assert.throws(() => planWalks(moves.slice(0, 1), { vantage: 0, components }), /one of 1 moves, got 1/);
  const oneWay = network(CYCLE)
    .moves.filter((_, index) => index % 2 === 0)
    .map(({ from, to, crossings }) => ({ from, to, crossings }));
  assert.equal(
    planWalks(oneWay, { vantage: 0, components: 12 }).map(({ nodes }) => nodes),
    [[0, 1, 2, 3, 0]],
  );
  assert.is(link(0, 1), 0);
});

test('options out of range are bad calls', () => {
  assert.throws(() => planWalks([], { vantage: 0, components: 0 }), /components is a count of 1 or more, got 0/);
  assert.throws(() => planWalks([{ from: 0, to: 0, crossings: [5] }], { vantage: 0, components: 2 }), /0 to 1, got 5/);
});

test.run();
