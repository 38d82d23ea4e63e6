// limit: 300 s
/** Routers that drop packets by their source, in networks in memory: said to be filters, and never links that lose. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Filter, PLAIN } from '../../src/topology/behaviour.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Profile, Topology } from '../../src/topology/topology.ts';
import { located, opened, verdictIn } from './located.ts';
import { withFile } from './topology-files.ts';

const drawn = (name: string, profile: Profile): Topology => ({
  ...parseTopology(readFileSync(`fixtures/topologies/${name}.yaml`, 'utf8'), name),
  profile,
});
const [demo, demoStock] = [drawn('demo', 'lab'), drawn('demo', 'stock')];
const [asymmetric, uplinks] = [drawn('asymmetric', 'stock'), drawn('uplinks', 'stock')];

/** By what is behind the link over which packets come that the way home does not lead back to; at the foot, by the other family alone. */
const CYCLES: readonly (readonly [Topology, Filter, router: string, link: string, family: 4 | 6])[] = [
  [demo, 'strict-urpf', 'r2', 'r2-r4', 4],
  [demo, 'strict-urpf', 'r3', 'r3-r4', 6],
  [demo, 'strict-urpf', 'r6', 'r6-r5', 4],
  [demo, 'strict-urpf', 'r5', 'r6-r5', 6],
  [demo, 'own-prefix', 'r2', 'r2-r4', 4],
  [demo, 'own-prefix', 'r6', 'r6-r5', 6],
  [uplinks, 'own-prefix', 'r3', 'r1-r3', 4],
  [asymmetric, 'strict-urpf', 'r1', 'r1-r2', 4],
  [asymmetric, 'strict-urpf', 'r2', 'r1-r2', 4],
  [asymmetric, 'strict-urpf', 'r3', 'r3-r4', 4],
  [demoStock, 'strict-urpf', 'r5', 'r6-r5', 4],
];

for (const [topology, filter, router, id, family] of CYCLES)
  test(`IPv${family}, ${topology.name} (${topology.profile}): ${filter} at ${router} is said to be a source check there, and ${id} is not blamed`, async () => {
    const network = opened(topology, 7);
    network.engine.behave(router, { ...PLAIN, filters: [filter] });
    const { kind, suspects, unknown } = verdictIn(await located(network, family, { topology: topology.name }));
    assert.equal([kind, suspects], ['unknown', []]);
    const told = unknown.filter(({ why }) => why.startsWith(`filter: source check at ${router}:`));
    const ends = topology.links.find((link) => link.id === id)!.ends.map(({ addresses }) => addresses[family]);
    assert.equal(
      told.flatMap(({ links }) => links.map(({ from, to }) => [from, to].toSorted())),
      [ends.toSorted()],
    );
  });

for (const filter of ['land', 'ct-invalid'] as const)
  test(`${filter}: no link is blamed for it, wherever it stands`, async () => {
    for (const router of ['r1', 'r2', 'r4', 'r6']) {
      const network = opened(demo, 7);
      network.engine.behave(router, { ...PLAIN, filters: [filter] });
      assert.equal(verdictIn(await located(network, 4, { topology: 'demo' })).suspects, [], router);
    }
  });

for (const topology of [asymmetric, uplinks])
  for (const filter of ['strict-urpf', 'own-prefix'] as const)
    test(`${topology.name}: no link is blamed for ${filter}, at whatever router and in either family`, async () => {
      for (const { name } of topology.nodes.filter(({ vantage }) => !vantage))
        for (const family of [4, 6] as const) {
          const network = opened(topology, 11);
          network.engine.behave(name, { ...PLAIN, filters: [filter] });
          assert.equal(verdictIn(await located(network, family, { topology: topology.name })).suspects, [], `IPv${family}, ${name}`);
        }
    });

test('the other family tells a filter too where links behind routers that another answers for are taken out', async () => {
  const text = readFileSync('fixtures/topologies/asymmetric.yaml', 'utf8').replace(
    'd: {} }',
    'd: {}, r5: { decapsulatesFor: [r6] }, r6: {}, r7: {} }',
  );
  const more = ['[r1, r7]', '[r7, r5]', '[r1, r6]', '[r5, r6]'].map((between) => `  - { between: ${between} }\n`);
  const topology: Topology = { ...parseTopology(text + more.join(''), 'answered'), profile: 'stock' };
  await withFile(topology, async (file) => {
    for (const [router, id] of [
      ['r2', 'r1-r2'],
      ['r3', 'r3-r4'],
    ] as const) {
      const network = opened(topology, 7);
      network.engine.behave(router, { ...PLAIN, filters: ['strict-urpf'] });
      const { kind, suspects, unknown } = verdictIn(await located(network, 4, { topology: file }));
      assert.equal([kind, suspects], ['unknown', []], JSON.stringify(suspects));
      assert.ok(unknown.some(({ why }) => why.startsWith('r5 answers for r6: ')));
      const told = unknown.filter(({ why }) => why.startsWith(`filter: source check at ${router}: over IPv6`));
      const ends = topology.links.find((link) => link.id === id)!.ends.map(({ addresses }) => addresses[4]);
      assert.equal(
        told.flatMap(({ links }) => links.map(({ from, to }) => [from, to].toSorted())),
        [ends.toSorted()],
      );
    }
  });
});

test('a link that is dead over both families is blamed, however few sources could pass a check there', async () => {
  for (const [topology, id, node] of [
    [asymmetric, 'r1-r2', 'r1'],
    [asymmetric, 'r3-r4', 'r4'],
    [demoStock, 'r6-r5', 'r6'],
  ] as const) {
    const network = opened(topology, 13);
    network.engine.fault(id, node, { ...NO_FAULT, blackhole: true });
    const { kind, suspects } = verdictIn(await located(network, 4, { topology: topology.name }));
    const { ends } = topology.links.find((link) => link.id === id)!;
    const [from, to] = ends[0].node === node ? ends : ends.toReversed();
    assert.equal(
      [kind, ...suspects.map((one) => ('from' in one ? [one.from, one.to, one.direction] : one))],
      ['suspect', [from!.addresses[4], to!.addresses[4], 'from-to']],
      id,
    );
  }
});

test.run();
