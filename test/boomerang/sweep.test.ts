/** Sweeps over networks in memory: every table adds up, and what it misses is what the routers counted. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ProbedPath } from '../../src/boomerang/path.ts';
import { survey } from '../../src/boomerang/survey.ts';
import { beginSweep, type SweepOptions, sweep } from '../../src/boomerang/sweep.ts';
import type { Tally } from '../../src/boomerang/tally.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import { shortestPaths } from '../../src/topology/routes.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { direction, fixture } from '../lab/raised.ts';
import { FLOW, loopback, type Opened, open, randomTopology, sourceFor } from '../trace/networks.ts';

const OPTIONS: SweepOptions = { count: 50, rate: 5000, timeoutNs: 1e9, flow: FLOW, landing: 'ipip', seed: 1 };

/** Surveys the path as it is, breaks it, then sweeps it: faults meet the sweep alone. */
async function swept(opened: Opened, path: ProbedPath, breaks: () => void, options: Partial<SweepOptions> = {}): Promise<readonly Tally[]> {
  const { engine, asking } = opened;
  const hops = [];
  for await (const hop of survey(engine, asking, path, { ...OPTIONS, rttNs: null })) hops.push(hop);
  breaks();
  let tallies: readonly Tally[] = [];
  for await (tallies of sweep(engine, asking, await beginSweep(engine, path, hops, { ...OPTIONS, ...options })));
  return tallies;
}

async function pathTo(opened: Opened, topology: Topology, family: 4 | 6, loose = false): Promise<ProbedPath> {
  const way = shortestPaths(topology, 'a', 'd', family)[0]!.slice(1);
  const hops = way.map((node) => loopback(topology, node, family));
  return { us: await sourceFor(opened.engine, hops[0]!), hops, distance: 1, loose };
}

const errorsOf = ({ errors }: Tally): number => [...errors.values()].reduce((sum, count) => sum + count, 0);
const missing = (tallies: readonly Tally[]): number => tallies.reduce((sum, { lost }) => sum + lost, 0);

function assertSums(tallies: readonly Tally[], count: number): void {
  for (const tally of tallies) {
    assert.is(tally.sent, count);
    assert.is(tally.received + tally.lost + tally.unknown + errorsOf(tally), count, `position ${tally.position}`);
  }
}

const LINE = ['a', 'r1', 'r2', 'r3', 'd'];
const SHARES = [
  { lost: 1, of: 10 },
  { lost: 1, of: 4 },
  { lost: 3, of: 7 },
];

test('exact loss in either direction of each link: the table misses each packet, from the far end of the link on', async () => {
  for (const family of [4, 6] as const)
    for (const exact of SHARES)
      for (let far = 1; far < LINE.length; far += 1)
        for (const [from, to] of [
          [LINE[far - 1]!, LINE[far]!],
          [LINE[far]!, LINE[far - 1]!],
        ] as const) {
          const topology = fixture('line', 'x');
          const opened = open(topology);
          const broken = (): void => opened.engine.fault(`${LINE[far - 1]}-${LINE[far]}`, from, { ...NO_FAULT, exact });
          const tallies = await swept(opened, await pathTo(opened, topology, family), broken, { count: 100 });
          const counted = direction(opened.engine.counters(), from, to)!;
          assertSums(tallies, 100);
          assert.is(missing(tallies), counted.lost);
          assert.is(counted.seen, 100 * (LINE.length - far));
          assert.equal(
            tallies.map(({ lost }) => lost > 0), // no hop is always spared by the rhythm of what is sent
            tallies.map(({ position }) => position >= far),
            `${from} → ${to}, ${exact.lost}/${exact.of}: ${tallies.map(({ lost }) => lost)}`,
          );
        }
});

/** Of the binomial of so many trials, outside of which one in 20,000 lies (the normal's 4.06 deviations). */
const expected = (trials: number, share: number): readonly [low: number, high: number] => {
  const deviation = 4.06 * Math.sqrt(trials * share * (1 - share)) + 1;
  return [trials * share - deviation, trials * share + deviation];
};

test('a rhythm of the link is no rhythm of a hop: where one packet of rows × k is lost, every hop has its share', async () => {
  const topology = fixture('line', 'x');
  const count = 1000;
  for (const k of [1, 2, 3, 5])
    for (const far of [1, 2]) {
      const rows = LINE.length - far; // that cross the link
      const opened = open(topology);
      const exact = { lost: 1, of: rows * k };
      const broken = (): void => opened.engine.fault(`${LINE[far - 1]}-${LINE[far]}`, LINE[far - 1]!, { ...NO_FAULT, exact });
      const tallies = await swept(opened, await pathTo(opened, topology, 4), broken, { count, timeoutNs: 1e8 });
      assert.is(missing(tallies), Math.floor((count * rows) / exact.of));
      const [low, high] = expected(count / k, 1 / rows); // each that is lost is any of the rows' with the same chance
      for (const { position, lost } of tallies.slice(far - 1)) {
        assert.ok(lost >= low && lost <= high, `1/${exact.of}, position ${position} of ${rows}: ${lost} is not within ${low} and ${high}`);
      }
    }
});

test('a rate is kept: so many probes take so long, however many are lost', async () => {
  const topology = fixture('line', 'x');
  for (const loss of [0, 0.5]) {
    const opened = open(topology);
    let beganNs = 0n;
    const tallies = await swept(
      opened,
      await pathTo(opened, topology, 4),
      () => {
        opened.engine.fault('r3-d', null, { ...NO_FAULT, loss });
        beganNs = opened.engine.nowNs();
      },
      { count: 500, rate: 1000 },
    );
    const seconds = Number(opened.engine.nowNs() - beganNs) / 1e9;
    assertSums(tallies, 500);
    const sending = (500 * 4 - 1) / 1000;
    assert.ok(seconds >= sending && seconds < sending + 1.1, `${seconds} s`);
  }
});

