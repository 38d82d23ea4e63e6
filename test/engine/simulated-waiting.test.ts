/** What a simulated link does in time: delay, jitter, rate, policer and being overtaken, against what their definitions allow. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { simulated } from '../../src/engine/simulated/simulated.ts';
import type { BeaconError } from '../../src/error.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { writeIpv4 } from '../../src/wire/ipv4.ts';

const pair = (keys = ''): Topology =>
  parseTopology(`{name: t, nodes: {a: {vantage: true}, r1: {}}, links: [{between: [a, r1]${keys}}]}`, 't');
const fault = (part: Partial<Fault>): Fault => ({ ...NO_FAULT, ...part });
const [US, ROUTER] = ['10.0.0.1', '10.255.0.2'];

/** To r1 and home again; the ID of the inner header is its number. */
function probe(id: number, size: number): Uint8Array {
  const packet = new Uint8Array(size);
  const fields = { trafficClass: 0, ttl: 64, source: US };
  writeIpv4(packet, 0, { ...fields, id: 1, protocol: 4, destination: ROUTER }, size - 20);
  writeIpv4(packet, 20, { ...fields, id, protocol: 17, destination: US }, size - 40);
  return packet;
}

interface Sent {
  readonly atNs: number;
  readonly size?: number;
}

interface Arrived {
  readonly id: number;
  readonly atNs: number;
}

/** Sends each at its instant over a link of which only our direction takes any time; in the order of arrival. */
async function across(
  sent: readonly Sent[],
  part: Partial<Fault>,
  { topology = pair(), seed = 1 } = {},
): Promise<{ arrived: Arrived[]; lost: number }> {
  await using engine = simulated(topology, { hopNs: 0, seed });
  engine.fault('a-r1', 'a', fault(part));
  const beganNs = engine.nowNs();
  const route = await engine.route(ROUTER);
  const arrived: Arrived[] = [];
  const collect = async (untilNs: bigint): Promise<void> => {
    for (let batch = await engine.receive(untilNs); batch.length > 0; batch = await engine.receive(untilNs))
      arrived.push(...batch.map(({ bytes, timeNs }) => ({ id: (bytes[18]! << 8) | bytes[19]!, atNs: Number(timeNs - beganNs) })));
  };
  for (const [id, { atNs, size = 100 }] of sent.entries()) {
    await collect(beganNs + BigInt(atNs));
    engine.send(route, [probe(id, size)]);
  }
  await collect(engine.nowNs() + 60_000_000_000n);
  return { arrived, lost: engine.counters().links.find(({ from }) => from === 'a')!.lost };
}

const MS = 1e6;
const every = (gapNs: number, count: number): Sent[] => Array.from({ length: count }, (_, i) => ({ atNs: i * gapNs }));

/** Instants that never go back, with a size each. */
const traffic = fc
  .array(fc.record({ gapNs: fc.integer({ min: 0, max: 30 * MS }), size: fc.integer({ min: 60, max: 1500 }) }), {
    minLength: 1,
    maxLength: 80,
  })
  .map((packets) => {
    let atNs = 0;
    return packets.map(({ gapNs, size }) => {
      atNs += gapNs;
      return { atNs, size };
    });
  });

test("a fault's delay comes on top of the link's own, to the nanosecond", async () => {
  const { arrived } = await across(every(3 * MS, 50), { delayMs: 20 }, { topology: pair(', delayMs: 0.5') });
  for (const { id, atNs } of arrived) assert.is(atNs, id * 3 * MS + 21 * MS); // the way home has the link's own too
  assert.is(arrived.length, 50);
});

test("jitter adds to the link's own, fills its range, and overtakes nobody", async () => {
  const { arrived } = await across(every(50_000, 2000), { jitterMs: 3 }, { topology: pair(', delayMs: 5, jitterMs: 1') });
  const waits = arrived.map(({ id, atNs }) => atNs - id * 50_000);
  assert.ok(
    waits.every((wait) => wait >= 10 * MS && wait <= 15 * MS),
    `${Math.min(...waits)} to ${Math.max(...waits)} ns`,
  ); // 4 + 1 of jitter
  assert.equal(
    arrived.map(({ id }) => id),
    Array.from({ length: 2000 }, (_, i) => i),
  );
  const { arrived: alone } = await across(every(10 * MS, 2000), { jitterMs: 3 }); // nobody holds the next one up
  const spread = alone.map(({ id, atNs }) => atNs - id * 10 * MS);
  assert.ok(Math.min(...spread) < 0.05 * MS && Math.max(...spread) > 2.95 * MS, 'both ends of the range');
  const mean = spread.reduce((sum, wait) => sum + wait, 0) / 2000 / MS;
  assert.ok(Math.abs(mean - 1.5) < (3.89 * 3) / Math.sqrt(12 * 2000), `mean ${mean} ms`); // 99.99 % of the mean of 2000 even draws
});

test('a rate lets its bits through one after the other, and loses who would wait for more than 100 ms', async () => {
  await fc.assert(
    fc.asyncProperty(traffic, fc.integer({ min: 20_000, max: 10_000_000 }), async (sent, rate) => {
      const { arrived, lost } = await across(sent, { rate });
      // the same told as a tank of bits that runs empty at the rate
      let [bits, lastNs, refused] = [0, 0, 0];
      const expected = new Map<number, number>();
      for (const [id, { atNs, size }] of sent.entries()) {
        bits = Math.max(0, bits - ((atNs - lastNs) * rate) / 1e9);
        lastNs = atNs;
        if (Math.abs(bits / rate - 0.1) < 1e-6) return; // on the edge a nanosecond decides
        const fits = bits / rate <= 0.1;
        bits += fits ? size * 8 : 0;
        refused += fits ? 0 : 1;
        if (fits) expected.set(id, atNs + (bits / rate) * 1e9);
      }
      assert.equal([arrived.length, lost], [expected.size, refused]);
      for (const { id, atNs } of arrived) assert.ok(Math.abs(atNs - expected.get(id)!) < 1000, `${id}: ${atNs} and ${expected.get(id)}`);
    }),
    { numRuns: 60 },
  );
});

