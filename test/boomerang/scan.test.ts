/** What a scan's cards say of networks in memory: what a router was made to do shows on its own line, and nowhere else. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Engine, Packet } from '../../src/engine/engine.ts';
import { simulated } from '../../src/engine/simulated/simulated.ts';
import { type Behaviour, PLAIN } from '../../src/topology/behaviour.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import type { Topology, TopologyNode } from '../../src/topology/topology.ts';
import { lineOf } from '../truth/partly.ts';
import { cardsOn, changed, FAMILIES, linesOf } from './scanned.ts';

const NODES = ['r1', 'r2', 'r3', 'd'];
const SEED = 7;

const behaving = (topology: Topology, part: Partial<Behaviour>, node: Partial<TopologyNode> = {}, at = 'r2'): Topology => ({
  ...topology,
  nodes: topology.nodes.map((one) => (one.name === at ? { ...one, ...node, behaviour: { ...PLAIN, ...part } } : one)),
});

const decapsulating = (part: Partial<Behaviour['decapsulation']>): Partial<Behaviour> => ({
  decapsulation: { ...PLAIN.decapsulation, ...part },
});

async function linesFor(topology: Topology, family: 4 | 6): Promise<string[]> {
  return linesOf(await cardsOn(simulated(topology, { seed: SEED }), { topology, family, nodes: NODES }), NODES);
}

/** Of Linux as it is: over IPv4 it drops its own address as source, and the last hop has nobody behind it to ask from. */
const PLAIN_LINES = (family: 4 | 6): string[] =>
  NODES.flatMap((node) => {
    const passes = family === 6;
    const before = node === 'r1' ? passes : passes || null;
    const nestings = family === 4 ? ['4in4', '6in4'] : ['6in6', '4in6'];
    const facts = [...nestings.map((nesting) => `${nesting} : true`), 'place: true', 'us: true', 'second: true', `waypoint: ${passes}`];
    const copies = ['ttl: pipe', 'dscp: kept', 'ecn: kept', 'depth: 8 router', 'size: 1500 first link', 'limited: false'];
    return [...facts, `previous: ${before}`, `uRPF: ${node === 'd' ? null : false}`, ...copies].map((line) => `${node} ${line}`);
  });

test('every line of plain routers is known, as far as there is somebody to ask', async () => {
  for (const family of FAMILIES) assert.equal(await linesFor(lineOf('x'), family), PLAIN_LINES(family));
});

const NOT_HOME = ['ttl: null', 'dscp: null', 'ecn: null', 'depth: null null', 'size: null null'];
const of = (node: string, ...lines: readonly string[]): string[] => lines.map((line) => `${node} ${line}`);
/** Of a router that does not strip its own family, and of the one before, which has nobody behind it to ask from. */
const NONE = (family: 4 | 6, nestings: readonly string[]): string[] => [
  ...of('r1', 'uRPF: null'),
  ...of('r2', ...nestings, 'us: null', 'second: null', 'waypoint: null', ...(family === 6 ? ['previous: null'] : []), 'uRPF: null'),
  ...of('r2', ...NOT_HOME),
  ...(family === 6 ? ['r3 previous: null'] : []),
];

interface Case {
  readonly title: string;
  readonly part?: Partial<Behaviour>;
  readonly node?: Partial<TopologyNode>;
  /** The lines that differ from those of plain routers, by family. */
  readonly lines: (family: 4 | 6) => readonly string[];
}

const own = (family: 4 | 6, value: boolean | null): string[] =>
  (family === 4 ? ['4in4', '6in4'] : ['6in6', '4in6']).map((nesting) => `${nesting} : ${value}`);

