/** The search for a path with what a boomerang's legs wear, on networks in memory: by the routers' counters it is the way that IP in IP takes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Simulated, simulated } from '../../src/engine/simulated/simulated.ts';
import { openAsk } from '../../src/probe/ask.ts';
import type { Flow } from '../../src/probe/itinerary.ts';
import { PLAIN } from '../../src/topology/behaviour.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { steeredTrace } from '../../src/trace/steered.ts';
import { fixture } from '../lab/raised.ts';
import { endOf, nameIn, of, probed, problems, traced } from '../truth/commands.ts';
import { FLOW, loopback, ownerOf, testRun } from './networks.ts';

const FAMILIES = [4, 6] as const;
const SEED = 7;

interface Searched {
  readonly path: string;
  readonly answers: string | null;
  readonly steered: number;
  readonly tookNs: number;
}

async function searched(
  engine: Simulated,
  family: 4 | 6,
  kind: 'trace' | 'between',
  flow: Flow = FLOW,
  timeoutNs = 1e9,
): Promise<Searched> {
  const { topology } = engine;
  const to = loopback(topology, 'd', family);
  const us = (await engine.route(to)).source;
  const from = kind === 'trace' ? us : loopback(topology, 'r1', family);
  const options = { count: 1, silentTries: 4, firstTtl: 1, lastTtl: 30, timeoutNs, flow };
  const beganNs = engine.nowNs();
  const names: string[] = [];
  let end = { answers: null as string | null, steered: -1 };
  for await (const seen of steeredTrace(engine, openAsk(engine, testRun()), { kind, us, from, to }, options)) {
    if (seen.kind === 'hop') names.push(ownerOf(topology, seen.hop.answers.find((answer) => answer !== null)?.address ?? null));
    if (seen.kind === 'end') end = seen;
  }
  return { path: names.join(' '), ...end, tookNs: Number(engine.nowNs() - beganNs) };
}

/** Which of the four ways a boomerang's first leg to d takes, by the counters alone: protocol 4 or 41 inside a header from us to d. */
async function wayOfLegs(topology: Topology, family: 4 | 6): Promise<string> {
  const engine = simulated(topology, { seed: SEED });
  const to = loopback(topology, 'd', family);
  const route = await engine.route(to);
  const { craft, compile } = await import('../../src/probe/craft.ts');
  const layers = [
    { source: route.source, destination: to, ttl: 64 },
    { source: route.source, destination: loopback(topology, 'r2', family), ttl: 64 },
    { source: route.source, destination: route.source, ttl: 64 },
  ];
  engine.send(route, [craft(compile({ layers, flow: FLOW, landing: 1 }), testRun(), 0, 1, engine.nowNs())]);
  await engine.receive(engine.nowNs() + 1_000_000_000n);
  return engine.counters().links.find(({ from, to: next, seen }) => from === 'r1' && next !== 'a' && seen === 1)!.to;
}

test('it takes the way of IP in IP, also where plain probes of that flow go another one', async () => {
  const topology = fixture('ecmp4', 'x');
  for (const family of FAMILIES) {
    const way = await wayOfLegs(topology, family);
    const plain = new Set<string | null>();
    for (const sourcePort of [40_000, 41_000, 42_000, 43_000, 44_000, 45_000]) {
      const { path, answers } = await searched(simulated(topology, { seed: SEED }), family, 'trace', { ...FLOW, sourcePort });
      assert.equal([path, answers], [`r1 ${way} r2 d`, 'home']);
      const between = await searched(simulated(topology, { seed: SEED }), family, 'between', { ...FLOW, sourcePort });
      assert.is(between.path, `r1 ${way} r2 d`);
      const engine = simulated(topology, { seed: SEED });
      const events = await traced({ engine, names: engine.names }, 'd', family, { sourcePort });
      plain.add(nameIn(topology, of(events, 'hop')[1]!.address));
    }
    assert.ok(
      [...plain].some((node) => node !== way),
      'plain probes went the same way: the test says nothing',
    );
  }
});

const changed = (topology: Topology, name: string, change: object): Topology => ({
  ...topology,
  nodes: topology.nodes.map((node) => (node.name === name ? { ...node, ...change } : node)),
});

test('an end that does not decapsulate is found by its refusal', async () => {
  const topology = changed(fixture('line', 'x'), 'd', { decapsulates: false });
  for (const family of FAMILIES) {
    const { path, answers } = await searched(simulated(topology, { seed: SEED }), family, 'trace');
    assert.equal([path, answers], ['r1 r2 r3 d', 'home']);
  }
});

test('an end that gets IP in IP is found though nothing from us to us passes a router before it', async () => {
  const topology = changed(fixture('line', 'x'), 'r3', { behaviour: { ...PLAIN, filters: ['land'] } });
  for (const family of FAMILIES)
    for (const kind of ['trace', 'between'] as const) {
      const { path, answers, steered } = await searched(simulated(topology, { seed: SEED }), family, kind);
      assert.equal([path, answers, steered], ['r1 r2 r3 d', 'delivery', 3]);
    }
});

