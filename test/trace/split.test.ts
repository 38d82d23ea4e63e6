// limit: 120 s
/**
 * Which field moves a split: on networks in memory, for each hash policy of the kernel. What each of them goes by is the kernel's own word
 * (Documentation/networking/ip-sysctl.rst, fib_multipath_hash_policy): 0 addresses, and IPv6's flow label; 1 addresses, protocol and
 * ports; 2 as 0, of the inner header where there is one; 3 whatever is chosen, here everything of the outer and the inner header.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Simulated, simulated } from '../../src/engine/simulated/simulated.ts';
import type { Event } from '../../src/report/event.ts';
import { type HashPolicy, PLAIN } from '../../src/topology/behaviour.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { addressesOf } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import type { Field } from '../../src/trace/field.ts';
import { splitsOf } from '../../src/trace/split.ts';
import type { Face } from '../../src/trace/split-ask.ts';
import { fixture } from '../lab/raised.ts';
import { nameIn, of, traced } from '../truth/commands.ts';

const FAMILIES = [4, 6] as const;
const PORTS = ['source port', 'destination port'];
const LABEL = { 4: [], 6: ['flow label'] } as const;

/** Policy → what moves a split of plain probes, and of IP in IP. */
const MOVES: Readonly<Record<HashPolicy, (family: 4 | 6) => { plain: readonly string[]; steered: readonly string[] }>> = {
  0: (family) => ({ plain: ['outer source', ...LABEL[family]], steered: ['outer source', ...LABEL[family]] }),
  1: () => ({ plain: ['outer source', ...PORTS], steered: ['outer source'] }),
  2: (family) => ({ plain: ['outer source', ...LABEL[family]], steered: ['inner addresses', ...LABEL[family]] }),
  3: (family) => ({
    plain: ['outer source', ...PORTS, ...LABEL[family]],
    steered: ['outer source', 'inner addresses', 'inner ports', ...LABEL[family]],
  }),
};

const withPolicy = (topology: Topology, hashPolicy: HashPolicy): Topology => ({
  ...topology,
  nodes: topology.nodes.map((node) => ({ ...node, behaviour: { ...PLAIN, hashPolicy } })),
});

const told = (engine: Simulated, family: 4 | 6, options: Parameters<typeof traced>[3]): Promise<Event[]> =>
  traced(
    { engine, names: engine.names, ownAddresses: (us) => addressesOf(engine.topology, 'a', family).filter((one) => one !== us) },
    'd',
    family,
    options,
  );

const splitsIn = (events: readonly Event[], position: number): Extract<Event, { type: 'split' }>[] =>
  of(events, 'split').filter((split) => split.position === position);

/** Two addresses of our own share a way in one of four networks: over so many seeds they do not in all. */
const SEEDS = [1, 2, 3, 4, 5, 6];

for (const policy of [0, 1, 2, 3] as const)
  test(`hash policy ${policy}: the fields that are named as moving r1's split are those that the kernel's documentation has`, async () => {
    const topology = withPolicy(fixture('ecmp4', 'x'), policy);
    for (const family of FAMILIES)
      for (const kind of ['plain', 'steered'] as const) {
        const moved = new Set<string>();
        for (const seed of SEEDS) {
          const events = await told(simulated(topology, { seed }), family, { flows: 16, steered: kind === 'steered' });
          for (const { movedBy } of splitsIn(events, 1)) for (const field of movedBy) moved.add(field);
        }
        assert.equal([...moved].sort(), [...MOVES[policy](family)[kind]].sort(), `IPv${family} ${kind}`);
      }
  });

test('each next hop is told with a value, and a trace that is given that value goes there', async () => {
  const topology = fixture('ecmp4', 'x');
  for (const family of FAMILIES) {
    const [split] = splitsIn(await told(simulated(topology, { seed: 3 }), family, { flows: 32 }), 1);
    assert.equal(split!.next.map(({ address }) => nameIn(topology, address)).sort(), ['m1', 'm2', 'm3', 'm4']);
    assert.is(nameIn(topology, split!.from), 'r1');
    for (const { address, field, value } of split!.next) {
      assert.is(field, 'source port');
      const events = await told(simulated(topology, { seed: 3 }), family, { sourcePort: value as number });
      assert.is(of(events, 'hop')[1]!.address, address);
    }
  }
});

test('a router that answers from many addresses is one router, and no split behind each branch', async () => {
  const topology = fixture('ecmp4', 'x');
  const events = await told(simulated(topology, { seed: 3 }), 4, { flows: 32 });
  const [joint, ...more] = splitsIn(events, 2);
  assert.equal([more.length, new Set(joint!.next.map(({ router }) => router)).size, joint!.from], [0, 1, null]);
  assert.equal(new Set(joint!.next.map(({ address }) => nameIn(topology, address))), new Set(['r2']));
});