/** r2 behaves so; each of docs/topology.md. */
const CASES: readonly Case[] = [
  { title: 'land', part: { filters: ['land'] }, lines: () => ['r2 us: false', 'r3 us: null', 'd us: null'] },
  {
    title: 'own-prefix',
    part: { filters: ['own-prefix'] },
    lines: (family) =>
      family === 6
        ? ['r3 us: false', 'r3 second: false', 'd us: null', 'd second: null']
        : ['r3', 'd'].flatMap((node) => of(node, 'us: null', 'second: null', 'waypoint: null', ...NOT_HOME)),
  },
  {
    title: 'strict-urpf',
    part: { filters: ['strict-urpf'] },
    lines: (family) =>
      family === 6
        ? [
            ...of('r2', 'waypoint: false', 'previous: false', 'uRPF: true'),
            ...of('r3', 'us: false', 'second: false', 'previous: null'),
            ...of('d', 'us: null', 'second: null'),
          ]
        : ['r2 uRPF: true', ...['r3', 'd'].flatMap((node) => of(node, 'us: null', 'second: null', 'waypoint: null', ...NOT_HOME))],
  },
  { title: 'ct-invalid', part: { filters: ['ct-invalid'] }, lines: () => [] },
  {
    title: 'acceptLocal',
    part: { acceptLocal: true },
    lines: (family) => (family === 4 ? ['r2 waypoint: true', 'r3 previous: false'] : []),
  },
  { title: 'uniformTtl', part: { uniformTtl: true }, lines: () => ['r2 ttl: uniform'] },
  { title: 'hashPolicy', part: { hashPolicy: 2 }, lines: () => [] },
  { title: 'remarkDscp', part: { remarkDscp: 10 }, lines: () => ['r2 dscp: 10', 'r3 dscp: null', 'd dscp: null'] },
  { title: 'an icmpPolicer of six, and one a second', part: { icmpPolicer: { perSecond: 1, burst: 6 } }, lines: () => ['r2 limited: 6 1'] },
  { title: 'an icmpPolicer of none', part: { icmpPolicer: { perSecond: 0, burst: 1 } }, lines: () => ['r2 limited: null'] },
  { title: 'silent', node: { silent: true }, lines: () => ['r2 limited: null'] },
  { title: 'one layer at a visit', part: decapsulating({ layers: 1 }), lines: () => ['r2 depth: 1 router'] },
  { title: 'three layers at a visit', part: decapsulating({ layers: 3 }), lines: () => ['r2 depth: 3 router'] },
  { title: 'its own family alone', part: decapsulating({ kinds: ['4in4', '6in6'] }), lines: (family) => of('r2', own(family, false)[1]!) },
  { title: 'loopback alone', part: decapsulating({ at: 'loopback' }), lines: (family) => NONE(family, own(family, false)) },
  {
    title: 'what is in IPv6 alone',
    part: decapsulating({ kinds: ['6in6', '4in6'] }),
    lines: (family) => (family === 6 ? [] : NONE(family, own(family, false))),
  },
  { title: 'nothing decapsulated', node: { decapsulates: false }, lines: (family) => NONE(family, own(family, false)) },
];

for (const { title, part = {}, node, lines } of CASES)
  test(`a router with ${title} differs from plain ones on its own lines, and on no other`, async () => {
    for (const family of FAMILIES) {
      const seen = changed(PLAIN_LINES(family), await linesFor(behaving(lineOf('x'), part, node), family));
      assert.equal(seen.toSorted(), lines(family).toSorted(), `IPv${family}`);
    }
  });

test('the kernel out of the box limits its errors: IPv4 six and one a second, IPv6 six and ten a second', async () => {
  for (const family of FAMILIES) {
    const topology: Topology = { ...lineOf('x'), profile: 'stock' };
    const cards = await cardsOn(simulated(topology, { seed: SEED }), { topology, family, nodes: NODES });
    for (const { answers } of cards) {
      assert.is(answers.limited.value, true);
      assert.ok(answers.burst! >= 1 && answers.burst! <= 7, `${answers.burst}`); // redirects draw from the same bucket
      assert.ok(Math.abs(answers.perSecond! - (family === 4 ? 1 : 10)) <= 1, `${answers.perSecond}`);
      assert.equal([answers.steered!.heard, answers.steered!.sent], [10, 10]);
    }
  }
});

test('a smaller link behind the first shows from the hop behind it on, as bytes on the first link', async () => {
  for (const family of FAMILIES) {
    const topology = lineOf('x');
    const links = topology.links.map((link) => (link.id === 'r2-r3' ? { ...link, mtu: 1400 } : link));
    const seen = changed(PLAIN_LINES(family), await linesFor({ ...topology, links }, family));
    assert.equal(seen, ['r3 size: 1400 way', 'd size: 1400 way'], `IPv${family}`);
  }
});

test('the way home sets the bound too: a header is gone there', async () => {
  for (const family of FAMILIES) {
    const topology = lineOf('x');
    const engine = simulated(topology, { seed: SEED });
    engine.fault('r1-r2', 'r2', { ...NO_FAULT, mtu: 1400 });
    const seen = changed(PLAIN_LINES(family), linesOf(await cardsOn(engine, { topology, family, nodes: NODES }), NODES));
    const size = 1400 + (family === 4 ? 20 : 40);
    assert.equal(
      seen,
      ['r2', 'r3', 'd'].map((node) => `${node} size: ${size} way`),
      `IPv${family}`,
    );
  }
});