test('a policer passes at most burst + rate × time in any time, and loses only what would be more', async () => {
  const policers = fc.record({ perSecond: fc.integer({ min: 1, max: 2000 }), burst: fc.integer({ min: 1, max: 20 }) });
  await fc.assert(
    fc.asyncProperty(traffic, policers, async (sent, policer) => {
      const { arrived, lost } = await across(sent, { policer });
      assert.is(arrived.length + lost, sent.length);
      const passed = new Set(arrived.map(({ id }) => id));
      for (const [last, { atNs }] of sent.entries()) {
        /** Of any time that ends now, the greatest surplus over what the bucket allows, this packet included. */
        let [count, surplus] = [1, Number.NEGATIVE_INFINITY];
        for (let first = last; first >= 0; first -= 1) {
          if (first < last && passed.has(first)) count += 1;
          surplus = Math.max(surplus, count - policer.burst - ((atNs - sent[first]!.atNs) * policer.perSecond) / 1e9);
        }
        assert.ok(passed.has(last) ? surplus <= 1e-3 : surplus > -1e-3, `packet ${last}: ${surplus}`); // the price of one is whole nanoseconds
      }
    }),
    { numRuns: 60 },
  );
});

test('a packet out of turn goes behind those that were sent within 1 ms after it, and before none later, whatever the delay', async () => {
  for (const delayMs of [0, 20]) {
    const gapNs = 210_000;
    const { arrived } = await across(every(gapNs, 2000), { reorder: 0.1, delayMs });
    const place = new Map(arrived.map(({ id }, i) => [id, i]));
    const overtakers = (id: number): number[] => [1, 2, 3, 4, 5, 6, 7].filter((step) => (place.get(id + step) ?? 2000) < place.get(id)!);
    const late = Array.from({ length: 1990 }, (_, id) => id).filter((id) => overtakers(id).length > 0);
    assert.ok(Math.abs(late.length - 199) < 3.89 * Math.sqrt(1990 * 0.09), `${late.length} of 1990`);
    const isLate = new Set(late);
    for (const id of late)
      assert.equal(
        overtakers(id),
        [1, 2, 3, 4].filter((step) => !isLate.has(id + step)), // four times 210 µs are within 1 ms; two that are late keep their order
        `${id}`,
      );
    assert.is(arrived.length, 2000);
  }
});

test('with no one behind it a packet out of turn is held for 1 ms, or not at all where its delay is longer', async () => {
  for (const [delayMs, expectedMs] of [
    [0, 1],
    [20, 20],
  ] as const) {
    const { arrived } = await across(every(50 * MS, 5), { reorder: 1, delayMs });
    assert.equal(
      arrived.map(({ id, atNs }) => atNs - id * 50 * MS),
      Array(5).fill(expectedMs * MS),
    );
  }
});

test('copies take their own way through the rate, and the counters add up', async () => {
  const { arrived, lost } = await across(every(0, 40), { duplicate: 1, rate: 100_000, delayMs: 2 }); // 8 ms a packet
  assert.is(arrived.length, 13); // the last of which waits for 96 ms
  assert.is(arrived.length, 40 + 40 - lost);
  assert.equal(
    arrived.map(({ atNs }) => atNs),
    Array.from({ length: 13 }, (_, i) => 2 * MS + (i + 1) * 8 * MS),
  );
});

test("a fault's MTU is the first link's for whoever asks the way, and goes with it", async () => {
  await using engine = simulated(pair());
  const before = await engine.route(ROUTER);
  engine.fault('a-r1', null, fault({ mtu: 1300 }));
  assert.is((await engine.route(ROUTER)).mtu, 1300);
  assert.throws(
    () => engine.send(before, [probe(1, 1301)]),
    (error: BeaconError) => error.code === 'ERR_MTU' && /MTU of 1300/.test(error.message),
  );
  assert.is(engine.send(before, [probe(1, 1300)]), 1);
  engine.fault('a-r1', null, 'clear');
  assert.is((await engine.route(ROUTER)).mtu, 1500);
});

test('what no link can have is refused', async () => {
  await using engine = simulated(pair());
  const REFUSED: [Partial<Fault>, RegExp][] = [
    [{ delayMs: -1 }, /delayMs -1: give 0 to 10000 ms/],
    [{ jitterMs: Number.NaN }, /jitterMs NaN/],
    [{ reorder: 1.1 }, /reorder 1\.1/],
    [{ rate: 0 }, /rate 0: give 1000 to/],
    [{ policer: { perSecond: 0, burst: 1 } }, /policer 0: .*blackhole/],
    [{ policer: { perSecond: 1, burst: 0 } }, /policer burst 0/],
    [{ mtu: 1279 }, /mtu 1279: give 1280 to 1500/],
    [{ mtu: 1501 }, /mtu 1501: give 1280 to 1500/],
  ];
  for (const [part, says] of REFUSED) assert.throws(() => engine.fault('a-r1', null, fault(part)), says);
});

test.run();
