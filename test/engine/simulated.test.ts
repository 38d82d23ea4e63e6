/** The simulated engine: the contract of all engines, and what only a simulation can be held to, to the packet. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Packet } from '../../src/engine/engine.ts';
import { type Simulated, type SimulatedOptions, simulated } from '../../src/engine/simulated/simulated.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { addressesOf } from '../../src/topology/lookup.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { engineContract } from './contract.ts';

const fixture = (name: string): Topology => parseTopology(readFileSync(`fixtures/topologies/${name}.yaml`, 'utf8'), name);

for (const name of ['line', 'uplinks', 'clos']) {
  engineContract(`simulated ${name}`, async () => {
    const topology = fixture(name);
    return { engine: simulated(topology), topology };
  });
}

/** A on every layer, as planned probes have it: outer headers for each waypoint, A>A inmost, UDP or nothing in it. */
function nested(
  topology: Topology,
  waypoints: readonly string[],
  { family = 4, ports = [1000, 33434], ttl = 64 }: Nesting = {},
): Uint8Array {
  const home = addressesOf(topology, 'a', family)[1]!;
  const udp = Buffer.alloc(12);
  udp.writeUInt16BE(ports[0]!, 0);
  udp.writeUInt16BE(ports[1]!, 2);
  udp.writeUInt16BE(udp.length, 4); // checksum 0: none
  const stack = [...waypoints.map((node) => addressesOf(topology, node, family)[0]!), home];
  return stack.reduceRight(
    (inner, to, i) => header(family, home, to, i === stack.length - 1 ? 17 : family === 4 ? 4 : 41, ttl, inner),
    udp as Uint8Array,
  );
}

interface Nesting {
  family?: 4 | 6;
  ports?: [number, number];
  ttl?: number;
}

function header(family: 4 | 6, from: string, to: string, protocol: number, ttl: number, inner: Uint8Array): Uint8Array {
  if (family === 6)
    return Buffer.concat([
      Buffer.from([0x60, 0, 0, 0, inner.length >> 8, inner.length & 255, protocol, ttl]),
      bytes6(from),
      bytes6(to),
      inner,
    ]);
  const length = 20 + inner.length;
  const ip = Buffer.from([
    0x45,
    0,
    length >> 8,
    length & 255,
    0,
    1,
    0x40,
    0,
    ttl,
    protocol,
    0,
    0,
    ...from.split('.').map(Number),
    ...to.split('.').map(Number),
  ]);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += ip.readUInt16BE(at);
  ip.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 10);
  return Buffer.concat([ip, inner]);
}

function bytes6(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::').map((part) =>
    part
      .split(':')
      .filter(Boolean)
      .map((word) => word.padStart(4, '0'))
      .join(''),
  );
  return Buffer.from(head + '0'.repeat(32 - head.length - tail.length) + tail, 'hex');
}

async function collect(engine: Simulated, withinNs = 3_000_000_000n): Promise<Packet[]> {
  const deadline = engine.nowNs() + withinNs;
  const all: Packet[] = [];
  for (let batch = await engine.receive(deadline); batch.length > 0; batch = await engine.receive(deadline)) all.push(...batch);
  return all;
}

const sendTo = async (engine: Simulated, node: string, packets: readonly Uint8Array[]): Promise<void> => {
  engine.send(await engine.route(addressesOf(engine.topology, node, 4)[0]!), packets);
};

/** `17/61`: protocol and ttl of an IPv4 or IPv6 packet in Ethernet. */
const seen = ({ bytes }: Packet): string => (bytes[12] === 8 ? `${bytes[23]}/${bytes[22]}` : `${bytes[20]}/${bytes[21]}`);

const repeat = (count: number, packet: Uint8Array): Uint8Array[] => Array.from({ length: count }, () => packet);

const direction = (engine: Simulated, from: string, to: string) =>
  engine.counters().links.find((link) => link.from === from && link.to === to)!;

test('a boomerang is stripped at every waypoint, and each leg takes its toll of the next header: 64 − 1 at r1', async () => {
  for (const family of [4, 6] as const) {
    await using engine = simulated(fixture('line'));
    await sendTo(engine, 'r1', [nested(engine.topology, ['r1', 'r2', 'r3', 'r2', 'r1'], { family })]);
    const landed = await collect(engine);
    assert.is(seen(landed[0]!), '17/63'); // the inmost header is forwarded once: by r1, which strips what was around it
    assert.equal(
      engine
        .counters()
        .decapsulated.filter(({ headers }) => headers > 0)
        .map(({ node, headers }) => `${node} ${headers}`),
      ['r1 2', 'r2 2', 'r3 1'],
    );
  }
});

