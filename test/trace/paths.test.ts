// limit: 120 s
/** `braceroute paths` on networks in memory, against the routing tables' own ways. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type PathsCommandOptions, pathsCommand } from '../../src/cli/commands/paths.ts';
import { type Simulated, simulated } from '../../src/engine/simulated/simulated.ts';
import type { Event } from '../../src/report/event.ts';
import { createPathsBlock } from '../../src/report/paths-block.ts';
import { pathsLines } from '../../src/report/paths-text.ts';
import { type HashPolicy, PLAIN } from '../../src/topology/behaviour.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { addressesOf, nodeNamed } from '../../src/topology/lookup.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { shortestPaths } from '../../src/topology/routes.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { fixture } from '../lab/raised.ts';
import { assertEvents } from '../report/schema.ts';
import { endOf, nameIn, of, problems, ran, traced } from '../truth/commands.ts';

const FAMILIES = [4, 6] as const;
const OPTIONS: PathsCommandOptions = { protocol: 'udp', port: 33434, dscp: 0, risk: 0.01, as: 'plain', timeout: 3, maxHops: 30 };

async function found(engine: Simulated, host: string, family: 4 | 6, options: Partial<PathsCommandOptions> = {}): Promise<Event[]> {
  const { topology } = engine;
  const us = topology.nodes.find(({ vantage }) => vantage)!.name;
  const ownAddresses = (ours: string): string[] => addressesOf(topology, us, family).filter((one) => one !== ours);
  const events = await ran({ engine, names: engine.names, ownAddresses }, pathsCommand(host, { ...OPTIONS, ...options, [family]: true }));
  return assertEvents(events.map((event) => JSON.stringify(event)));
}

/** `r1>m1`, by the names of routers; a silent one is `*`. */
function ways(topology: Topology, events: readonly Event[]): string[] {
  const names = new Map(
    of(events, 'node').map(({ id, addresses }) => [id, [...new Set(addresses.map((one) => nameIn(topology, one)))].join('+') || '*']),
  );
  return [...new Set(of(events, 'edge').map(({ from, to }) => `${names.get(from)}>${names.get(to)}`))].sort();
}

function truth(topology: Topology, from: string, to: string, family: 4 | 6): string[] {
  const silent = (name: string): string => (nodeNamed(topology, name)!.silent ? '*' : name);
  const all = shortestPaths(topology, from, to, family).flatMap((path) =>
    path.slice(1).map((node, i) => `${silent(path[i]!)}>${silent(node)}`),
  );
  return [...new Set(all)].sort();
}

const withPolicy = (topology: Topology, hashPolicy: HashPolicy): Topology => ({
  ...topology,
  nodes: topology.nodes.map((node) => ({ ...node, behaviour: { ...PLAIN, hashPolicy } })),
});

const FILES = ['asymmetric', 'big', 'clos', 'demo', 'diamond', 'ecmp4', 'line', 'nondecap', 'silent'];

for (const file of FILES)
  test(`${file}: from us to d all ways are found, and no other, over IPv4 and IPv6`, async () => {
    const topology = fixture(file, 'x');
    for (const family of FAMILIES) {
      const events = await found(simulated(topology, { seed: 11 }), 'd', family);
      assert.equal(ways(topology, events), truth(topology, 'a', 'd', family), `IPv${family}`);
      const [{ missed, risk, unknown }] = of(events, 'paths') as [Extract<Event, { type: 'paths' }>];
      assert.ok(missed <= risk, `${missed}`);
      assert.is(of(events, 'edge')[0]!.flows, of(events, 'paths')[0]!.flows, 'all flows come by the first hop');
      const isSilent = topology.nodes.some(({ silent }) => silent);
      assert.equal([endOf(events).reached, unknown > 0, endOf(events).exit], [true, isSilent, isSilent ? 5 : 0]);
    }
  });

