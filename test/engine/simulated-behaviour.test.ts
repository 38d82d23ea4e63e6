/** What simulated routers do besides forwarding; test/lab/differential-behaviour.test.ts holds the same against kernels, byte by byte. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Simulated, simulated } from '../../src/engine/simulated/simulated.ts';
import { compile, craft } from '../../src/probe/craft.ts';
import type { Flow, Layer } from '../../src/probe/itinerary.ts';
import { newRun } from '../../src/probe/run.ts';
import { type Behaviour, type Decapsulation, PLAIN } from '../../src/topology/behaviour.ts';
import { addressesOf, nodeNamed } from '../../src/topology/lookup.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';

const LINE = parseTopology(readFileSync('fixtures/topologies/line.yaml', 'utf8'), 'line');
const FLOW: Flow = { transport: 'udp', sourcePort: 40_000, destinationPort: 33_434, dscp: 0, flowLabel: 0, size: null };
const run = newRun((length) => new Uint8Array(length).fill(7));

/** `from>to`: by its loopback, `us` by a's address on its link; a ttl may stand behind. */
function layer(text: string, family: FamilyNumber): Layer {
  const [, from, to, ttl = '64'] = /^(\w+)>(\w+)(?: (\d+))?$/.exec(text)!;
  return { source: addressIn(from!, family), destination: addressIn(to!, family), ttl: Number(ttl) };
}

const addressIn = (name: string, family: FamilyNumber): string =>
  name === 'us'
    ? addressesOf(LINE, 'a', family)[1]!
    : name.startsWith('link')
      ? addressesOf(LINE, name.slice(4), family)[1]!
      : nodeNamed(LINE, name)!.loopback[family];

/** What comes back of a probe of these layers, outermost first: `udp ttl 62`, `icmp 11/0`; of several at once all. */
async function back(
  engine: Simulated,
  layers: string,
  family: FamilyNumber = 4,
  { count = 1, flow = FLOW, withinNs = 1_000_000_000n } = {},
): Promise<string[]> {
  const stack = layers.split(' | ').map((text) => layer(text, family));
  const template = compile({ layers: stack, flow, landing: 0 });
  const route = await engine.route(addressIn('r1', family));
  engine.send(
    route,
    Array.from({ length: count }, (_, i) => Uint8Array.from(craft(template, run, 0, i + 1, 0n))),
  );
  const all: string[] = [];
  const untilNs = engine.nowNs() + withinNs;
  for (let batch = await engine.receive(untilNs); batch.length > 0; batch = await engine.receive(untilNs))
    all.push(...batch.filter(({ bytes }) => bytes[0] !== 0).map(({ bytes }) => told(bytes.subarray(14))));
  return all;
}

function told(packet: Uint8Array): string {
  const [ttl, protocol, at] = packet[0]! >> 4 === 4 ? [packet[8], packet[9], 20] : [packet[7], packet[6], 40];
  if (protocol === 17) return `udp ttl ${ttl}`;
  return protocol === 1 || protocol === 58 ? `icmp ${packet[at]}/${packet[at + 1]}` : `protocol ${protocol} ttl ${ttl}`;
}

/** The line with one router that does not behave as the others. */
function lineWith(router: string, behaviour: Partial<Behaviour>): Simulated {
  const engine = simulated(LINE);
  engine.behave(router, { ...PLAIN, ...behaviour });
  return engine;
}

const decapsulation = (part: Partial<Decapsulation>): Partial<Behaviour> => ({ decapsulation: { ...PLAIN.decapsulation, ...part } });

/** The line whose r1 strips what is addressed to r2. */
const proxied = { ...LINE, nodes: LINE.nodes.map((node) => (node.name === 'r1' ? { ...node, decapsulatesFor: ['r2'] } : node)) };

