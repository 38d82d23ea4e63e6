// limit: 120 s
/** Routes that change in mid-run: noticed, the counts before and after kept apart, and nothing missing from either. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReadyOptions } from '../../src/cli/commands/ready.ts';
import type { Simulated } from '../../src/engine/simulated/simulated.ts';
import type { Event, TallyEvent } from '../../src/report/event.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';
import { type Change, changing, withCosts } from './changing.ts';
import { endOf, nameIn, of, probed, problems } from './commands.ts';
import { randomNetworks } from './random-topology.ts';

const FAMILIES = [4, 6] as const;

/** a — r1 — r2 — r4 — d, and r1 — r3 — r4 as a dearer way. */
const kite = (silent = false): Topology =>
  parseTopology(
    `{name: kite, nodes: {a: {vantage: true}, r1: {}, r2: {}, r3: {silent: ${silent}}, r4: {}, d: {}}, links: [
      {between: [a, r1]}, {between: [r1, r2]}, {between: [r1, r3], cost: 5},
      {between: [r2, r4]}, {between: [r3, r4], cost: 5}, {between: [r4, d]}]}`,
    'kite.yaml',
  );
const away = (topology: Topology): Topology => withCosts(topology, { 'r1-r2': 100 });
const cut = (engine: Simulated): void => {
  engine.fault('r1-r3', null, 'clear');
  engine.fault('r1-r2', null, 'down');
  engine.reroute(away(kite()));
};
/** The other side of the kite. */
const otherCut = (engine: Simulated): void => {
  engine.fault('r1-r2', null, 'clear');
  engine.fault('r1-r3', null, 'down');
  engine.reroute(withCosts(kite(), { 'r1-r3': 100 }));
};
const LOOPBACKS = ['a', 'r1', 'r2', 'r4', 'd'];
const COUNT = 3000;

interface Told {
  readonly events: readonly Event[];
  /** The last rows of each part. */
  readonly parts: readonly (readonly TallyEvent[])[];
}

async function told(topology: Topology, family: FamilyNumber, changes: readonly Change[], options: Partial<ReadyOptions>): Promise<Told> {
  const events = await probed(changing(topology, changes), family, { count: COUNT, rate: 2000, ...options });
  const parts = new Map<number, Map<number, TallyEvent>>();
  for (const tally of of(events, 'tally')) parts.set(tally.part, (parts.get(tally.part) ?? new Map()).set(tally.position, tally));
  return { events, parts: [...parts.values()].map((rows) => [...rows.values()]) };
}

const errorsOf = ({ errors }: TallyEvent): number => Object.values(errors).reduce((sum, count) => sum + count, 0);

function assertSums({ parts }: Told): void {
  for (const row of parts.flat()) assert.is(row.received + row.lost + row.unknown + errorsOf(row), row.sent, JSON.stringify(row));
}

const paths = (topology: Topology, { events }: Told): string[] =>
  of(events, 'path').map(({ part, hops }) => `${part}: ${hops.map((hop) => nameIn(topology, hop)).join(' ')}`);

const message = ({ events }: Told, code: string): string => of(events, 'problem').find((problem) => problem.code === code)!.message;

for (const family of FAMILIES)
  test(`IPv${family}: a link goes down and its routers take another way: two parts, each along its own path`, async () => {
    const topology = kite();
    const seen = await told(topology, family, [[1000, cut]], { destination: 'd' });
    assertSums(seen);
    assert.equal(paths(topology, seen), ['1: a r1 r2 r4 d', '2: a r1 r3 r4 d']);
    assert.equal(problems(seen.events), ['ROUTE_CHANGED']);
    assert.match(
      message(seen, 'ROUTE_CHANGED'),
      /answered ICMP [31]\/0 on leg 2 of probes to \S+ at 1\.0 s: the route has changed; what follows is part 2$/,
    );
    const [first, second] = seen.parts;
    for (const [index, row] of first!.entries()) assert.is(row.sent + second![index]!.sent, COUNT);
    assert.ok(
      first!.every(({ sent, received, lost }) => sent < 500 && lost === 0 && received >= sent - 4),
      JSON.stringify(first),
    );
    assert.ok(second!.every(({ sent, received }) => sent === received));
    assert.is(endOf(seen.events).reached, true);
  });

for (const family of FAMILIES)
  test(`IPv${family}: a leg takes another way: its intruder, leg and time are named, and what follows is not called loss`, async () => {
    const topology = kite();
    const seen = await told(topology, family, [[1000, (engine) => engine.reroute(away(topology))]], { path: LOOPBACKS });
    assertSums(seen);
    const text = message(seen, 'ROUTE_CHANGED');
    assert.match(text, /^\S+ answered time exceeded on leg 2 of probes to \S+ at 1\.0 s: the route has changed; what follows is part 2$/);
    assert.is(nameIn(topology, text.split(' ')[0]!), 'r3');
    assert.is(nameIn(topology, /probes to (\S+)/.exec(text)![1]!), 'r2');
    assert.ok(seen.parts.flat().every(({ lost }) => lost === 0));
    assert.equal(
      seen.parts[1]!.map(({ received }) => received > 0),
      [true, false, false, false],
    );
  });