for (const as of ['plain', 'steered'] as const)
  test(`between two routers, ${as}: all ways from the one to the other are found where every field is hashed`, async () => {
    for (const [file, from] of [
      ['ecmp4', 'r1'],
      ['clos', 'l1'],
      ['big', 'x1y1'],
    ] as const)
      for (const family of FAMILIES) {
        const topology = withPolicy(fixture(file, 'x'), 3);
        const events = await found(simulated(topology, { seed: 4 }), 'd', family, { source: from, as });
        assert.equal(ways(topology, events), truth(topology, from, 'd', family), `${file} IPv${family}`);
      }
  });

const PORTS = ['source port', 'destination port'];
/** What the kernel's documentation says that each policy goes by, of what differs from probe to probe here. */
const MOVES: Readonly<Record<HashPolicy, (family: 4 | 6) => Readonly<Record<'plain' | 'steered', readonly string[]>>>> = {
  0: (family) => ({ plain: LABEL[family], steered: LABEL[family] }),
  1: () => ({ plain: PORTS, steered: [] }),
  2: (family) => ({ plain: LABEL[family], steered: [...LABEL[family], 'inner addresses'] }),
  3: (family) => ({ plain: [...PORTS, ...LABEL[family]], steered: ['inner ports', ...LABEL[family], 'inner addresses'] }),
};
const LABEL = { 4: [], 6: ['flow label'] } as const;

for (const policy of [0, 1, 2, 3] as const)
  test(`hash policy ${policy}: r1 splits where a field of a probe moves it, by those fields, and each value leads where it says`, async () => {
    const topology = withPolicy(fixture('ecmp4', 'x'), policy);
    for (const family of FAMILIES)
      for (const as of ['plain', 'steered'] as const) {
        const engine = (): Simulated => simulated(topology, { seed: 5 });
        const events = await found(engine(), 'd', family, { as });
        const expected = MOVES[policy](family)[as];
        const [split] = of(events, 'split');
        const what = `IPv${family} ${as}`;
        const varied = as === 'plain' ? ['source port', ...LABEL[family]] : ['inner ports', ...LABEL[family], 'inner addresses'];
        assert.equal(of(events, 'paths')[0]!.varied, varied, what);
        assert.equal(
          (split?.movedBy ?? []).filter((field) => field !== 'outer source'),
          expected,
          what,
        );
        if (split === undefined) {
          assert.is(of(events, 'paths')[0]!.paths, 1, what);
          continue;
        }
        assert.is(nameIn(topology, split.from), 'r1', what);
        const byFew = expected.every((field) => field === 'inner addresses');
        assert.ok(byFew ? split.next.length >= 2 : split.next.length === 4, what);
        if (byFew) assert.ok(of(events, 'paths')[0]!.missed > 0.01 && endOf(events).exit === 5, 'five addresses are too few for four ways');
        const own = of(events, 'paths')[0]!.flow;
        for (const { address, field, value } of split.next) {
          assert.is.not(field, null, what);
          if (field === 'inner addresses') continue; // no option of a trace says them
          const flow = { sourcePort: own.sourcePort, ...(family === 6 && { flowLabel: own.flowLabel }) };
          const chosen = field === 'flow label' ? { flowLabel: value as number } : { sourcePort: value as number };
          const again = await traced({ engine: engine(), names: engine().names }, 'd', family, {
            ...flow,
            ...chosen,
            steered: as === 'steered',
            count: 1,
          });
          assert.is(of(again, 'hop')[1]!.address, address, `${what} ${field} ${value}`);
        }
      }
  });

/** a — s, then layers of routers, then d: each router leads to some of the next layer, now and then by two links. */
const diamonds: fc.Arbitrary<Topology> = fc
  .record({
    widths: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
    picks: fc.array(fc.nat(11), { minLength: 40, maxLength: 40 }),
  })
  .map(({ widths, picks }) => {
    const layers = [['s'], ...widths.map((width, layer) => Array.from({ length: width }, (_, i) => `r${layer}x${i}`)), ['t']];
    let at = 0;
    const links = layers.slice(0, -1).flatMap((routers, layer) => {
      const chosen = layers[layer + 1]!.flatMap((next) => {
        const sure = picks[at++ % 40]! % routers.length; // somebody leads to each
        return routers.filter((_, i) => i === sure || picks[at++ % 40]! % 2 === 0).map((router) => [router, next]);
      });
      return chosen.flatMap((pair) => (picks[at++ % 40]! === 0 ? [pair, pair] : [pair]));
    });
    const all = [['a', 's'], ...links, ['t', 'd']].map((pair) => `  - {between: [${pair.join(', ')}]}`);
    const nodes = ['a: {vantage: true}', ...layers.flat().map((name) => `${name}: {}`), 'd: {}'];
    return parseTopology(`name: diamonds\nnodes: {${nodes.join(', ')}}\nlinks:\n${all.join('\n')}\n`, 'diamonds.yaml');
  });

