/** Routing tables against an independent computation: Floyd–Warshall over a matrix, and every simple path enumerated. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTopology } from '../../src/topology/parse.ts';
import { routesOf, shortestPaths } from '../../src/topology/routes.ts';
import type { Topology } from '../../src/topology/topology.ts';

const fixture = (name: string): Topology => parseTopology(readFileSync(`fixtures/topologies/${name}.yaml`, 'utf8'), name);
const paths = (topology: Topology, from: string, to: string): string[] => shortestPaths(topology, from, to).map((path) => path.join(' '));

test('the known paths of the fixtures', () => {
  assert.equal(paths(fixture('line'), 'a', 'd'), ['a r1 r2 r3 d']);
  assert.equal(paths(fixture('diamond'), 'a', 'd'), ['a r1 r2 r4 d', 'a r1 r3 r4 d']);
  assert.equal(paths(fixture('diamond'), 'd', 'a'), ['d r4 r2 r1 a', 'd r4 r3 r1 a']);
  assert.equal(paths(fixture('asymmetric'), 'a', 'd'), ['a r1 r2 r4 d']);
  assert.equal(paths(fixture('asymmetric'), 'd', 'a'), ['d r4 r3 r1 a']);
  assert.is(paths(fixture('ecmp4'), 'a', 'd').length, 4);
  assert.equal(paths(fixture('clos'), 'a', 'd'), ['a l1 s1 l4 d', 'a l1 s2 l4 d']);
  assert.equal(paths(fixture('uplinks'), 'a', 'd'), ['a r1 r3 d']);
  assert.equal(paths(fixture('uplinks'), 'd', 'a'), ['d r3 r2 a']);
});

test("a link's address is reached by the cheaper of its two ends", () => {
  const asymmetric = fixture('asymmetric');
  const far = asymmetric.links.find(({ id }) => id === 'r3-r4')!.ends;
  assert.equal(paths(asymmetric, 'a', far[1].addresses[4]), ['a r1 r2 r4']); // over r3 it costs 1 + 10 + 10, over r4 1 + 1 + 1 + 1
  assert.equal(paths(asymmetric, 'a', far[0].addresses[4]), ['a r1 r2 r4 r3']);
});

test('every equal member is a next hop, parallel links among them', () => {
  const text =
    '{name: t, nodes: {a: {vantage: true}, r1: {}, d: {}}, links: [{between: [a, r1]}, {between: [r1, d]}, {between: [r1, d]}, {between: [d, r1], cost: 2}]}';
  const route = routesOf(parseTopology(text, 't'), 6)
    .get('r1')!
    .find(({ destination }) => destination === 'fd00:255::3')!;
  assert.equal(route, {
    destination: 'fd00:255::3',
    prefixLength: 128,
    cost: 1,
    nextHops: [
      { address: 'fd00:0:1::2', node: 'd', interface: 'to_d', link: 'r1-d' },
      { address: 'fd00:0:2::2', node: 'd', interface: 't2_d', link: 'r1-d-2' },
    ],
  });
});

test('nothing passes through the vantage', () => {
  const text = '{name: t, nodes: {a: {vantage: true}, r1: {}, r2: {}}, links: [{between: [a, r1]}, {between: [a, r2]}]}';
  const topology = parseTopology(text, 't');
  assert.equal(paths(topology, 'r1', 'r2'), []);
  assert.equal(paths(topology, 'r1', 'a'), ['r1 a']);
  assert.equal(paths(topology, 'a', 'r2'), ['a r2']);
});

/** A connected random network: a chain under random further links. */
const networks = fc
  .integer({ min: 2, max: 7 })
  .chain((count) =>
    fc.record({
      count: fc.constant(count),
      chain: fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })), {
        minLength: count - 1,
        maxLength: count - 1,
      }),
      more: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })), {
        maxLength: 8,
      }),
    }),
  )
  .map(({ count, chain, more }) => {
    const edges = [...chain.map(([there, back], i) => [i, i + 1, there, back] as const), ...more.filter(([one, two]) => one !== two)];
    const nodes = Array.from({ length: count }, (_, i) => `n${i}: {${i === 0 ? 'vantage: true' : ''}}`);
    const links = edges.map(([one, two, cost, costBack]) => `{between: [n${one}, n${two}], cost: ${cost}, costBack: ${costBack}}`);
    return { count, edges, topology: parseTopology(`{name: t, nodes: {${nodes.join(', ')}}, links: [${links.join(', ')}]}`, 't') };
  });

type Edge = readonly [number, number, number, number];

/** Every simple path over all links that has node 0 at its ends only, the cheapest ones kept. */
function cheapestPaths(edges: readonly Edge[], from: number, to: number): Set<string> {
  let best = Number.POSITIVE_INFINITY;
  let found = new Set<string>();
  const walk = (path: number[], cost: number): void => {
    const here = path.at(-1)!;
    if (here === to) {
      if (cost < best) [best, found] = [cost, new Set()];
      if (cost === best) found.add(path.map((i) => `n${i}`).join(' '));
      return;
    }
    if (here === 0 && path.length > 1) return;
    for (const [one, two, there, back] of edges) {
      if (one === here && !path.includes(two)) walk([...path, two], cost + there);
      if (two === here && !path.includes(one)) walk([...path, one], cost + back);
    }
  };
  walk([from], 0);
  return found;
}

test('shortest paths are exactly the cheapest of all simple paths', () => {
  fc.assert(
    fc.property(networks, ({ count, edges, topology }) => {
      for (let from = 0; from < count; from += 1)
        for (let to = 0; to < count; to += 1)
          if (from !== to) assert.equal(new Set(paths(topology, `n${from}`, `n${to}`)), cheapestPaths(edges, from, to));
    }),
    { numRuns: 60 },
  );
});

/** Floyd–Warshall; rows and columns of node 0 are put aside so that nothing passes through it. */
function distances(count: number, edges: readonly Edge[]): number[][] {
  const matrix = Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, j) => (i === j ? 0 : Number.POSITIVE_INFINITY)));
  for (const [one, two, there, back] of edges) {
    matrix[one]![two] = Math.min(matrix[one]![two]!, there);
    matrix[two]![one] = Math.min(matrix[two]![one]!, back);
  }
  for (let k = 1; k < count; k += 1)
    for (const row of matrix) for (let j = 0; j < count; j += 1) row[j] = Math.min(row[j]!, row[k]! + matrix[k]![j]!);
  return matrix;
}

test("a table's costs are those of Floyd and Warshall; to a subnet, by the cheaper end that forwards", () => {
  fc.assert(
    fc.property(networks, ({ count, edges, topology }) => {
      const matrix = distances(count, edges);
      for (let from = 0; from < count; from += 1) {
        const table = routesOf(topology, 4).get(`n${from}`)!;
        const costOf = (destination: string): number =>
          table.find((route) => route.destination === destination)?.cost ?? Number.POSITIVE_INFINITY;
        for (let to = 0; to < count; to += 1) if (to !== from) assert.is(costOf(`10.255.0.${to + 1}`), matrix[from]![to]);
        for (const [k, [one, two, there, back]] of edges.entries()) {
          const cost = Math.min(
            one === 0 ? Number.POSITIVE_INFINITY : matrix[from]![one]! + there,
            two === 0 ? Number.POSITIVE_INFINITY : matrix[from]![two]! + back,
          );
          if (from !== one && from !== two) assert.is(costOf(`10.0.${k}.0`), cost);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test.run();