test('4in6 and 6in4 change the family on the way', async () => {
  await using engine = simulated(fixture('line'));
  const [a4, a6, r16, r24] = ['10.0.0.1', 'fd00::1', 'fd00:255::2', '10.255.0.3'] as const;
  const inner = nested(engine.topology, []);
  const inner6 = header(6, a6, a6, 59, 64, new Uint8Array(0));
  await sendTo(engine, 'r1', [header(6, a6, r16, 4, 64, inner), header(4, a4, r24, 41, 64, inner6)]);
  assert.equal((await collect(engine)).map(seen), ['17/63', '59/62']);
});

test('a router strips eight of its own layers at one visit, and answers the ninth with protocol unreachable', async () => {
  await using engine = simulated(fixture('line'));
  await sendTo(engine, 'r1', [nested(engine.topology, Array<string>(8).fill('r1')), nested(engine.topology, Array<string>(9).fill('r1'))]);
  const [landed, refused] = await collect(engine);
  assert.is(seen(landed!), '17/63');
  assert.equal([...refused!.bytes.subarray(34, 36)], [3, 2]);
});

test('a router that does not decapsulate says so, quoting the whole remaining stack', async () => {
  await using engine = simulated(fixture('nondecap'));
  const whole = nested(engine.topology, ['r1', 'r2', 'r1']);
  await sendTo(engine, 'r1', [whole]);
  const [error] = await collect(engine);
  assert.equal([...error!.bytes.subarray(34, 36)], [3, 2]);
  assert.is(Buffer.from(error!.bytes.subarray(42 + 20)).toString('hex'), Buffer.from(whole.subarray(40)).toString('hex'));
});

test('a silent router tells nobody of a ttl that ran out, its neighbours do', async () => {
  await using engine = simulated(fixture('silent'));
  const to = addressesOf(engine.topology, 'd', 4)[0]!;
  const probes = [1, 2, 3].map((ttl) => header(4, '10.0.0.1', to, 17, ttl, new Uint8Array(8)));
  await sendTo(engine, 'd', probes);
  assert.equal(
    (await collect(engine)).map(({ bytes }) => bytes.subarray(26, 30).join('.')),
    ['10.0.0.2', '10.0.2.2'],
  );
});

test('exactly one in ten is lost, the last of each ten, in one direction of one link only', async () => {
  await using engine = simulated(fixture('line'));
  engine.fault('r2-r3', 'r2', { ...NO_FAULT, exact: { lost: 1, of: 10 } });
  await sendTo(engine, 'r1', repeat(1000, nested(engine.topology, ['r1', 'r2', 'r3', 'r2', 'r1'])));
  assert.is((await collect(engine)).length, 900);
  assert.equal(direction(engine, 'r2', 'r3'), {
    link: 'r2-r3',
    from: 'r2',
    to: 'r3',
    seen: 1000,
    lost: 100,
    flowLost: 0,
    duplicated: 0,
    corrupted: 0,
  });
  assert.equal(direction(engine, 'r3', 'r2'), {
    link: 'r2-r3',
    from: 'r3',
    to: 'r2',
    seen: 900,
    lost: 0,
    flowLost: 0,
    duplicated: 0,
    corrupted: 0,
  });
});

test('a random loss of 10 % lies within its 99.99 % interval', async () => {
  await using engine = simulated(fixture('line'), { seed: 7 });
  engine.fault('r1-r2', 'r2', { ...NO_FAULT, loss: 0.1 });
  await sendTo(engine, 'r1', repeat(10_000, nested(engine.topology, ['r1', 'r2', 'r1'])));
  const { lost } = direction(engine, 'r2', 'r1');
  const landed = (await collect(engine)).length;
  assert.is(lost, 0); // nothing moved before receive
  assert.is(landed, 10_000 - direction(engine, 'r2', 'r1').lost);
  assert.ok(Math.abs(landed - 9000) < 3.89 * Math.sqrt(10_000 * 0.1 * 0.9), `${landed} landed`); // normal quantile 0.99995
});