test('whatever the diamonds, meshes and parallel links, the ways found are those of the routing tables', async () => {
  await fc.assert(
    fc.asyncProperty(diamonds, fc.integer({ min: 1, max: 1_000_000 }), fc.constantFrom(...FAMILIES), async (topology, seed, family) => {
      const events = await found(simulated(topology, { seed }), 'd', family, { risk: 0.00001 });
      assert.equal(ways(topology, events), truth(topology, 'a', 'd', family));
      assert.is(of(events, 'paths')[0]!.paths, shortestPaths(topology, 'a', 'd', family).length);
    }),
    { numRuns: 40 },
  );
});

test('parallel links over IPv6 are told, with the ports that select each', async () => {
  const topology = parseTopology(
    'name: twin\nnodes: {a: {vantage: true}, r1: {}, r2: {}, d: {}}\nlinks: [{between: [a, r1]}, {between: [r1, r2]}, {between: [r1, r2]}, {between: [r2, d]}]\n',
    'twin.yaml',
  );
  const events = await found(simulated(topology, { seed: 1 }), 'd', 6);
  const [split] = of(events, 'split');
  assert.equal([split!.next.length, new Set(split!.next.map(({ router }) => router)).size, split!.movedBy.slice(0, 2)], [2, 1, PORTS]);
  assert.equal(
    split!.next.map(({ address }) => nameIn(topology, address)),
    ['r2', 'r2'],
  );
});

test('routers that answer once a second are asked once a second, and all ways are found all the same', async () => {
  const topology = { ...fixture('ecmp4', 'x'), profile: 'stock' } as const;
  for (const family of FAMILIES) {
    const engine = simulated(topology, { seed: 3 });
    const beganNs = engine.nowNs();
    const events = await found(engine, 'd', family);
    assert.equal(ways(topology, events), truth(topology, 'a', 'd', family));
    assert.equal([of(events, 'paths')[0]!.unknown, problems(events)], [0, ['ANSWERS_LIMITED']]);
    assert.ok(Number(engine.nowNs() - beganNs) / 1e9 < 400, `IPv${family}: ${Number(engine.nowNs() - beganNs) / 1e9} s`);
  }
});

test('loss passes neither for a way nor for a silent router', async () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const topology = fixture('ecmp4', 'x');
    const engine = simulated(topology, { seed });
    engine.fault('r1-m2', null, { ...NO_FAULT, loss: 0.1 });
    const events = await found(engine, 'd', 4);
    assert.equal(ways(topology, events), truth(topology, 'a', 'd', 4), `seed ${seed}`);
  }
});

test('a dead end is no failure of the search: the ways up to it are told, and that the target was not reached', async () => {
  const topology = fixture('ecmp4', 'x');
  const engine = simulated(topology, { seed: 2 });
  engine.fault('r2-d', null, { ...NO_FAULT, blackhole: true });
  const events = await found(engine, 'd', 4);
  assert.equal(ways(topology, events), truth(topology, 'a', 'r2', 4));
  assert.equal([endOf(events).reached, endOf(events).exit, problems(events)], [false, 1, ['PATH_NOT_FOUND']]);
});

test('where nothing answers at all, that is told, and there is no graph', async () => {
  const topology = fixture('line', 'x');
  for (const source of [undefined, 'r2']) {
    const engine = simulated(topology, { seed: 2 });
    engine.fault('a-r1', null, { ...NO_FAULT, blackhole: true });
    const events = await found(engine, 'd', 4, source === undefined ? {} : { source });
    assert.equal([endOf(events).reached, endOf(events).exit, of(events, 'paths')[0]!.paths], [false, 1, 0]);
    assert.equal(problems(events), [source === undefined ? 'PATH_NOT_FOUND' : 'SILENCE']);
  }
});