test('a duplicate is beside the sum, a corrupted probe is lost', async () => {
  const topology = fixture('line', 'x');
  const one = open(topology);
  const duplicated = await swept(one, await pathTo(one, topology, 4), () => one.engine.fault('r1-r2', 'r1', { ...NO_FAULT, duplicate: 1 }));
  assertSums(duplicated, 50);
  assert.equal(
    duplicated.map(({ received }) => received),
    [50, 50, 50, 50],
  );
  assert.is(duplicated[0]!.duplicate, 0);
  assert.ok(duplicated[1]!.duplicate >= 49);
  const two = open(topology);
  const corrupted = await swept(two, await pathTo(two, topology, 4), () => two.engine.fault('r1-r2', 'r2', { ...NO_FAULT, corrupt: 1 }));
  assert.equal(
    corrupted.map(({ received, lost }) => [received, lost]),
    [
      [50, 0],
      [0, 50],
      [0, 50],
      [0, 50],
    ],
  );
});

test('an answer that comes when its time is over is late, and its probe stays lost', async () => {
  const line = fixture('line', 'x');
  const topology = { ...line, links: line.links.map((link) => (link.id === 'r3-d' ? { ...link, delayMs: 60 } : link)) };
  const opened = open(topology);
  const path = await pathTo(opened, topology, 4);
  const tallies = await swept(opened, path, () => {}, { timeoutNs: 1e8, rate: 200 });
  assertSums(tallies, 50);
  assert.equal(
    tallies.map(({ lost }) => lost),
    [0, 0, 0, 50],
  );
  assert.ok(tallies[3]!.late > 0 && tallies[3]!.late <= 50);
});

const anyFault: fc.Arbitrary<Fault> = fc
  .record({
    loss: fc.constantFrom(0, 0, 0.1, 0.7),
    exact: fc.constantFrom(null, null, { lost: 1, of: 10 }, { lost: 2, of: 5 }),
    flowLoss: fc.constantFrom(null, null, { lost: 1, of: 4 }),
    duplicate: fc.constantFrom(0, 0, 0.3, 1),
    corrupt: fc.constantFrom(0, 0, 0.2),
    blackhole: fc.constantFrom(false, false, false, true),
    delayMs: fc.constantFrom(0, 0, 5, 400),
    jitterMs: fc.constantFrom(0, 0, 300),
    reorder: fc.constantFrom(0, 0, 0.3),
    rate: fc.constantFrom(null, null, 1_000_000),
    policer: fc.constantFrom(null, null, { perSecond: 100, burst: 5 }),
    mtu: fc.constantFrom(null, null, 1280),
  })
  .map((fault) => ({ ...NO_FAULT, ...fault }));

const aBreak = fc.record({
  link: fc.nat(),
  end: fc.constantFrom(0, 1),
  fault: fc.oneof({ weight: 6, arbitrary: anyFault }, { weight: 1, arbitrary: fc.constant('down' as const) }),
});

test('on any topology, whatever breaks: every row adds up, and no more is received than sent', async () => {
  await fc.assert(
    fc.asyncProperty(
      randomTopology,
      fc.constantFrom(4 as const, 6 as const),
      fc.array(aBreak, { maxLength: 3 }),
      fc.constantFrom(null, 1400),
      async (topology, family, breaks, size) => {
        const opened = open(topology);
        const path = await pathTo(opened, topology, family, true);
        const tallies = await swept(
          opened,
          path,
          () => {
            for (const { link, end, fault } of breaks) {
              const chosen = topology.links[link % topology.links.length]!;
              const { node } = chosen.ends[end]!;
              const possible = fault === 'down' || node !== 'a' ? fault : { ...fault, mtu: null }; // what is too large for us is refused
              opened.engine.fault(chosen.id, fault === 'down' ? null : node, possible);
            }
          },
          { count: 20, flow: { ...FLOW, size } },
        );
        assert.is(tallies.length, path.hops.length);
        assertSums(tallies, 20);
        assert.ok(tallies.every(({ unknown, late, lost }) => unknown === 0 && late <= lost)); // this engine drops nothing
        if (breaks.length === 0) assert.ok(tallies.every(({ received }) => received === 20));
      },
    ),
    { numRuns: 60, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: true, includeErrorInReport: true },
  );
});

test('the tallies grow while the sweep runs, and are the same objects', async () => {
  const topology = fixture('line', 'x');
  const { engine, asking } = open(topology);
  const path = await pathTo({ engine, asking }, topology, 4);
  const hops = [];
  for await (const hop of survey(engine, asking, path, { ...OPTIONS, rttNs: null })) hops.push(hop);
  const received: number[] = [];
  const seen = new Set<readonly Tally[]>();
  const sweeping = await beginSweep(engine, path, hops, { ...OPTIONS, count: 500, rate: 1000 });
  for await (const tallies of sweep(engine, asking, sweeping)) {
    seen.add(tallies);
    received.push(tallies[0]!.received);
  }
  assert.is(seen.size, 1);
  assert.ok(received.length >= 15 && received.length <= 25, `${received.length} looks in 2 s`); // ten a second
  assert.equal(
    received,
    received.toSorted((one, two) => one - two),
  );
  assert.is(received.at(-1), 500);
});

test.run();