test('on the way back, too, the router that splits is named, whichever of its addresses answers', async () => {
  const topology = fixture('ecmp4', 'x');
  for (const family of FAMILIES) {
    const events = await told(simulated(topology, { seed: 3 }), family, { flows: 16, reverse: true });
    const found = splitsIn(events, 2).filter(({ next }) => next.length > 1 && next[0]!.router !== next[1]!.router);
    assert.is(found.length, 1);
    assert.is(nameIn(topology, found[0]!.from), 'r2');
    assert.equal(found[0]!.next.map(({ address }) => nameIn(topology, address)).sort(), ['m1', 'm2', 'm3', 'm4']);
  }
});

test('an echo has an identifier and a checksum, and the kernel goes by neither', async () => {
  for (const family of FAMILIES) {
    const events = await told(simulated(fixture('ecmp4', 'x'), { seed: 3 }), family, { flows: 8, protocol: 'icmp' });
    const label = family === 6 ? ['flow label'] : [];
    assert.equal(
      of(events, 'flows')[0]!.fields.map(({ field }) => field),
      ['identifier', 'checksum', ...label, 'outer source'],
    );
    for (const { movedBy } of splitsIn(events, 1)) assert.equal(movedBy, ['outer source']);
  }
});

test('a path without a split has none, and how likely one was missed is 2^(1-values)', async () => {
  const events = await told(simulated(fixture('line', 'x'), { seed: 1 }), 4, { flows: 8 });
  assert.equal(of(events, 'split'), []);
  const { splits, fields } = of(events, 'flows')[0]!;
  assert.is(splits, 0);
  assert.equal(fields.slice(0, 2), [
    { field: 'source port', values: 8, missed: 1 / 128 },
    { field: 'destination port', values: 8, missed: 1 / 128 },
  ]);
});

test('routers that answer once a second are asked once a second: every value is heard, in a time that is bounded', async () => {
  const topology = { ...fixture('ecmp4', 'x'), profile: 'stock' } as const;
  for (const family of FAMILIES) {
    const engine = simulated(topology, { seed: 3 });
    const beganNs = engine.nowNs();
    const events = await told(engine, family, { flows: 8 });
    const tookS = Number(engine.nowNs() - beganNs) / 1e9;
    const fields = of(events, 'flows')[0]!.fields;
    for (const { field, values } of fields) assert.is(values, field === 'outer source' ? 2 : 8, field);
    const asks = fields.reduce((sum, { values }) => sum + values - 1, 0) + 8; // and the trace's own value again
    assert.ok(tookS < asks * 1.2 + 2, `IPv${family}: ${tookS} s for ${asks} asks`);
    assert.is(splitsIn(events, 1)[0]!.next.length > 1, true);
  }
});

test('loss does not pass for a split', async () => {
  for (const seed of SEEDS) {
    const engine = simulated(fixture('line', 'x'), { seed });
    engine.fault('r1-r2', null, { ...NO_FAULT, loss: 0.2 });
    assert.equal(of(await told(engine, 4, { flows: 16 }), 'split'), []);
  }
});

/** Faces as a trace would see them: `[ttl, value, address]`, value null for the trace's own. */
const FIELD: Field = { name: 'source port', own: 1, variants: [] };
const face = ([ttl, value, address]: readonly [number, number | null, string]): Face => ({
  ttl,
  field: value === null ? null : 'source port',
  value,
  address,
});
const ADDRESSES = ['10.0.0.1', '10.0.1.1', '10.0.2.1', '10.0.3.1', '10.0.4.1'];
const split = (...faces: readonly (readonly [number, number | null, string])[]): ReturnType<typeof splitsOf> =>
  splitsOf(faces.map(face), [FIELD], (_, address) => ADDRESSES.indexOf(address));

test('a next hop that changes while nothing else does is balanced by packet, and no field is said to move it', () => {
  const [found, ...more] = split(
    [1, null, '10.0.0.1'],
    [2, null, '10.0.1.1'],
    [2, null, '10.0.2.1'],
    [2, 2, '10.0.2.1'],
    [3, null, '10.0.3.1'],
    [3, null, '10.0.4.1'],
  );
  assert.equal([found!.perPacket, found!.movedBy, found!.from, more], [true, [], '10.0.0.1', []]);
  assert.equal(
    found!.next.map(({ address }) => address),
    ['10.0.1.1', '10.0.2.1'],
  );
});

test('branches with a next hop each are one split, where they part', () => {
  const found = split([1, null, '10.0.0.1'], [2, null, '10.0.1.1'], [2, 2, '10.0.2.1'], [3, null, '10.0.3.1'], [3, 2, '10.0.4.1']);
  assert.equal(
    found.map(({ ttl, from, movedBy }) => [ttl, from, movedBy]),
    [[2, '10.0.0.1', ['source port']]],
  );
});

test.run();