test('a dead branch is told as silence on it, and the exit says that not all is known', async () => {
  const topology = fixture('ecmp4', 'x');
  const engine = simulated(topology, { seed: 2 });
  engine.fault('r1-m2', 'r1', { ...NO_FAULT, blackhole: true });
  const events = await found(engine, 'd', 4);
  const [root] = of(events, 'node').filter(({ addresses }) => nameIn(topology, addresses[0] ?? null) === 'r1');
  assert.equal([root!.missed, endOf(events).reached, endOf(events).exit], [null, true, 5]);
  assert.equal(
    ways(topology, events).filter((way) => !way.includes('*')),
    truth(topology, 'a', 'd', 4).filter((way) => !way.includes('m2')),
  );
});

test('behind a dead member silence is one node, and the end stands at its own ttl alone', async () => {
  const topology = fixture('ecmp4', 'x');
  for (const [link, near, dead] of [
    ['r1-m4', 'r1', ['* at 2']],
    ['m4-r2', 'm4', ['* at 3', 'm4 at 2']],
  ] as const)
    for (const family of FAMILIES)
      for (const seed of [1, 2]) {
        const engine = simulated(topology, { seed });
        engine.fault(link, near, { ...NO_FAULT, blackhole: true });
        const nodes = of(await found(engine, 'd', family), 'node');
        const met = nodes.map(
          ({ addresses, ttls }) => `${addresses.length === 0 ? '*' : nameIn(topology, addresses[0]!)} at ${ttls.join(' ')}`,
        );
        const alive = ['a at 0', 'd at 4', 'm1 at 2', 'm2 at 2', 'm3 at 2', 'r1 at 1', 'r2 at 3'];
        assert.equal(met.sort(), [...dead, ...alive].sort(), `${link}, IPv${family}, seed ${seed}`);
      }
});

test('a dead way home hides nobody: a router behind several members is one, whichever of them answers are lost on', async () => {
  const topology = fixture('ecmp4', 'x');
  for (let seed = 1; seed <= 8; seed += 1) {
    const engine = simulated(topology, { seed });
    engine.fault('m4-r2', 'r2', { ...NO_FAULT, blackhole: true });
    const events = await found(engine, 'd', 4);
    const r2 = of(events, 'node').filter(({ addresses }) => addresses.some((one) => nameIn(topology, one) === 'r2'));
    assert.is(r2.length, 1, `seed ${seed}: ${r2.map(({ addresses }) => addresses.join(' ')).join(' | ')}`);
  }
});

test('a dead way is told with a flow that takes it, and a router that refuses flows with one that it refuses: that is a failure', async () => {
  const topology = fixture('ecmp4', 'x');
  for (const family of FAMILIES)
    for (const [fault, code, exit] of [
      [{ ...NO_FAULT, blackhole: true }, 'FLOWS_DIE', 5],
      ['down', 'FLOWS_REFUSED', 1],
    ] as const) {
      const engine = simulated(topology, { seed: 3 });
      engine.fault('m2-r2', fault === 'down' ? null : 'm2', fault);
      const events = await found(engine, 'd', family);
      const said = of(events, 'problem').find((one) => one.code === code)!;
      assert.equal([endOf(events).reached, endOf(events).exit], [true, exit], JSON.stringify(problems(events)));
      const options = Object.fromEntries(
        [...said.message.matchAll(/--(source-port|flow-label) (\d+)/g)].map(([, name, value]) => [name, Number(value)]),
      );
      const whole = simulated(topology, { seed: 3 }); // as that flow went before
      const flow = { sourcePort: options['source-port']!, ...(family === 6 && { flowLabel: options['flow-label'] ?? 0 }) };
      const trace = await traced({ engine: whole, names: whole.names }, 'd', family, { ...flow, count: 1 });
      assert.is(nameIn(topology, of(trace, 'hop')[1]!.address), 'm2', said.message);
    }
});

