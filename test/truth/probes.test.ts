// limit: 240 s
/** Probe tables on random networks: what they miss is what the routers lost, where it was lost, and what they cannot know they say. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { random } from '../../src/engine/simulated/random.ts';
import type { Event, TallyEvent } from '../../src/report/event.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';
import { endOf, nameIn, nodeIn, of, probed, problems } from './commands.ts';
import { assertOneFlow } from './flow.ts';
import { assertNoEntry } from './paths.ts';
import { networkOf, type RandomNetwork, randomNetworks } from './random-topology.ts';
import {
  assertCounted,
  assertCrossed,
  assertRows,
  assertVerdict,
  type Fates,
  fatesOfSweep,
  firstOfSweep,
  isSwept,
  probesOf,
} from './rows.ts';
import { type Crossing, type Watched, watched } from './watched.ts';

const NETWORKS = 200;
const COUNT = 30;
/** Slow enough for one probe to be home before the next is sent, so that each packet's fate can be read from the counters. */
const ONE_AT_A_TIME = 10;
const ALL_AT_ONCE = 5000;
const MOST_BACKGROUND_LOSS = 1e-4;
const ONE_IN_TEN = { ...NO_FAULT, exact: { lost: 1, of: 10 } };

interface Chosen {
  readonly family: FamilyNumber;
  /** `-s`: from the network's start instead of from us. */
  readonly fromStart: boolean;
}

const chosen: fc.Arbitrary<Chosen> = fc.record({ family: fc.constantFrom(4, 6), fromStart: fc.boolean() });

interface Told {
  readonly events: readonly Event[];
  readonly rows: readonly TallyEvent[];
}

/** The rows as they are last shown. Null where the path's start does not decapsulate, and that was said. */
async function probe(network: RandomNetwork, watching: Watched, how: Chosen, rate: number): Promise<Told | null> {
  const ends = { destination: 'd', ...(how.fromStart && { source: network.start }) };
  const events = await probed(watching, how.family, { ...ends, count: COUNT, rate });
  if (how.fromStart && !nodeIn(network.topology, network.start).decapsulates) {
    assertNoEntry(events);
    return null;
  }
  const all = of(events, 'tally');
  const rows = all.slice(all.findLastIndex(({ position }) => position === 1));
  assertRows(network.topology, events, rows);
  for (const { position } of rows.filter(isSwept)) assertOneFlow(probesOf(watching, rows, position), `position ${position}`);
  return { events, rows };
}

/** Met once by chance, and kept. */
const MET: readonly [RandomNetwork, Chosen, number][] = [
  // a detour of IP in IP, home to r3, expires at a router that does not tell: longer legs land
  [
    networkOf(
      '{name: t, nodes: {a: {vantage: true}, r1: {}, r2: {silent: true}, r3: {}, d: {}}, links: [{between: [a, r1]}, {between: [r1, r2]}, {between: [r1, r3], costBack: 2}, {between: [r2, d]}, {between: [r3, r2], cost: 3, costBack: 1}]}',
      'r3',
      1,
    ),
    { family: 6, fromStart: true },
    0,
  ],
  // the same on the way to a router that does not decapsulate: longer legs are refused there
  [
    networkOf(
      '{name: t, nodes: {a: {vantage: true}, r1: {}, r2: {silent: true}, r3: {decapsulates: false}, r4: {}, r5: {}, d: {}}, links: [{between: [a, r1]}, {between: [r1, r2], cost: 2, costBack: 1}, {between: [r2, r3]}, {between: [r2, r4]}, {between: [r2, r5]}, {between: [r3, d]}, {between: [r1, r4]}]}',
      'r1',
      677_712_301,
    ),
    { family: 6, fromStart: false },
    0,
  ],
  // r1 answers six times out of its detour and is silent then: behind the first hop that it keeps from coming home no more is asked
  [
    networkOf(
      '{name: t, profile: stock, nodes: {a: {vantage: true}, r1: {decapsulates: false}, r2: {}, r3: {}, r4: {decapsulates: false}, r5: {}, r6: {}, r7: {}, d: {}}, links: [{between: [a, r1]}, {between: [r1, r2]}, {between: [r1, r3]}, {between: [r2, r4]}, {between: [r4, r5]}, {between: [r4, r6]}, {between: [r5, r7]}, {between: [r6, d], cost: 4, costBack: 1}, {between: [r7, d]}, {between: [r4, r1]}]}',
      'r2',
      525_617_510,
    ),
    { family: 4, fromStart: true },
    0,
  ],
  // behind silent hops a detour takes longer than the gap of the questions about it: none may be on its way when the sweep begins
  [
    networkOf(
      '{name: t, nodes: {a: {vantage: true}, r1: {}, r2: {}, r4: {}, r5: {silent: true}, r6: {silent: true}, r7: {}, r8: {}, r9: {}, d: {}}, links: [{between: [a, r1]}, {between: [r1, r2]}, {between: [r2, r4], delayMs: 2}, {between: [r4, r5], delayMs: 2}, {between: [r5, r6], cost: 1, costBack: 3}, {between: [r5, r7], delayMs: 0.3}, {between: [r6, r8], delayMs: 0.3}, {between: [r8, r9]}, {between: [r9, d]}, {between: [r7, r9], cost: 3, costBack: 1, delayMs: 1}]}',
      'r1',
      1,
    ),
    { family: 4, fromStart: false },
    0,
  ],
];

