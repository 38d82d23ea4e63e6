/** Routers that answer once a second, in bursts or never: a trace still finds them, and what they do not say is not called loss. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_FAULT, type Policer } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { changing } from './changing.ts';
import { endOf, nameIn, of, probed, problems, traced } from './commands.ts';

const FAMILIES = [4, 6] as const;

/** a — r1 — r2 — r3 — d. */
const line = (profile: 'lab' | 'stock', icmpPolicer: Policer | null, decapsulates = true, names: readonly string[] = ['r2']): Topology => {
  const text = `{name: line, profile: ${profile}, nodes: {a: {vantage: true}, r1: {}, r2: {decapsulates: ${decapsulates}}, r3: {}, d: {}},
    links: [{between: [a, r1]}, {between: [r1, r2]}, {between: [r2, r3]}, {between: [r3, d]}]}`;
  const topology = parseTopology(text, 'line.yaml');
  const nodes = topology.nodes.map((node) =>
    names.includes(node.name) ? { ...node, behaviour: { ...node.behaviour, icmpPolicer } } : node,
  );
  return { ...topology, nodes };
};
const GIVEN = ['a', 'r1', 'r2', 'r3', 'd'];
const ONCE: Policer = { perSecond: 1, burst: 1 };
const SILENT: Policer = { perSecond: 0, burst: 0 };

test('traces one after the other over routers that answer once a second show every hop, in a second or two more', async () => {
  for (const family of FAMILIES)
    for (const all of [['r2'], ['r1', 'r2', 'r3'], ['d'], ['r1', 'r2', 'r3', 'd']]) {
      const network = changing(line('stock', ONCE, true, all), []);
      for (let round = 0; round < 3; round += 1) {
        const beganNs = network.engine.nowNs();
        const events = await traced(network, 'd', family, {});
        const seen = of(events, 'hop').map(({ address }) => nameIn(network.engine.topology, address));
        assert.equal(seen, ['r1', 'r2', 'r3', 'd'], `${all}, trace ${round}`);
        const seconds = Number(network.engine.nowNs() - beganNs) / 1e9;
        assert.ok(seconds < (all.includes('d') ? 2.5 : 1.7), `${all}, trace ${round}: ${seconds} s`); // 30 ttls are asked where the end is silent
        assert.equal([endOf(events).reached, endOf(events).exit], [true, 0]);
      }
    }
});

test('a router that says nothing at all is a *, and nothing else changes', async () => {
  const network = changing(line('stock', SILENT), []);
  const events = await traced(network, 'd', 4, {});
  assert.equal(
    of(events, 'hop').map(({ address }) => nameIn(network.engine.topology, address)),
    ['r1', '*', 'r3', 'd'],
  );
  assert.is(endOf(events).exit, 0);
});

test('a router that neither decapsulates nor says so is not taken for loss: deeper hops are measured past it', async () => {
  for (const family of FAMILIES) {
    const network = changing(line('stock', SILENT, false), []);
    const events = await probed(network, family, { path: GIVEN, count: 100 });
    const rows = of(events, 'tally').slice(-4);
    assert.equal(
      rows.map(({ state, received, lost, unknown, loss }) => [state, received, lost, unknown, loss]),
      [
        ['visited', 100, 0, 0, 0],
        ['no answer', 0, 0, 100, null],
        ['visited', 100, 0, 0, 0],
        ['visited', 100, 0, 0, 0],
      ],
    );
    assert.equal(problems(events), ['NO_ANSWER']);
    assert.is(endOf(events).exit, 5);
  }
});

test('a router that says so once a second is heard, to whichever question that is', async () => {
  const events = await probed(changing(line('stock', ONCE, false, ['r2']), []), 6, { destination: 'd' });
  const rows = of(events, 'tally').slice(-4);
  assert.equal(
    rows.map(({ state, received, lost, errors }) => [state, received, lost, errors]),
    [
      ['visited', 30, 0, {}],
      ['does not decapsulate', 0, 0, { 'icmpv6 4/1': 1 }],
      ['visited', 30, 0, {}],
      ['visited', 30, 0, {}],
    ],
  );
  assert.equal([problems(events), endOf(events).exit], [['NO_DECAPSULATION'], 0]);
});

test('loss of a link is loss beside such a router, and where all deeper hops are silent too it is loss', async () => {
  const beside = changing(line('stock', SILENT, false), []);
  beside.engine.fault('r3-d', 'r3', { ...NO_FAULT, exact: { lost: 1, of: 10 } });
  const events = await probed(beside, 4, { path: GIVEN, count: 100 });
  const rows = of(events, 'tally').slice(-4);
  assert.equal(
    rows.map(({ state }) => state),
    ['visited', 'no answer', 'visited', 'visited'],
  );
  const counted = beside.engine.counters().links.find(({ from, to }) => from === 'r3' && to === 'd')!.lost;
  assert.ok(rows[3]!.lost > 0 && rows[3]!.lost <= counted && counted - rows[3]!.lost <= 1);
  assert.is(endOf(events).exit, 1);
  const dead = changing(line('lab', null), []);
  dead.engine.fault('r1-r2', 'r1', { ...NO_FAULT, blackhole: true });
  const lost = await probed(dead, 4, { path: GIVEN, count: 100 });
  assert.equal(
    of(lost, 'tally')
      .slice(-4)
      .map((row) => row.lost),
    [0, 100, 100, 100],
  );
  assert.equal([problems(lost).includes('NO_ANSWER'), endOf(lost).exit], [false, 1]);
});

test('where errors are limited, a dead link shows few of them and many losses: that is said, and the sum holds', async () => {
  for (const family of FAMILIES) {
    const network = changing(line('stock', { perSecond: 1, burst: 5 }, true, ['r1', 'r2', 'r3']), [
      [50, (engine) => engine.fault('r3-d', null, 'down')],
    ]);
    const events = await probed(network, family, { path: GIVEN, count: 200, rate: 2000, timeout: 1 });
    const last = of(events, 'tally').at(-1)!;
    const told = Object.values(last.errors).reduce((sum, count) => sum + count, 0);
    assert.is(last.received + last.lost + last.unknown + told, 200);
    assert.ok(told > 0 && told < 10 && last.lost > 50, JSON.stringify(last));
    const { message } = of(events, 'problem').find(({ code }) => code === 'ICMP_LIMITED')!;
    assert.match(message, new RegExp(`of the ${last.lost + told} last probes to hop 4, none of which came home, ${told} were answered`));
    assert.is(endOf(events).exit, 1);
  }
});

test.run();