/** Two splits in a row, of which the second goes by another field than the first. */
const NESTED = parseTopology(
  `name: nested
nodes: { a: {vantage: true}, r1: {}, x1: {hashPolicy: 2}, x2: {hashPolicy: 0}, y1: {}, y2: {}, y3: {}, y4: {}, z: {}, d: {} }
links:
${['a, r1', 'r1, x1', 'r1, x2', 'x1, y1', 'x1, y2', 'x2, y3', 'x2, y4', 'y1, z', 'y2, z', 'y3, z', 'y4, z', 'z, d'].map((one) => `  - { between: [${one}] }`).join('\n')}
`,
  'nested.yaml',
);

test('what is printed beside each way, given to a trace, takes that way, also where splits follow on splits', async () => {
  const network = (): Simulated => simulated(NESTED, { seed: 6 });
  const events = await found(network(), 'd', 6);
  assert.equal(ways(NESTED, events), truth(NESTED, 'a', 'd', 6));
  const text: string[] = [];
  const block = createPathsBlock((told) => text.push(...pathsLines(told, null)));
  for (const event of events) block.tell(event);
  const rows = text
    .map((line) => /^ {2}#\d+ {2}(\S+) {2}--source-port (\d+)(?: --flow-label (\d+))?$/.exec(line))
    .filter((row) => row !== null);
  assert.is(rows.length, 6, text.join('\n'));
  for (const [line, address, port, label = 0] of rows) {
    const engine = network();
    const flow = { sourcePort: Number(port), flowLabel: Number(label) };
    const trace = await traced({ engine, names: engine.names }, 'd', 6, { ...flow, count: 1 });
    assert.ok(
      of(trace, 'hop').some((hop) => hop.address === address),
      line,
    );
  }
});

test('a router that does not decapsulate is no start, and public routers are not visited unasked', async () => {
  const topology = fixture('nondecap', 'x');
  const name = topology.nodes.find(({ decapsulates, vantage }) => !decapsulates && !vantage)!.name;
  const events = await found(simulated(topology, { seed: 2 }), 'd', 4, { source: name });
  assert.equal([problems(events), endOf(events).exit], [['NO_DECAPSULATION'], 4]);
});

test('from a router back to us, too, all ways are found', async () => {
  const topology = fixture('ecmp4', 'x');
  for (const family of FAMILIES) {
    const events = await found(simulated(topology, { seed: 9 }), 'a', family, { source: 'd' });
    assert.equal(ways(topology, events), truth(topology, 'd', 'a', family), `IPv${family}`);
  }
});

test('where a router may not be visited its addresses stay apart, and nothing else changes', async () => {
  const topology = fixture('ecmp4', 'x');
  const engine = simulated({ ...topology, nodes: topology.nodes.map((node) => ({ ...node, decapsulates: false })) }, { seed: 9 });
  const events = await found(engine, 'd', 6);
  assert.equal(ways(topology, events), truth(topology, 'a', 'd', 6));
  const r2 = of(events, 'node').filter(({ addresses }) => nameIn(topology, addresses[0] ?? null) === 'r2');
  assert.equal(
    r2.map(({ addresses }) => addresses.length),
    [1, 1, 1, 1],
  );
});

test('a search that is interrupted tells what it knows, and ends', async () => {
  const topology = fixture('big', 'x');
  const engine = simulated(topology, { seed: 2 });
  const stop = new AbortController();
  let sent = 0;
  const send = engine.send.bind(engine);
  engine.send = (route, packets) => {
    sent += packets.length;
    if (sent > 60) stop.abort();
    return send(route, packets);
  };
  const events = await ran({ engine, names: engine.names }, pathsCommand('d', OPTIONS), stop.signal);
  assert.equal([endOf(events).interrupted, endOf(events).exit, of(events, 'paths').length], [true, 5, 1]);
  assert.ok(sent < 200, String(sent));
  for (const { movedBy, perPacket } of of(events, 'split')) assert.ok(movedBy.length > 0 || perPacket, 'nobody has tried to move it');
});

test.run();