test('a flow fault takes whole flows, whatever is around them: about one in four, and always the same', async () => {
  await using engine = simulated(fixture('line'), { seed: 3 });
  engine.fault('r1-r2', 'r1', { ...NO_FAULT, flowLoss: { lost: 1, of: 4 } });
  const flows = Array.from({ length: 400 }, (_, i) => nested(engine.topology, ['r1', 'r2', 'r1'], { ports: [10_000 + i, 33434] }));
  const landedPorts = async (): Promise<number[]> => {
    await sendTo(engine, 'r1', flows);
    return (await collect(engine)).map(({ bytes }) => (bytes[34]! << 8) | bytes[35]!);
  };
  const landed = await landedPorts();
  assert.equal(await landedPorts(), landed);
  assert.ok(Math.abs(landed.length - 300) < 3.89 * Math.sqrt(400 * 0.25 * 0.75), `${landed.length} flows landed`);
  assert.is(direction(engine, 'r1', 'r2').flowLost, 2 * (400 - landed.length));
});

test('a duplicate comes twice, a corrupted packet differs in one bit of its last byte', async () => {
  await using engine = simulated(fixture('line'));
  const probe = nested(engine.topology, ['r1']);
  engine.fault('a-r1', 'r1', { ...NO_FAULT, duplicate: 1, corrupt: 1 });
  await sendTo(engine, 'r1', [probe]);
  const landed = await collect(engine);
  assert.is(landed.length, 2);
  for (const { bytes } of landed) assert.equal([...bytes.subarray(-12)], [...probe.subarray(-12, -1), probe.at(-1)! ^ 1]);
});

test('a blackhole swallows all, and clear brings all back', async () => {
  await using engine = simulated(fixture('line'));
  const probe = nested(engine.topology, ['r1', 'r2', 'r1']);
  engine.fault('r2-r1', null, { ...NO_FAULT, blackhole: true });
  await sendTo(engine, 'r1', [probe]);
  assert.is((await collect(engine)).length, 0);
  engine.fault('r1-r2', null, 'clear');
  await sendTo(engine, 'r1', [probe]);
  assert.is((await collect(engine)).length, 1);
});

test('a link that is down takes its routes away: no route is said, other ways are taken', async () => {
  await using line = simulated(fixture('line'));
  line.fault('r2-r3', null, 'down');
  await sendTo(line, 'r1', [nested(line.topology, ['r1', 'd'])]);
  assert.equal(
    (await collect(line)).map(({ bytes }) => [...bytes.subarray(34, 36)]),
    [[3, 0]],
  );

  await using diamond = simulated(fixture('diamond'));
  diamond.fault('r1-r2', null, 'down');
  const flows = Array.from({ length: 50 }, (_, i) => nested(diamond.topology, ['r1', 'r4', 'r3', 'r1'], { ports: [i, 1] }));
  await sendTo(diamond, 'r1', flows);
  assert.is((await collect(diamond)).length, 50);
  assert.is(direction(diamond, 'r1', 'r2').seen, 0);
});

test('asked for its address on a dead link, an IPv6 router says no route from that very address (as Linux was seen to)', async () => {
  await using engine = simulated(fixture('line'));
  engine.fault('r2-r3', null, 'down');
  await sendTo(engine, 'r2', [header(6, 'fd00::1', 'fd00:0:2::1', 59, 64, new Uint8Array(0))]);
  const [error] = await collect(engine);
  assert.equal([...error!.bytes.subarray(54, 56)], [1, 0]);
  assert.equal(Buffer.from(error!.bytes.subarray(22, 38)), bytes6('fd00:0:2::1'));
});

test('one direction of a link cannot be down, and strangers are told what there is', async () => {
  await using engine = simulated(fixture('line'));
  assert.throws(() => engine.fault('r1-r2', 'r1', 'down'), /one carrier/);
  assert.throws(() => engine.fault('r1-r2', 'd', 'clear'), /its ends are r1 or r2/);
  assert.throws(() => engine.fault('r1-r9', null, 'clear'), /take one of a-r1/);
});

