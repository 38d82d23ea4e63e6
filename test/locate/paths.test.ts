/** `locate` along a path: what is lost between which routers, and what no path from here can tell. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { VerdictEvent } from '../../src/report/event.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { linksIn, located, opened, verdictIn } from './located.ts';

const topologyOf = (name: string): Topology => parseTopology(readFileSync(`fixtures/topologies/${name}.yaml`, 'utf8'), name);

const named = (one: VerdictEvent['suspects'][number]): unknown => ('device' in one ? one : [one.from, one.to, one.direction]);

for (const family of [4, 6] as const)
  test(`IPv${family}: on a chain the link is named, its direction is not`, async () => {
    const topology = topologyOf('line');
    const { ends } = topology.links.find(({ id }) => id === 'r2-r3')!;
    for (const from of ['r2', 'r3']) {
      const network = opened(topology, 5);
      network.engine.fault('r2-r3', from, { ...NO_FAULT, loss: 0.05 });
      const { kind, suspects } = verdictIn(await located(network, family, { destination: 'd' }));
      assert.is(kind, 'suspect');
      assert.equal(suspects.map(named), [[ends[0].addresses[family], ends[1].addresses[family], 'not-identifiable']]);
    }
  });

test('a clean path is clear, searched or given', async () => {
  for (const how of [{ destination: 'd' }, { path: ['a', 'r1', 'r2', 'r3', 'd'] }, { source: 'r1', destination: 'd' }]) {
    const { kind, unknown } = verdictIn(await located(opened(topologyOf('line'), 5), 4, how));
    assert.equal([kind, unknown], ['clear', []], JSON.stringify(how));
  }
});

test('past a router that does not decapsulate routers are named, not a link', async () => {
  const network = opened(topologyOf('nondecap'), 5);
  network.engine.fault('r2-r3', 'r2', { ...NO_FAULT, loss: 0.1 });
  const events = await located(network, 4, { destination: 'd' });
  assert.is(verdictIn(events).suspects.length, 1);
  assert.equal(
    linksIn(events).map(({ is }) => is),
    ['link', 'routers', 'link'],
  );
});

test('a dead link hides the rest: unknown, and not clear', async () => {
  const network = opened(topologyOf('line'), 5);
  network.engine.fault('r2-r3', 'r2', { ...NO_FAULT, blackhole: true });
  const { kind, suspects, unknown } = verdictIn(await located(network, 4, { path: ['a', 'r1', 'r2', 'r3', 'd'] }));
  assert.is(kind, 'suspect');
  assert.is(suspects.length, 1);
  assert.ok(unknown.length > 0 && unknown.every(({ wouldSettle }) => wouldSettle !== ''));
  const searched = verdictIn(await located(network, 4, { destination: 'd' }));
  assert.is.not(searched.kind, 'clear');
});

test('nothing that decapsulates, or a budget too small: unknown, with why and what would settle it', async () => {
  const base = topologyOf('line');
  const none = { ...base, nodes: base.nodes.map((node) => ({ ...node, decapsulates: false })) };
  const deaf = verdictIn(await located(opened(none, 5), 4, { topology: 'line' }));
  assert.equal([deaf.kind, deaf.suspects], ['unknown', []]);
  assert.match(deaf.unknown.map(({ why }) => why).join(), /does not decapsulate/);
  const poor = verdictIn(await located(opened(base, 5), 4, { topology: 'line', budget: { probes: 100, seconds: null } }));
  assert.equal([poor.kind, poor.suspects], ['unknown', []]);
  assert.match(poor.unknown[0]!.wouldSettle, /--budget/);
});

test.run();