test('past a router that does not tell, the loss that begins and stays is unknown', async () => {
  const topology = kite(true);
  const changes: Change[] = [[1000, (engine) => engine.reroute(away(topology))]];
  for (const family of FAMILIES) {
    const seen = await told(topology, family, changes, { path: LOOPBACKS });
    assertSums(seen);
    assert.match(message(seen, 'ROUTE_CHANGED'), /^Since 1\.0 s probes to \S+ do not come home: the route has changed; /);
    assert.equal(
      seen.parts[0]!.map(({ lost, unknown }) => [lost, unknown > 400]),
      [
        [0, false],
        [0, true],
        [0, true],
        [0, true],
      ],
    );
  }
});

test('the way home of a path that starts elsewhere changes its length', async () => {
  const topology = kite();
  const home = withCosts(topology, { 'r2-r4': 100 }); // r4 — r3 — r1 — a is as long
  for (const family of FAMILIES) {
    const longer = parseTopology(
      `{name: far, nodes: {a: {vantage: true}, r1: {}, r2: {}, r3: {}, r4: {}, d: {}}, links: [
        {between: [a, r1]}, {between: [r1, r4], id: short}, {between: [r1, r2], cost: 5}, {between: [r2, r4], cost: 5}, {between: [r4, d]}, {between: [r3, d]}]}`,
      'far.yaml',
    );
    const changes: Change[] = [[1000, (engine) => engine.reroute(withCosts(longer, { short: 100 }))]];
    const seen = await told(longer, family, changes, { source: 'r4', destination: 'd' });
    assertSums(seen);
    assert.match(
      message(seen, 'ROUTE_CHANGED'),
      /^Since 1\.0 s probes to \S+ are home with ttl 61 instead of 62: the way home has changed; /,
    );
    assert.is(endOf(seen.events).exit, 0);
    const same = await told(topology, family, [[1000, (engine) => engine.reroute(home)]], { source: 'r4', destination: 'd' });
    assert.equal(problems(same.events), []);
  }
});

test('a blip of two milliseconds, a link that is down for good and a blackhole are no change of the route', async () => {
  const topology = kite();
  const changes: Readonly<Record<string, Change[]>> = {
    blip: [
      [1000, (engine) => engine.reroute(away(topology))],
      [1002, (engine) => engine.reroute(topology)],
    ],
    down: [[1000, (engine) => engine.fault('r4-d', null, 'down')]],
    blackhole: [[1000, (engine) => engine.fault('r2-r4', 'r2', { ...NO_FAULT, blackhole: true })]],
  };
  for (const [title, change] of Object.entries(changes)) {
    const seen = await told(topology, 4, change, title === 'blip' ? { path: LOOPBACKS } : { destination: 'd' });
    assertSums(seen);
    assert.is(seen.parts.length, 1, title);
    assert.not(problems(seen.events).includes('ROUTE_CHANGED'), title);
    assert.is(endOf(seen.events).exit, 1);
    assert.ok(seen.parts[0]!.every(({ sent, unknown }) => sent === COUNT && unknown === 0));
  }
});

test('a route that changes all the time ends the run after five parts, and says so', async () => {
  const flapping = Array.from({ length: 40 }, (_, index): Change => [1000 + index * 6000, index % 2 === 0 ? cut : otherCut]);
  const found = await told(kite(), 4, flapping, { destination: 'd', count: 100_000, rate: 400 });
  assertSums(found);
  assert.equal(problems(found.events), [...Array(4).fill('ROUTE_CHANGED'), 'ROUTE_UNSTABLE']);
  assert.is(found.parts.length, 5);
  assert.is(endOf(found.events).exit, 1);
});

test('on random networks that lose links and change routes in mid-run, every part adds up and no probe is sent twice', async () => {
  const change = fc.record({
    at: fc.integer({ min: 100, max: 4000 }),
    link: fc.nat(),
    cost: fc.constantFrom(1, 2, 50),
    down: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      randomNetworks('random'),
      fc.constantFrom(...FAMILIES),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(0, 0.05),
      async ({ topology, seed }, family, breaks, loss) => {
        const changes = breaks
          .toSorted((one, two) => one.at - two.at)
          .map(({ at, link, cost, down }): Change => {
            const { id, ends } = topology.links[link % topology.links.length]!;
            const isOurs = ends.some(({ node }) => node === 'a'); // without it there is no route at all, which ends a run
            return [
              at,
              (engine) => {
                if (down && !isOurs) engine.fault(id, null, 'down');
                engine.reroute(withCosts(topology, { [id]: cost }));
              },
            ];
          });
        const network = changing(topology, changes, { seed });
        for (const { id } of topology.links) network.engine.fault(id, null, { ...NO_FAULT, loss: loss / 10 });
        const count = 300;
        const events = await probed(network, family, { destination: 'd', count, rate: 400, timeout: 1 });
        const last = new Map(of(events, 'tally').map((tally) => [`${tally.part} ${tally.position}`, tally]));
        const sent = new Map<number, number>();
        for (const row of last.values()) {
          assert.is(row.received + row.lost + row.unknown + errorsOf(row), row.sent, JSON.stringify(row));
          sent.set(row.position, (sent.get(row.position) ?? 0) + (row.sent > 1 ? row.sent : 0));
        }
        for (const all of sent.values()) assert.ok(all <= count);
        const numbers = of(events, 'path').map(({ part }) => part);
        assert.equal(
          numbers,
          numbers.map((_, index) => index + 1),
        );
        assert.ok(numbers.length <= 5);
        assert.is(of(events, 'problem').filter(({ code }) => code === 'ROUTE_CHANGED').length, numbers.length - 1);
      },
    ),
    { numRuns: 60, interruptAfterTimeLimit: 60_000, includeErrorInReport: true },
  );
});

test.run();
