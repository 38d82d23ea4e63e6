// limit: 120 s
/** The multipath search on networks whose every way is known: what it finds, how rarely it misses one, and what it makes of odd routers. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pathCount } from '../../src/trace/path-count.ts';
import { drawGraph } from '../../src/trace/path-graph.ts';
import { edgesIn, edgesOf, even, type Model, nodeOf, searched } from './mda-network.ts';

/** Layers, each router joined to some of the next layer: diamonds in diamonds, meshes, wide and narrow ones. */
const layered: fc.Arbitrary<Model> = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }).chain((widths) => {
  const layers = [1, ...widths, 1];
  const count = layers.reduce((sum, width) => sum + width, 0);
  return fc.array(fc.nat(), { minLength: count * 3, maxLength: count * 3 }).map((picks) => {
    const starts = layers.map((_, i) => layers.slice(0, i).reduce((sum, width) => sum + width, 0));
    const next = layers.flatMap((width, layer) =>
      Array.from({ length: width }, (_, i): number[] => {
        if (layer === layers.length - 1) return [];
        const below = layers[layer + 1]!;
        const chosen = picks
          .slice(3 * (starts[layer]! + i), 3 * (starts[layer]! + i) + 3)
          .map((pick) => starts[layer + 1]! + (pick % below));
        return [...new Set(chosen)];
      }),
    );
    return even(next);
  });
});

/** What a packet can meet at all. */
function reachable(model: Model): Set<string> {
  const seen = new Set([0]);
  for (const node of seen) for (const { to } of model.next[node]!) seen.add(to);
  return new Set([...edgesIn(model)].filter((edge) => seen.has(Number(edge.split('>')[0]))));
}

test('with almost no risk every way of a generated network is found, and none that is not there', async () => {
  await fc.assert(
    fc.asyncProperty(layered, fc.integer(), async (model, seed) => {
      const { mapped } = await searched(model, seed, 1e-6);
      assert.equal([...edgesOf(mapped)].sort(), [...reachable(model)].sort());
      assert.ok(mapped.nodes.every(({ missed }) => missed !== null && missed <= 1e-6));
    }),
    { numRuns: 150 },
  );
});

/** Runs in which any way is missing. */
async function failures(model: Model, runs: number, risk: number): Promise<number> {
  const truth = reachable(model).size;
  let failed = 0;
  for (let seed = 0; seed < runs; seed += 1) if (edgesOf((await searched(model, seed * 7919 + 1, risk)).mapped).size < truth) failed += 1;
  return failed;
}

/** That many are exceeded once in 100,000 where the risk is what it says: the mean and 4.3 deviations. */
const limit = (runs: number, risk: number): number => runs * risk + 4.3 * Math.sqrt(runs * risk * (1 - risk)) + 1;

const DIAMONDS: Readonly<Record<string, Model>> = {
  'two ways': even([[1, 2], [3], [3], []]),
  'four ways': even([[1, 2, 3, 4], [5], [5], [5], [5], []]),
  'a mesh of three by three': even([[1, 2, 3], [4, 5, 6], [4, 5, 6], [4, 5, 6], [7], [7], [7], []]),
  'a diamond in a diamond': even([[1, 2], [3, 4], [6], [5], [5], [7], [7], []]),
  'eight diamonds in a row': even([...Array.from({ length: 8 }, (_, i) => [[3 * i + 1, 3 * i + 2], [3 * i + 3], [3 * i + 3]]).flat(), []]),
};

for (const [name, model] of Object.entries(DIAMONDS))
  test(`${name}: a way is missing in no more of 1,200 runs than the risk says`, async () => {
    const [runs, risk] = [1200, 0.05];
    const failed = await failures(model, runs, risk);
    assert.ok(failed <= limit(runs, risk), `${failed} of ${runs}`);
  });

test('the asked risk is what costs flows: a search that may err more often sends less and does err', async () => {
  const model = DIAMONDS['four ways']!;
  const [careful, careless] = [await searched(model, 5, 0.001), await searched(model, 5, 0.5)];
  assert.ok(careless.probes < careful.probes, `${careless.probes} and ${careful.probes}`);
  const failed = await failures(DIAMONDS['eight diamonds in a row']!, 300, 0.5);
  assert.ok(failed > 0, 'no run of 300 erred at a risk of a half: the risk says nothing');
});

test('a way with one flow in twenty is found: uneven counts are seen, and more flows asked', async () => {
  const model: Model = {
    next: [
      [
        { to: 1, weight: 10 },
        { to: 2, weight: 9 },
        { to: 3, weight: 1 },
      ],
      [{ to: 4, weight: 1 }],
      [{ to: 4, weight: 1 }],
      [{ to: 4, weight: 1 }],
      [],
    ],
  };
  let found = 0;
  for (let seed = 1; seed <= 100; seed += 1) {
    const { mapped } = await searched(model, seed, 0.001);
    if (edgesOf(mapped).has('0>3')) found += 1;
    const root = mapped.nodes[0]!;
    if (edgesOf(mapped).has('0>3')) assert.ok(root.flows > 30, `${root.flows} flows are not enough for shares like these`);
  }
  assert.ok(found >= 70, `${found} of 100`);
});

test('a router that spreads packets is told from one that spreads flows', async () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const model = even([[1], [2, 3], [4], [4], [5, 6], [7], [7], []], { perPacket: new Set([1]) });
    const { mapped } = await searched(model, seed, 0.001);
    assert.equal(
      mapped.nodes.filter(({ perPacket }) => perPacket).map(({ ttl }) => ttl),
      [2],
    );
    assert.equal(
      mapped.nodes.filter(({ mixed }) => mixed).map(({ addresses }) => addresses.length),
      [2],
    );
    assert.ok(edgesOf(mapped).has('4>5') && edgesOf(mapped).has('4>6'));
  }
});