const checked = (work: (network: RandomNetwork, how: Chosen, pick: number) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(randomNetworks('random'), chosen, fc.nat(), work), {
    numRuns: NETWORKS,
    examples: [...MET],
    includeErrorInReport: true,
  });

test(`on ${NETWORKS} random networks whose links lose up to one packet in 10,000, tables tell each loss and no other`, async () => {
  await checked(async (network, how) => {
    const { topology, seed } = network;
    const watching = watched(network);
    const chance = random(seed + 1);
    for (const { id } of topology.links) watching.engine.fault(id, null, { ...NO_FAULT, loss: chance.fraction() * MOST_BACKGROUND_LOSS });
    const told = await probe(network, watching, how, ONE_AT_A_TIME);
    if (told === null) return;
    const counted = fatesOfSweep(watching, told.rows);
    assertCounted(told.rows, counted, COUNT);
    assertVerdict(topology, told.events, told.rows);
    assertCrossed(topology, of(told.events, 'path')[0]!.hops[0]!, told.rows, counted, !how.fromStart);
  });
});

// Over IPv6 an answer carries the address by which the packet came in, so the neighbour on the path's own link can be named. The
// target alone is known by the address that was asked for.
test('over IPv6 every router on the way that decapsulates is measured, where all before it are', async () => {
  await checked(async (network, { fromStart }) => {
    const told = await probe(network, watched(network), { family: 6, fromStart }, ALL_AT_ONCE);
    for (const [index, { position, address, received }] of (told?.rows ?? []).entries()) {
      const name = nameIn(network.topology, address);
      if (index > 0 && told!.rows.slice(0, index).every((row) => row.received > 0) && name !== '*' && name !== 'd')
        assert.is(
          received,
          nodeIn(network.topology, name).decapsulates ? COUNT : 0,
          `position ${position} of ${JSON.stringify(told!.rows)}`,
        );
    }
  });
});

/** A direction that probes of the table crossed, and how often each row's first probe did; null where nothing is measured. */
function faulty(counted: Fates, pick: number): { readonly where: Crossing; readonly times: ReadonlyMap<number, number> } | null {
  const crossed = [...counted.values()].flatMap(([first]) => first ?? []);
  const where = crossed[pick % crossed.length];
  if (where === undefined) return null;
  const isIt = ({ link, from }: Crossing): boolean => link === where.link && from === where.from;
  return { where, times: new Map([...counted].map(([position, [first]]) => [position, first?.find(isIt)?.times ?? 0])) };
}

test(`on ${NETWORKS} random networks one packet in ten, lost in one direction of one link, is missed behind it to the packet`, async () => {
  await checked(async (network, how, pick) => {
    const clean = watched(network);
    const before = await probe(network, clean, how, ONE_AT_A_TIME);
    const fault = before && faulty(fatesOfSweep(clean, before.rows), pick);
    if (before === null || fault === null) return;
    const { where, times } = fault;
    for (const rate of [ONE_AT_A_TIME, ALL_AT_ONCE]) {
      const watching = watched(network);
      watching.engine.fault(where.link, where.from, ONE_IN_TEN);
      const told = (await probe(network, watching, how, rate))!;
      const what = `${where.from} of ${where.link}: ${JSON.stringify(told.rows.map(({ lost }) => lost))}`;
      assert.equal(
        [told.rows.map(({ address }) => address), problems(told.events)],
        [before.rows.map(({ address }) => address), problems(before.events)],
        what,
      );
      if (rate === ONE_AT_A_TIME) assertCounted(told.rows, fatesOfSweep(watching, told.rows), COUNT);
      for (const row of told.rows) if ((times.get(row.position) ?? 0) === 0) assert.is(row.lost, 0, what);
      assertAllMissed(watching, told, where, what);
      assertFirst(network, how, told, times, where, what);
    }
  });
});

/** The rows together miss as many as the link's direction lost since the sweep began. */
function assertAllMissed(watching: Watched, { events, rows }: Told, { link, from, to }: Crossing, what: string): void {
  const isIt = (counted: { link: string; from: string }): boolean => counted.link === link && counted.from === from;
  const end = watching.engine.counters().links.find(isIt)!.lost;
  const begin = watching.sent[firstOfSweep(watching, rows)]!.before.find(isIt)!.lost;
  const missed = rows.reduce((sum, { lost }) => sum + lost, 0);
  if (to === 'a')
    assert.ok(missed <= end - begin, what); // redirects take that way too
  else assert.is(missed, end - begin, what);
  if (missed > 0) assert.is(endOf(events).exit, 1, what);
}

/** Where no hop is skipped, the first row that can lose is the one behind the link. */
function assertFirst(
  { topology }: RandomNetwork,
  { fromStart }: Chosen,
  { rows }: Told,
  times: ReadonlyMap<number, number>,
  { from, to }: Crossing,
  what: string,
): void {
  const first = rows.findIndex(({ position }) => (times.get(position) ?? 0) > 0);
  if (first === 0 || rows.slice(0, first + 1).some(({ received }) => received === 0)) return;
  const ends = [rows[first - 1]!, rows[first]!].map(({ address }) => nameIn(topology, address));
  if (!fromStart) assert.equal(ends.sort(), [from, to].sort(), what);
}

test.run();