for (const family of [4, 6] as const) {
  test(`IPv${family}: decapsulatesFor strips another's headers on their way, and nothing else that is for it`, async () => {
    await using engine = simulated(proxied);
    for (const layers of ['us>r2 | us>us', 'us>r2 | us>r2 | us>us']) {
      const seen = await back(engine, layers, family);
      assert.equal(
        seen.filter((one) => one !== 'icmp 137/0'), // over IPv6 the router next to us tells of a better way too
        ['udp ttl 63'],
      );
    }
    assert.equal(await back(engine, 'us>r2 2', family), [family === 4 ? 'icmp 3/3' : 'icmp 1/4']);
    assert.equal(await back(engine, 'us>r3 | us>us', family), ['udp ttl 61']);
    const stripped = engine.counters().decapsulated.filter(({ headers }) => headers > 0);
    assert.equal(
      stripped.map(({ node, headers }) => [node, headers]),
      [['r3', 1]],
    );
  });

  const refused = family === 4 ? 'icmp 3/2' : 'icmp 4/1';
  const expired = family === 4 ? 'icmp 11/0' : 'icmp 3/0';

  test(`IPv${family}: land drops us>us as it is uncovered and on the way, and nothing else`, async () => {
    for (const router of ['r1', 'r2']) {
      await using engine = lineWith(router, { filters: ['land'] });
      assert.equal(await back(engine, 'us>r2 | us>us', family), []);
      assert.equal(await back(engine, 'us>r2 | a>us', family), ['udp ttl 62']);
      assert.equal(await back(engine, 'us>r2 1', family), [expired]);
    }
  });

  test(`IPv${family}: own-prefix drops our addresses from behind, and lets them out`, async () => {
    await using engine = lineWith('r1', { filters: ['own-prefix'] });
    assert.equal(await back(engine, 'us>r2 | us>us', family), []);
    assert.equal(await back(engine, 'us>r2 | a>us', family), []);
    assert.equal(await back(engine, 'us>r2 | r3>us', family), ['udp ttl 62']);
    assert.equal(await back(engine, 'us>d 4', family), [family === 4 ? 'icmp 3/3' : 'icmp 1/4']);
    assert.ok((await back(engine, 'us>r1 | us>us', family)).includes('udp ttl 63'), 'what turns at r1 came in from our side');
  });

  test(`IPv${family}: strict-urpf drops what comes in where the way back does not lead out`, async () => {
    await using engine = lineWith('r2', { filters: ['strict-urpf'] });
    assert.equal(await back(engine, 'us>r3 | us>us', family), []);
    assert.equal(await back(engine, 'us>r3 | d>us', family), ['udp ttl 61']);
    assert.equal(await back(engine, 'us>r2 | us>us', family), ['udp ttl 62']);
    assert.equal(await back(engine, 'd>r2 | us>us', family), [], 'the outer header counts too');
  });

  test(`IPv${family}: ct-invalid drops errors about what never passed, and forgets UDP after 30 s`, async () => {
    await using engine = lineWith('r2', { filters: ['ct-invalid'] });
    assert.equal(await back(engine, 'us>r3 2', family), [expired], 'of the router itself');
    assert.equal(await back(engine, 'us>d 3', family), [expired], 'it saw the probe');
    // r2 strips the header around the second one, hands that on, and hears of the third, which it never saw uncovered
    assert.equal(await back(engine, 'us>r2 | us>r3 | us>r2 1', family), []);
    assert.equal(await back(engine, 'us>r2 | us>r3 1', family), [expired]);
    assert.equal(await back(engine, 'us>r3 | us>us 1', family), [], 'uncovered behind it');
    assert.equal(await back(engine, 'us>r2 | us>us', family), ['udp ttl 62']);
    assert.equal(await back(engine, 'us>r3 | us>us 1', family), [expired], 'now it knows that flow');
    await engine.receive(engine.nowNs() + 31_000_000_000n);
    assert.equal(await back(engine, 'us>r3 | us>us 1', family), []);
  });

  test(`IPv${family}: uniformTtl gives the inner header no more than the outer one had left`, async () => {
    await using engine = lineWith('r2', { uniformTtl: true });
    assert.equal(await back(engine, 'us>r2 5 | us>us', family), ['udp ttl 2']); // 5 − 1 at r1, then − 1 each at r2 and r1
    assert.equal(await back(engine, 'us>r2 5 | us>us 3', family), ['udp ttl 1']);
    assert.equal(await back(engine, 'us>r2 2 | us>us', family), [expired]); // 1 is left at r2
  });

  test(`IPv${family}: remarkDscp marks what leaves, its own answers too, and an IPv4 checksum follows`, async () => {
    await using engine = lineWith('r2', { remarkDscp: 46 });
    for (const layers of ['us>r2 | us>us', 'us>d 2']) {
      engine.send(await engine.route(addressIn('r1', family)), [
        Uint8Array.from(
          craft(compile({ layers: layers.split(' | ').map((text) => layer(text, family)), flow: FLOW, landing: 0 }), run, 0, 1, 0n),
        ),
      ]);
      const [packet] = await engine.receive(engine.nowNs() + 1_000_000_000n);
      const bytes = Buffer.from(packet!.bytes.subarray(14));
      assert.is(family === 4 ? bytes[1]! >> 2 : (bytes.readUInt16BE(0) >> 6) & 63, 46);
      const sum = Array.from({ length: 10 }, (_, i) => bytes.readUInt16BE(2 * i)).reduce((a, b) => a + b);
      if (family === 4) assert.is(((sum & 0xffff) + (sum >>> 16)) & 0xffff, 0xffff);
    }
  });

  test(`IPv${family}: icmpPolicer lets a burst of errors go, then so many a second; 0 is silence; landings pass`, async () => {
    await using engine = lineWith('r2', { icmpPolicer: { perSecond: 2, burst: 6 } });
    const errors = async (count: number): Promise<number> =>
      (await back(engine, 'us>d 2', family, { count, withinNs: 100_000_000n })).length;
    assert.is(await errors(20), 6);
    assert.is(await errors(20), 0);
    await engine.receive(engine.nowNs() + 900_000_000n); // 1.1 s since the first: two more
    assert.is(await errors(20), 2);
    engine.behave('r2', { ...PLAIN, icmpPolicer: { perSecond: 0, burst: 1 } });
    assert.is(await errors(20), 0);
    assert.equal(await back(engine, 'us>r2 | us>us', family), ['udp ttl 62']);
    assert.is((await back(engine, 'us>r2', family, { flow: { ...FLOW, transport: 'icmp' } })).length, 1, 'an echo reply is no error');
    engine.behave('r2', 'clear');
    assert.is(await errors(20), 20);
  });

  test(`IPv${family}: a router that decapsulates on loopback only, another nesting only, or one layer says so for the rest`, async () => {
    await using engine = lineWith('r2', decapsulation({ at: 'loopback' }));
    assert.equal(await back(engine, 'us>r2 | us>us', family), ['udp ttl 62']);
    assert.equal(await back(engine, 'us>linkr2 | us>us', family), [refused]);
    engine.behave('r2', { ...PLAIN, ...decapsulation({ kinds: family === 4 ? ['6in6', '6in4', '4in6'] : ['4in4', '6in4', '4in6'] }) });
    assert.equal(await back(engine, 'us>r2 | us>us', family), [refused]);
    engine.behave('r2', { ...PLAIN, ...decapsulation({ layers: 2 }) });
    assert.equal(await back(engine, 'us>r2 | us>linkr2 | us>us', family), ['udp ttl 62']);
    assert.equal(await back(engine, 'us>r2 | us>r2 | us>linkr2 | us>us', family), [refused]);
  });
}

test('IPv4: acceptLocal takes what carries the router’s own address as source; others drop it', async () => {
  await using engine = lineWith('r2', {});
  assert.equal(await back(engine, 'us>r2 | r2>us'), []);
  engine.behave('r2', { ...PLAIN, acceptLocal: true });
  assert.equal(await back(engine, 'us>r2 | r2>us'), ['udp ttl 62']);
});

test('only routers can be made to behave, and a stranger’s name is refused with those there are', () => {
  const engine = simulated(LINE);
  for (const name of ['a', 'r9'])
    assert.throws(() => engine.behave(name, PLAIN), new RegExp(`no router ${name}: take one of r1, r2, r3, d`));
});

test.run();
