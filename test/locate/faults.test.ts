// limit: 300 s
/** Several faults at once, routers that lose, and what only looks like loss, in networks in memory: nothing is named that is not so. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLAIN } from '../../src/topology/behaviour.ts';
import { located, opened, verdictIn } from './located.ts';
import { directionsInto, losing, namedIn, toldOf, topologyOf, verdictOf } from './told.ts';

const PAIRS = [
  ['diamond', { 'r1→r2': 0.05, 'r3→r4': 0.2 }],
  ['demo', { 'r2→r4': 0.1, 'r6→r5': 0.05 }],
  ['asymmetric', { 'r2→r1': 0.05, 'r4→r3': 0.15 }],
  ['uplinks', { 'r3→r1': 0.1, 'a→r2': 0.05 }],
  ['clos', { 'l2→s1': 0.05, 's2→l3': 0.1 }],
  ['ecmp4', { 'r1→m2': 0.1, 'm3→r2': 0.04 }],
] as const;

for (const [at, [name, losses]] of PAIRS.entries())
  test(`${name}: two links that lose are both named, each with its direction`, async () => {
    const family = at % 2 === 0 ? 4 : 6;
    const verdict = await verdictOf(name, family, losses);
    assert.equal(namedIn(topologyOf(name), family, verdict), Object.keys(losses).toSorted(), JSON.stringify(verdict));
  });

test('both directions of a link on a cycle: both are named', async () => {
  const verdict = await verdictOf('demo', 4, { 'r2→r4': 0.1, 'r4→r2': 0.1 });
  assert.equal(namedIn(topologyOf('demo'), 4, verdict), ['r2⇄r4'], JSON.stringify(verdict));
});

test('equal losses both into one router of a cycle of four look like equal losses out of it: both are printed, and no direction named', async () => {
  for (const losses of [
    { 'r1→r2': 0.1, 'r4→r2': 0.1 },
    { 'r2→r1': 0.1, 'r2→r4': 0.1 },
  ]) {
    const verdict = await verdictOf('diamond', 4, losses);
    const told = toldOf(verdict);
    assert.ok(
      namedIn(topologyOf('diamond'), 4, verdict).every((one) => one === 'r2'),
      JSON.stringify(verdict),
    );
    for (const pair of [
      ['r1→r2', 'r4→r2'],
      ['r2→r1', 'r2→r4'],
    ])
      assert.ok(
        told.some((one) => pair.every((direction) => one.includes(direction))),
        JSON.stringify(verdict),
      );
  }
});

for (const [name, router] of [
  ['line', 'r2'],
  ['demo', 'r4'],
  ['clos', 's1'],
] as const)
  test(`${name}: a router that loses 3 % of what reaches it is named, and no link of it`, async () => {
    const topology = topologyOf(name);
    const verdict = await verdictOf(name, 4, directionsInto(topology, router, 0.03));
    assert.equal(namedIn(topology, 4, verdict), [router], JSON.stringify(verdict));
    const [one] = verdict.suspects;
    assert.ok(one!.low <= 0.03 && one!.high >= 0.03, JSON.stringify(verdict));
  });

test('on a chain that a router loses looks like its two links losing alike: that is printed too', async () => {
  const topology = topologyOf('line');
  const verdict = await verdictOf('line', 4, directionsInto(topology, 'r2', 0.03));
  assert.ok(
    toldOf(verdict).some((one) => one.includes('r1–r2') && one.includes('r2–r3')),
    JSON.stringify(verdict),
  );
});

test('routers that send one ICMP error a second lose nothing; ways of equal cost that take minutes to find are unknown', async () => {
  for (const name of ['line', 'demo']) {
    const network = opened(topologyOf(name), 5);
    for (const { name: node, vantage } of topologyOf(name).nodes)
      if (!vantage) network.engine.behave(node, { ...PLAIN, icmpPolicer: { perSecond: 1, burst: 1 } });
    for (const how of [{ topology: name }, { destination: 'd' }]) {
      const verdict = verdictIn(await located(network, 4, how));
      const whys = name === 'demo' && 'destination' in how ? [UNSEARCHED] : [];
      assert.equal([verdict.suspects, verdict.unknown.map(({ why }) => why)], [[], whys], JSON.stringify(verdict));
    }
  }
});

const UNSEARCHED = 'ways of equal cost begin here and were not searched to their end: a router answers about once a second';

test('routes by other costs than those drawn are no loss', async () => {
  const topology = topologyOf('asymmetric');
  const others = topology.links.map((link) => ({
    ...link,
    ends: [
      { ...link.ends[0], cost: link.ends[1].cost },
      { ...link.ends[1], cost: link.ends[0].cost },
    ] as const,
  }));
  const network = opened(topology, 5);
  network.engine.reroute({ ...topology, links: others });
  const verdict = verdictIn(await located(network, 6, { topology: 'asymmetric' }));
  assert.equal([verdict.kind, verdict.suspects], ['clear', []], JSON.stringify(verdict));
});

test('one loss beside the background is named over it', async () => {
  const network = opened(topologyOf('demo'), 5);
  losing(network, { ...everywhere('demo', 1e-4), 'r4→r3': 0.02 });
  const verdict = verdictIn(await located(network, 4, { topology: 'demo' }));
  assert.equal(namedIn(topologyOf('demo'), 4, verdict), ['r4→r3'], JSON.stringify(verdict));
});

const everywhere = (name: string, loss: number): Record<string, number> =>
  Object.fromEntries(topologyOf(name).nodes.flatMap((node) => Object.entries(directionsInto(topologyOf(name), node.name, loss))));

test.run();
