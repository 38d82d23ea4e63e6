// limit: 120 s
/** Networks and budgets that a verdict cannot be had from, or not of all: each is said in `unknown` with the reason, and nothing is blamed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Engine } from '../../src/engine/engine.ts';
import { CANNOT_TELL } from '../../src/error.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { linksIn, located, opened, verdictIn } from './located.ts';
import { losing, topologyOf } from './told.ts';
import { withFile } from './topology-files.ts';

const line = topologyOf('line');

const deaf = (topology: Topology, ...names: string[]): Topology => ({
  ...topology,
  nodes: topology.nodes.map((node) => (names.includes(node.name) ? { ...node, decapsulates: false } : node)),
});

const PATHS = [{ destination: 'd' }, { path: ['a', 'r1', 'r2', 'r3', 'd'] }] as const;

for (const family of [4, 6] as const)
  for (const [names, links] of [
    [['d'], 3],
    [['r3', 'd'], 2],
    [['r2', 'r3', 'd'], 1],
  ] as const)
    for (const how of PATHS)
      test(`IPv${family}, ${'path' in how ? '-p' : '-d'}: what lies behind the last that decapsulates, ${names.join(' ')}, is unknown, and not clear`, async () => {
        const events = await located(opened(deaf(line, ...names), 5), family, how);
        const { kind, suspects, unknown } = verdictIn(events);
        assert.equal([kind, suspects], ['unknown', []]);
        assert.is(linksIn(events).length, links);
        assert.match(unknown[0]!.why, /do(es)? not decapsulate, so no probe turns there$/);
        assert.is(unknown[0]!.links.length, names.length);
        assert.is(events.find((event) => event.type === 'end')!.exit, CANNOT_TELL);
      });

const FAR = 24;
const chain = parseTopology(
  JSON.stringify({
    name: 'chain',
    nodes: { a: { vantage: true }, ...Object.fromEntries(Array.from({ length: FAR }, (_, at) => [`r${at + 1}`, {}])) },
    links: Array.from({ length: FAR }, (_, at) => ({ between: [at === 0 ? 'a' : `r${at}`, `r${at + 1}`], mtu: 1280 })),
  }),
  'chain',
);

/** 2n − 1 headers of 40 bytes turn at router n, in IP in IP with one more and 36 to 44 bytes inside: 1,280 hold those to the fourteenth or so. */
const HEADERS = 1280 / 40;

test('what is too far for the first link is unknown, searched or drawn', async () => {
  await withFile(chain, async (file) => {
    for (const how of [{ destination: `r${FAR}` }, { topology: file }]) {
      const events = await located(opened(chain, 5), 6, how);
      const { kind, suspects, unknown } = verdictIn(events);
      assert.equal([kind, suspects, unknown.length], ['unknown', [], 1], JSON.stringify(how));
      assert.match(unknown[0]!.why, /would be too large for the first link/);
      const probed = linksIn(events).length;
      assert.ok(probed > HEADERS / 2 - 4 && probed < HEADERS / 2, `${probed}`);
      assert.is(unknown[0]!.links.length, FAR - probed);
    }
  });
});

test('links that are not known are told with the names of their ends, of which no row tells', async () => {
  const none = deaf(line, 'r1', 'r2', 'r3', 'd');
  await withFile(none, async (file) => {
    for (const [how, suffix] of [
      [{ topology: file }, ''],
      [{ destination: 'd' }, '.example'],
    ] as const) {
      const { unknown } = verdictIn(await located(opened(none, 5), 4, how));
      const names = unknown.flatMap(({ links }) =>
        links.flatMap(({ to, fromName, toName }) => (to === null ? [] : [`${fromName} ${toName}`])),
      );
      const all = ['a r1', 'r1 r2', 'r2 r3', 'r3 d'].map((pair) => pair.replace(/\w+/g, `$&${suffix}`));
      assert.equal(names, suffix === '' ? all : all.slice(1)); // of a path the first of these is a router alone
    }
  });
});

/** r2 turns what is addressed to r3, as two routers that share an address would. */
const shared = (name: string): Topology => {
  const topology = topologyOf(name);
  return { ...topology, nodes: topology.nodes.map((node) => (node.name === 'r2' ? { ...node, decapsulatesFor: ['r3'] } : node)) };
};

const HOPS = ['a', 'r1', 'r2', 'r3', 'd'];

for (const family of [4, 6] as const)
  for (const [how, loss] of [
    [{ destination: 'd' }, 0],
    [{ path: HOPS }, 0],
    [{ topology: 'line' }, 0],
    [{ destination: 'd' }, 0.1],
    [{ topology: 'line' }, 0.1],
  ] as const)
    test(`IPv${family}, ${Object.keys(how)[0]}, loss ${loss}: a hop that another answers for has no link that is clear or blamed, and that is said`, async () => {
      const topology = shared('line');
      const network = opened(topology, 5);
      losing(network, { 'r2→r3': loss });
      const events = await located(network, family, how);
      const { suspects, unknown } = verdictIn(events);
      const mine = topology.nodes.find(({ name }) => name === 'r3')!.loopback[family];
      const its = [...topology.links.flatMap(({ ends }) => ends), { node: 'r3', addresses: { [family]: mine } as Record<4 | 6, string> }]
        .filter(({ node }) => node === 'r3')
        .map(({ addresses }) => addresses[family]);
      const told = unknown.find(({ why }) => /^r2(\.example)? answers for r3/.test(why));
      assert.ok(
        told?.links.some(({ to }) => its.includes(to!)),
        JSON.stringify(unknown),
      );
      const rows = linksIn(events);
      assert.is(
        rows.find(({ from, to }) => its.includes(from) || its.includes(to)),
        undefined,
      );
      assert.is(suspects.length, loss > 0 ? 1 : 0, JSON.stringify(suspects)); // between r2 and d, and no link
      const [suspect] = suspects;
      if (suspect !== undefined) {
        const row = rows.find((link) => 'from' in suspect && link.from === suspect.from && link.to === suspect.to);
        assert.equal([row?.is, row?.both?.state], ['routers', 'suspect'], JSON.stringify(suspect));
      }
    });