test('of spread packets the graph says that a way is not sure, and the split that no field moves it', async () => {
  const model = even([[1, 2], [3], [4], [5], [5], []], { perPacket: new Set([0]) });
  const { mapped } = await searched(model, 8, 0.001);
  const flow = { sourcePort: 1, destinationPort: 2, flowLabel: 0, inner: null };
  const graph = drawGraph(mapped, null, new Map(), () => flow);
  const [split, ...more] = graph.splits;
  assert.equal([more.length, split!.perPacket, split!.movedBy, split!.next.length], [0, true, [], 2]);
  const name = new Map(graph.nodes.map(({ id, addresses }) => [id, nodeOf(addresses[0]!)]));
  const doubtful = graph.edges.filter(({ sure }) => !sure).map(({ from, to }) => `${name.get(from)}>${name.get(to)}`);
  for (const way of ['1>3', '2>4']) assert.ok(doubtful.includes(way), `${way} is not among ${doubtful.join(' ')}`);
  assert.is(pathCount(graph), null);
});

test('of many ways the graph counts each: those of a ladder are 2 to the power of its rungs', async () => {
  for (const rungs of [1, 3, 6]) {
    const model = even([...Array.from({ length: rungs }, (_, i) => [[3 * i + 1, 3 * i + 2], [3 * i + 3], [3 * i + 3]]).flat(), []]);
    const { mapped } = await searched(model, 2, 1e-6);
    const graph = drawGraph(mapped, '192.0.2.1', new Map(), () => ({ sourcePort: 1, destinationPort: 2, flowLabel: 0, inner: null }));
    assert.is(pathCount(graph), 2 ** rungs);
    assert.equal([graph.nodes.length, graph.edges.length], [3 * rungs + 2, 4 * rungs + 1]);
  }
});

test('flows alone never pass for packets, even where routers share them unevenly', async () => {
  await fc.assert(
    fc.asyncProperty(layered, fc.integer(), async (model, seed) => {
      const { mapped } = await searched(model, seed, 0.01);
      assert.ok(mapped.nodes.every(({ perPacket, mixed }) => !perPacket && !mixed));
    }),
    { numRuns: 50 },
  );
});

test('of a silent next hop nobody says that it is one alone; what lies behind is found all the same', async () => {
  const model = even([[1, 2], [3], [4], [5], [5], []], { silent: new Set([2]) });
  const { mapped } = await searched(model, 3, 0.001);
  assert.is(mapped.nodes.find(({ ttl }) => ttl === 1)!.missed, null);
  assert.ok(edgesOf(mapped).has('4>5'));
  const silent = mapped.nodes.filter(({ is }) => is === 'silent');
  assert.equal([silent.length, silent[0]!.ttl], [1, 2]);
  assert.ok(silent[0]!.missed! < 0.001);
});

test('beside a branch on which all flows die, the end stands where flows reach it and nowhere behind', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const dead = 4; // a packet never leaves it
    const model = even([[1, 2, 3, dead], [5], [5], [5], [dead], [6], []], { silent: new Set([dead]) });
    const { mapped } = await searched(model, seed, 0.01);
    assert.equal(
      mapped.nodes.filter(({ is }) => is === 'end').map(({ ttl }) => ttl),
      [4],
      `seed ${seed}`,
    );
  }
});

test('more than 64 next hops are not searched further, and the risk is unknown; 64 are all found', async () => {
  const wide = (count: number): Model =>
    even([Array.from({ length: count }, (_, i) => i + 1), ...Array.from({ length: count }, () => [count + 1]), []]);
  const many = await searched(wide(80), 3, 0.01);
  assert.is(many.mapped.nodes[0]!.missed, null);
  assert.ok(many.probes < 30_000, String(many.probes));
  const most = await searched(wide(64), 3, 0.01);
  assert.is(edgesOf(most.mapped).size, 128);
  assert.ok(most.mapped.nodes[0]!.missed! < 0.01);
});

test('branches of unlike length meet again, and each router is asked where it stands', async () => {
  const model = even([[1, 2], [4], [3], [4], [5, 6], [7], [7], []]);
  const { mapped } = await searched(model, 11, 0.0001);
  assert.equal([...edgesOf(mapped)].sort(), [...edgesIn(model)].sort());
  assert.equal([...new Set(mapped.nodes.filter(({ addresses }) => addresses[0] === '10.0.0.4').map(({ ttl }) => ttl))], [3, 4]);
});

test('routes that loop end the search there', async () => {
  const { mapped, probes } = await searched(even([[1], [2], [3], [1], []]), 1, 0.01);
  assert.ok(mapped.nodes.some(({ loops }) => loops));
  assert.ok(Math.max(...mapped.nodes.map(({ ttl }) => ttl)) >= 5);
  assert.ok(probes < 1000, String(probes));
});

test('no flow is asked twice at one place but to see whether packets are spread', async () => {
  const { asked, mapped } = await searched(DIAMONDS['a mesh of three by three']!, 4, 0.01);
  const splits = mapped.nodes.filter(({ ttl }) => ttl <= 2).length;
  const again = [...asked.values()].filter((times) => times > 1).length;
  assert.ok(again <= splits, `${again} cells at ${splits} splits`);
});

test.run();