test('among equal ways a flow keeps to one, and many flows take each about equally', async () => {
  await using engine = simulated(fixture('ecmp4'), { seed: 5 });
  const flow = (port: number): Uint8Array =>
    header(4, '10.0.0.1', addressesOf(engine.topology, 'd', 4)[0]!, 17, 9, Buffer.from([port >> 8, port & 255, 1, 1, 0, 8, 0, 0]));
  const members = (): number[] => ['m1', 'm2', 'm3', 'm4'].map((member) => direction(engine, 'r1', member).seen);
  await sendTo(engine, 'd', repeat(100, flow(1)));
  await collect(engine);
  assert.equal(
    members().toSorted((a, b) => a - b),
    [0, 0, 0, 100],
  );
  const before = members();
  await sendTo(
    engine,
    'd',
    Array.from({ length: 2000 }, (_, port) => flow(port + 2)),
  );
  await collect(engine);
  for (const [i, count] of members().entries())
    assert.ok(Math.abs(count - before[i]! - 500) < 3.89 * Math.sqrt(2000 * 0.25 * 0.75), `${members()}`);
});

test('links take their delay and at most their jitter, and jitter alone overtakes nobody', async () => {
  const topology = parseTopology(
    '{name: t, nodes: {a: {vantage: true}, r1: {}}, links: [{between: [a, r1], delayMs: 7, jitterMs: 2}]}',
    't',
  );
  await using engine = simulated(topology, { hopNs: 0 });
  const begin = engine.nowNs();
  await sendTo(
    engine,
    'r1',
    Array.from({ length: 200 }, (_, i) => nested(topology, ['r1'], { ports: [i, 1] })),
  );
  const landed = await collect(engine);
  const tookMs = landed.map(({ timeNs }) => Number(timeNs - begin) / 1e6);
  assert.ok(
    tookMs.every((ms) => ms >= 14 && ms <= 18),
    `${Math.min(...tookMs)} to ${Math.max(...tookMs)} ms`,
  );
  assert.equal(
    landed.map(({ bytes }) => (bytes[34]! << 8) | bytes[35]!),
    Array.from({ length: 200 }, (_, i) => i),
  );
});

test('reordering lets some packets be overtaken and loses none', async () => {
  await using engine = simulated(fixture('line'), { reorder: 0.1 });
  for (let i = 0; i < 100; i += 1) {
    await sendTo(engine, 'r1', [nested(engine.topology, ['r1'], { ports: [i, 1] })]);
    await engine.receive(engine.nowNs() + 1000n);
  }
  const order = (await collect(engine)).map(({ bytes }) => (bytes[34]! << 8) | bytes[35]!);
  assert.is(new Set(order).size, 100);
  assert.ok(order.some((port, i) => i > 0 && port < order[i - 1]!));
});

test('the same seed gives the same run, stamps and all; another seed another', async () => {
  const run = async (seed: number): Promise<string[]> => {
    await using engine = simulated(fixture('diamond'), { seed });
    engine.fault('r1-r2', null, { ...NO_FAULT, loss: 0.3 });
    await sendTo(
      engine,
      'r1',
      Array.from({ length: 100 }, (_, i) => nested(engine.topology, ['r1', 'r2', 'r1'], { ports: [i, 1] })),
    );
    return (await collect(engine)).map(({ bytes, timeNs }) => `${timeNs} ${Buffer.from(bytes).toString('hex')}`);
  };
  assert.equal(await run(1), await run(1));
  assert.not.equal(await run(1), await run(2));
});

/** How many of a burst are answered: measured on Linux 6.18, kernel defaults, one burst of each kind against a fresh router. */
const BURSTS: [title: string, packet: Uint8Array, count: number, answered: number][] = [
  ['time exceeded', header(4, '10.0.0.1', '10.255.0.5', 17, 1, new Uint8Array(8)), 200, 6],
  ['time exceeded over IPv6', header(6, 'fd00::1', 'fd00:255::5', 17, 1, new Uint8Array(8)), 200, 6],
  ['no route', header(4, '10.0.0.1', '192.0.2.1', 17, 9, new Uint8Array(8)), 30, 2],
];

for (const [title, packet, count, answered] of BURSTS) {
  test(`stock: of ${count} at once ${answered} are answered: ${title}`, async () => {
    await using engine = simulated({ ...fixture('line'), profile: 'stock' });
    await sendTo(engine, 'd', repeat(count, packet));
    assert.is((await collect(engine, 10_000_000n)).length, answered);
  });
}