test("on a cycle the link behind whose end another answers is unknown, whichever way the tree leads, and its loss is no other link's", async () => {
  const ring = parseTopology(
    JSON.stringify({
      name: 'ring',
      nodes: { a: { vantage: true }, r1: {}, r2: { decapsulatesFor: ['r3'] }, r3: {}, r4: {} },
      links: [
        ['a', 'r1'],
        ['r1', 'r4'],
        ['r1', 'r3'],
        ['r4', 'r2'],
        ['r2', 'r3'],
      ].map((between) => ({ between })),
    }),
    'ring',
  );
  const { ends } = ring.links.at(-1)!;
  await withFile(ring, async (file) => {
    for (const family of [4, 6] as const) {
      const network = opened(ring, 5);
      losing(network, { 'r2→r3': 0.1 });
      const events = await located(network, family, { topology: file });
      const { kind, suspects, unknown } = verdictIn(events);
      assert.equal([kind, suspects], ['unknown', []]);
      const addresses = ends.map((end) => end.addresses[family]);
      assert.match(unknown.find(({ links: [first] }) => addresses.includes(first!.from))?.why ?? '', /^r2 answers for r3/);
      assert.not(linksIn(events).some(({ from }) => addresses.includes(from)));
    }
  });
});

test('a router that another answers for is asked by its other links: what can be told of it there is told', async () => {
  const ring = parseTopology(
    JSON.stringify({
      name: 'detour',
      nodes: { a: { vantage: true }, r1: {}, r2: { decapsulatesFor: ['r3'] }, r3: {}, r4: {}, r5: {}, d: {} },
      links: [
        ['a', 'r1'],
        ['r1', 'r2'],
        ['r2', 'r3'],
        ['r1', 'r4'],
        ['r4', 'r5'],
        ['r5', 'r3'],
        ['r3', 'd'],
      ].map((between) => ({ between })),
    }),
    'detour',
  );
  const addressesOf = (id: string, family: 4 | 6): string[] =>
    ring.links
      .find((link) => link.id === id)!
      .ends.map(({ addresses }) => addresses[family])
      .toSorted();
  await withFile(ring, async (file) => {
    for (const family of [4, 6] as const)
      for (const direction of [null, 'r5→r3', 'd→r3']) {
        const network = opened(ring, 5);
        if (direction !== null) losing(network, { [direction]: 0.1 });
        const events = await located(network, family, { topology: file });
        const { suspects, unknown } = verdictIn(events);
        const named = direction === null ? [] : [addressesOf(direction === 'r5→r3' ? 'r5-r3' : 'r3-d', family)];
        assert.equal(
          suspects.map((one) => ('from' in one ? [one.from, one.to].toSorted() : [one.device])),
          named,
          JSON.stringify(suspects),
        );
        const told = unknown.filter(({ why }) => why.startsWith('r2 answers for r3: '));
        assert.equal(
          told.flatMap(({ links }) => links.map(({ from, to }) => [from, to].toSorted())),
          [addressesOf('r2-r3', family)],
        );
        const rows = linksIn(events).map(({ from, to }) => [from, to].toSorted().join());
        for (const { id } of ring.links)
          assert.is(rows.includes(addressesOf(id, family).join()), id !== 'r2-r3', `${id}: ${rows.join(' ')}`);
      }
  });
});

for (const name of ['line', 'diamond'])
  test(`${name}: a router that takes nothing off what it uncovers answers for nobody`, async () => {
    const network = opened(topologyOf(name), 5);
    const { engine } = network;
    const ends = engine.topology.links.flatMap((link) => link.ends).filter(({ node }) => node === 'r2' || node === 'r3');
    const mine = ends.map(({ addresses }) => addresses[4]);
    let kept = 0;
    const send: Engine['send'] = (route, packets) => {
      const sent = packets.map((packet) => oneMore(packet, mine));
      kept += sent.filter((packet, at) => !Buffer.from(packet).equals(packets[at]!)).length;
      return engine.send(route, sent);
    };
    const { kind, unknown } = verdictIn(await located({ ...network, engine: { ...engine, send } }, 4, { topology: name }));
    assert.ok(kept > 1000);
    assert.equal([kind, unknown], ['clear', []], JSON.stringify(unknown));
  });

const IPV4 = 20;

/** What is right inside a header to one of these gets a ttl of one more: as if it kept it there. */
function oneMore(packet: Uint8Array, addresses: readonly string[]): Uint8Array {
  const bytes = packet.slice();
  for (let at = 0; bytes[at + 9] === 4; at += IPV4) {
    const inside = at + IPV4;
    if (!addresses.includes(bytes.subarray(at + 16, at + IPV4).join('.')) || bytes[inside]! >> 4 !== 4) continue;
    bytes[inside + 8]! += 1;
    bytes.set([0, 0], inside + 10);
    let sum = 0;
    for (let word = 0; word < IPV4; word += 2) sum += (bytes[inside + word]! << 8) | bytes[inside + word + 1]!;
    sum = (sum & 0xffff) + (sum >>> 16);
    const right = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    bytes.set([right >> 8, right & 0xff], inside + 10);
  }
  return bytes;
}

test.run();