/** A network that drops whatever carries protocol 4 or 41 from one of its nodes on. */
function withoutNested(engine: Simulated, node: string): Simulated {
  const names = engine.topology.nodes.map(({ name }) => name);
  const hops = names.indexOf(node); // of `line`: the ttl that gets a packet to it
  return {
    ...engine,
    send: (route, packets) => {
      const dropped = packets.filter((packet) => {
        const [protocol, ttl] = packet[0]! >> 4 === 4 ? [packet[9], packet[8]] : [packet[6], packet[7]];
        return (protocol === 4 || protocol === 41) && ttl! >= hops;
      });
      engine.send(
        route,
        packets.filter((packet) => !dropped.includes(packet)),
      );
      return packets.length;
    },
  };
}

test('behind a filter of IP in IP the path is that of plain probes, and it is told from where on', async () => {
  for (const family of FAMILIES) {
    const engine = withoutNested(simulated(fixture('line', 'x'), { seed: SEED }), 'r3');
    const { path, answers, steered } = await searched(engine, family, 'trace');
    assert.equal([path, answers, steered], ['r1 r2 r3 d', 'probe', 2]);
  }
});

test('nothing behind such a filter is swept or called lost: the exit is 5', async () => {
  for (const family of FAMILIES)
    for (const [node, rows] of [
      ['d', ['r1', 'r2', 'r3']],
      ['r3', ['r1', 'r2']],
    ] as const) {
      const engine = withoutNested(simulated(fixture('line', 'x'), { seed: SEED }), node);
      const { topology } = engine;
      const events = await probed({ engine, names: engine.names }, family, { destination: 'd' });
      assert.equal(
        of(events, 'path')[0]!.hops.map((address) => nameIn(topology, address)),
        ['a', 'r1', 'r2', 'r3', 'd'],
      );
      assert.ok(problems(events).includes('NO_IP_IN_IP'), problems(events).join(' '));
      const last = of(events, 'tally').slice(-rows.length);
      assert.equal(
        last.map(({ address, lost, received }) => [nameIn(topology, address), lost, received]),
        rows.map((name) => [name, 0, 30]),
      );
      assert.is(endOf(events).exit, 5);
    }
});

test('a link that loses this flow and not others is no filter: the end is probed, and its loss is told', async () => {
  const topology = fixture('line', 'x');
  let lossy = 0;
  for (const sourcePort of [40_001, 40_002, 40_003, 40_004, 40_005, 40_006, 40_007, 40_008]) {
    const engine = simulated(topology, { seed: SEED });
    engine.fault('r3-d', 'r3', { ...NO_FAULT, flowLoss: { lost: 1, of: 4 } });
    const events = await probed({ engine, names: engine.names }, 4, { destination: 'd', sourcePort });
    assert.not(problems(events).includes('NO_IP_IN_IP'));
    const row = of(events, 'tally').findLast(({ position }) => position === 4)!;
    assert.ok(row.lost === 0 || row.lost === 30, `${row.lost} of 30`);
    assert.is(endOf(events).exit, row.lost === 0 ? 0 : 1);
    lossy += row.lost > 0 ? 1 : 0;
  }
  assert.ok(lossy > 0, 'no flow met the fault: the test says nothing');
});

test('an end behind a filter and a silent hop that answers once a second is not said to be silent, and the exit is 5', async () => {
  const line = fixture('line', 'x');
  const odd = { r2: { filters: ['land'] }, d: { icmpPolicer: { perSecond: 1, burst: 1 } } } as const;
  const nodes = line.nodes.map((node) => ({
    ...node,
    silent: node.name === 'r3',
    behaviour: { ...PLAIN, ...odd[node.name as keyof typeof odd] },
  }));
  for (const family of FAMILIES) {
    const engine = simulated({ ...line, nodes }, { seed: SEED });
    const events = await probed({ engine, names: engine.names }, family, { destination: 'd' });
    const [problem] = of(events, 'problem').filter(({ code }) => code === 'PATH_NOT_FOUND');
    assert.match(problem!.message, /^d answers, but tells too seldom how far away it is: the table ends at /);
    assert.is(endOf(events).exit, 5);
  }
});

test('a start of which nothing is heard is not said to have answered, and not called loss', async () => {
  const line = fixture('line', 'x');
  const mute = { ...PLAIN, icmpPolicer: { perSecond: 0, burst: 1 } };
  const nodes = line.nodes.map((node) => (node.name === 'r2' ? { ...node, decapsulates: false, behaviour: mute } : node));
  for (const family of FAMILIES) {
    const engine = simulated({ ...line, nodes }, { seed: SEED });
    const events = await probed({ engine, names: engine.names }, family, { source: 'r2', destination: 'd' });
    assert.equal([problems(events), of(events, 'tally'), endOf(events).exit], [['SILENCE'], [], 1]);
  }
});

test('a dead end costs one round of ttls, a timeout and a second more', async () => {
  const engine = simulated(fixture('line', 'x'), { seed: SEED });
  engine.fault('r3-d', null, { ...NO_FAULT, blackhole: true });
  const { path, answers, tookNs } = await searched(engine, 4, 'trace', FLOW, 3e9);
  assert.equal([path, answers], [['r1', 'r2', 'r3', ...Array(27).fill('*')].join(' '), null]);
  assert.ok(tookNs < 4.6e9, `${tookNs / 1e9} s`);
});

test.run();