/** What the engine hands out or takes is changed on its way. */
const between = (engine: Engine, { sends = () => true, hears = (packet) => packet }: Between): Engine =>
  new Proxy(engine, {
    get(target, name) {
      if (name === 'send')
        return (...[route, packets]: Parameters<Engine['send']>) => {
          const kept = packets.filter(sends);
          if (kept.length > 0) target.send(route, kept);
          return packets.length;
        };
      if (name === 'receive') return async (untilNs: bigint) => (await target.receive(untilNs)).map(hears);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

interface Between {
  readonly sends?: (packet: Uint8Array) => boolean;
  readonly hears?: (packet: Packet) => Packet;
}

const first = async (engine: Engine, topology: Topology) => (await cardsOn(engine, { topology, family: 4, nodes: ['r1'] }))[0]!;

test('a nest that is too deep and dies in silence is told from a packet that is too large', async () => {
  const topology = lineOf('x');
  const shallow = between(simulated(topology, { seed: SEED }), { sends: (packet) => headersIn(packet) <= 6 }); // 4 to the router, 2 of ours
  assert.equal((await first(shallow, topology)).depth, {
    value: 4,
    why: 'of 5 headers 0 of 8 came home, of 4 and as large 8',
    bound: 'router',
  });
  const small = between(simulated(topology, { seed: SEED }), { sends: (packet) => packet.length <= 150 });
  const { depth, size } = await first(small, topology);
  assert.equal([depth.value, depth.bound], [3, null]); // 3 + 2 headers of 20, and 48 of UDP and identity: 148
  assert.equal([size.value, size.bound], [150, 'way']);
});

const headersIn = (packet: Uint8Array): number => {
  let at = 0;
  let count = 1;
  for (; packet[at + 9] === 4; at += 20) count += 1;
  return count;
};

test('congestion and DSCP that are copied inwards are told so', async () => {
  const topology = lineOf('x');
  const marks = new Map<string, number>(); // of the outermost header, by the identity that the probe carries
  const engine = between(simulated(topology, { seed: SEED }), {
    sends: (packet) => marks.set(identityOf(packet), packet[1]!).size > 0,
    hears: (packet) => withTrafficClass(packet, marks.get(identityOf(packet.bytes))),
  });
  const { dscp, ecn } = await first(engine, topology);
  assert.equal([dscp.fate.value, ecn.value], ['copied', 'copied']);
});

const identityOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(-40)).toString('hex');

/** A landing of two IPv4 headers stands at the end of its frame, and its length says where it begins. */
function withTrafficClass(packet: Packet, mark: number | undefined): Packet {
  const at = packet.bytes.findIndex((byte, index, { length }) => byte === 0x45 && packet.bytes[index + 3] === length - index);
  if (mark === undefined || at < 0) return packet;
  const bytes = packet.bytes.slice();
  bytes[at + 1] = mark;
  return { ...packet, bytes };
}

test('where nothing is heard, nothing is known, and nothing is "no"', async () => {
  const topology = lineOf('x');
  const engine = simulated(topology, { seed: SEED });
  engine.fault('a-r1', 'a', { ...NO_FAULT, blackhole: true });
  const cards = await cardsOn(engine, { topology, family: 4, nodes: NODES });
  const lines = linesOf(cards, NODES);
  assert.is(lines.length, NODES.length * 15 - NODES.length);
  assert.ok(
    lines.every((line) => /: (null|null null)$/.test(line)),
    lines.join('\n'),
  );
  assert.ok(cards.every(({ place, ecn, depth }) => [place, ecn, depth].every(({ why }) => why !== null)));
});

test('loss makes lines unknown, and never wrong', async () => {
  for (const family of FAMILIES) {
    const topology = lineOf('x');
    const truth = new Map(PLAIN_LINES(family).map((line) => line.split(': ') as [string, string]));
    for (let seed = 1; seed <= 20; seed += 1) {
      const engine = simulated(topology, { seed });
      engine.fault('r1-r2', null, { ...NO_FAULT, loss: 0.1 });
      const lines = linesOf(await cardsOn(engine, { topology, family, nodes: NODES }), NODES);
      for (const line of lines.filter((one) => !/(depth|size): /.test(one))) {
        const [name, value] = line.split(': ') as [string, string];
        assert.ok(value === 'null' || value === truth.get(name), `IPv${family}, seed ${seed}: ${line}`);
      }
    }
  }
});

test('a hop that stands elsewhere than it was seen is told', async () => {
  const topology = lineOf('x');
  const cards = await cardsOn(simulated(topology, { seed: SEED }), { topology, family: 4, nodes: NODES }, (hops) =>
    hops.map((hop) => (hop.position === 2 ? { ...hop, address: hops[2]!.address } : hop)),
  );
  assert.equal(
    cards.map(({ place }) => place.value),
    [true, false, true, true],
  );
  assert.is(cards[1]!.place.why, 'a ttl of 2 does not get there');
});

test("addresses that may be the same router's have a line once a probe has shown it, and strangers none", async () => {
  const topology = behaving(lineOf('x'), decapsulating({ at: 'loopback' }));
  const loopbackOf = (name: string, family: 4 | 6): string => topology.nodes.find((node) => node.name === name)!.loopback[family];
  const maybe = [loopbackOf('r2', 4), loopbackOf('r2', 6), loopbackOf('r1', 4), loopbackOf('r3', 4)];
  const cards = await cardsOn(simulated(topology, { seed: SEED }), { topology, family: 4, nodes: NODES }, (hops) =>
    hops.map((hop) => (hop.position === 2 ? { ...hop, maybe } : hop)),
  );
  assert.equal(cards[1]!.addresses, [cards[1]!.address, loopbackOf('r2', 4), loopbackOf('r2', 6)]);
  assert.equal(
    cards[1]!.nested.map(({ fact }) => fact.value),
    [false, false, true, true, true, true],
  );
  assert.is(cards[1]!.ttl.value, 'pipe');
});

test.run();