test('stock: of probes 10 ms apart one a second is answered after the first six (FACTS: 1 of 100)', async () => {
  await using engine = simulated({ ...fixture('line'), profile: 'stock' });
  let answers = 0;
  for (let i = 0; i < 1000; i += 1) {
    await sendTo(engine, 'd', [header(4, '10.0.0.1', '10.255.0.5', 17, 1, new Uint8Array(8))]);
    answers += (await collect(engine, 10_000_000n)).length;
  }
  assert.is(answers, 6 + 9);
});

test('lab: no limit', async () => {
  await using engine = simulated(fixture('line'));
  await sendTo(engine, 'd', repeat(1000, header(4, '10.0.0.1', '10.255.0.5', 17, 1, new Uint8Array(8))));
  assert.is((await collect(engine)).length, 1000);
});

test('hop-sourced layers die on a router that would see its own address as source, over IPv4 only', async () => {
  await using engine = simulated(fixture('line'));
  const landing = new Uint8Array(0);
  const sourced = (family: 4 | 6, a: string, r1: string): Uint8Array =>
    header(family, a, r1, family === 4 ? 4 : 41, 64, header(family, r1, a, family === 4 ? 17 : 59, 64, landing));
  await sendTo(engine, 'r1', [sourced(4, '10.0.0.1', '10.255.0.2'), sourced(6, 'fd00::1', 'fd00:255::2')]);
  assert.equal((await collect(engine)).map(seen), ['59/63']);
});

test('a vantage that speaks from its loopback address routes from it', async () => {
  await using engine = simulated(fixture('uplinks'));
  assert.is((await engine.route('10.255.0.5')).source, '10.255.0.1');
  assert.is((await engine.route('10.0.0.2')).source, '10.0.0.1'); // its own link needs no route
});

test('a packet above the first link is refused with the figures, one to a stranger engine too', async () => {
  await using engine = simulated(fixture('line'));
  const route = await engine.route('10.255.0.5');
  assert.throws(
    () => engine.send(route, [new Uint8Array(1501)]),
    (error: Error & { code: string }) => error.code === 'ERR_MTU' && /1501.*1500/.test(error.message),
  );
  assert.throws(() => engine.send({ ...route }, []), /ask its route\(\) first/);
});

test('any bytes at all are carried or lost, never thrown', async () => {
  await using engine = simulated(fixture('diamond'));
  const noise = (length: number, salt: number): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => Math.imul(i * salt + 1, 0x9e3779b1) >>> 24);
  const bent = Array.from({ length: 200 }, (_, i) => {
    const packet = Buffer.from(nested(engine.topology, ['r1', 'r2', 'r1'], { family: i % 2 ? 6 : 4 }));
    packet[(i * 7) % packet.length]! ^= 1 << (i % 8);
    return packet.subarray(0, i % 3 ? packet.length : i % packet.length);
  });
  await sendTo(engine, 'r1', [...Array.from({ length: 80 }, (_, i) => noise(i, i)), ...bent]);
  await collect(engine, 10_000_000_000n);
  assert.ok(direction(engine, 'a', 'r1').seen > 250);
});

test("names are the topology's: the loopback address first, every address named", async () => {
  const { names } = simulated(fixture('line'));
  assert.equal(await names.addresses('r2', 4), ['10.255.0.3', '10.0.1.2', '10.0.2.1']);
  assert.equal((await names.addresses('r2.example', null)).length, 6);
  assert.equal(await names.addresses('r9', null), []);
  assert.is(await names.name('fd00:0:1::2'), 'r2.example');
  assert.is(await names.name('192.0.2.1'), null);
});

test('a million lost probes cost no memory, and three seconds of waiting no time', async () => {
  const options: SimulatedOptions = { seed: 1 };
  await using engine = simulated(fixture('line'), options);
  engine.fault('a-r1', 'a', { ...NO_FAULT, blackhole: true });
  const route = await engine.route('10.255.0.2');
  const block = repeat(10_000, nested(engine.topology, ['r1']));
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 100; i += 1) engine.send(route, block);
  assert.is((await collect(engine)).length, 0);
  assert.is(direction(engine, 'a', 'r1').lost, 1_000_000);
  assert.ok(process.memoryUsage().heapUsed - before < 64 << 20);
});

test.run();
