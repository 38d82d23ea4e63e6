/** What a survey finds out of each hop, on networks in memory, and the legs of the boomerangs it settles on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boomerang } from '../../src/boomerang/itinerary.ts';
import type { ProbedPath } from '../../src/boomerang/path.ts';
import { type SurveyedHop, survey } from '../../src/boomerang/survey.ts';
import { isOutcome } from '../../src/probe/observation.ts';
import { question } from '../../src/probe/question.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { endsOf } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { direction, fixture } from '../lab/raised.ts';
import { FLOW, loopback, type Opened, open, ownerOf, sourceFor } from '../trace/networks.ts';

const OPTIONS = { flow: FLOW, landing: 'ipip', timeoutNs: 3e9, rttNs: null } as const;
const FAMILIES = [4, 6] as const;

/** The address of one node on its link to another. */
const facing = (topology: Topology, node: string, neighbour: string, family: 4 | 6): string =>
  endsOf(topology, node).find(({ far }) => far.node === neighbour)!.end.addresses[family];

async function pathOver({ engine }: Opened, addresses: readonly (string | null)[], loose = false): Promise<ProbedPath> {
  const us = await sourceFor(engine, addresses.find((address) => address !== null)!);
  return { us, hops: addresses, distance: 1, loose };
}

async function surveyed(opened: Opened, path: ProbedPath): Promise<SurveyedHop[]> {
  const hops: SurveyedHop[] = [];
  for await (const hop of survey(opened.engine, opened.asking, path, OPTIONS)) hops.push(hop);
  return hops;
}

const states = (hops: readonly SurveyedHop[]): string[] => hops.map(({ state }) => state);

test('hops that answer are visited over all hops before them', async () => {
  for (const family of FAMILIES) {
    const topology = fixture('line', 'x');
    const opened = open(topology);
    const path = await pathOver(
      opened,
      ['r1', 'r2', 'r3', 'd'].map((node) => loopback(topology, node, family)),
    );
    const hops = await surveyed(opened, path);
    assert.equal(states(hops), Array(4).fill('visited'));
    assert.equal(
      hops.map(({ waypoints }) => waypoints.map(({ position }) => position)),
      [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]],
    );
    assert.ok(hops.every(({ trouble }) => trouble === null));
  }
});

test('a silent hop and one that does not decapsulate are left out of all deeper itineraries', async () => {
  for (const family of FAMILIES) {
    const topology = fixture('nondecap', 'x');
    const opened = open(topology);
    const [r1, r2, r3, d] = ['r1', 'r2', 'r3', 'd'].map((node) => loopback(topology, node, family));
    const refusing = await surveyed(opened, await pathOver(opened, [r1!, r2!, r3!, d!]));
    assert.equal(states(refusing), ['visited', 'does not decapsulate', 'visited', 'visited']);
    assert.is(refusing[1]!.trouble?.from, r2);
    const silent = await surveyed(opened, await pathOver(opened, [r1!, null, r3!, d!]));
    assert.equal(states(silent), ['visited', 'silent', 'visited', 'visited']);
    for (const hops of [refusing, silent])
      assert.equal(
        hops.map(({ waypoints }) => waypoints.map(({ position }) => position)),
        [[1], [], [1, 3], [1, 3, 4]],
      );
  }
});

test('silence is no refusal: a hop behind a blackhole keeps its waypoints, so that its loss is measured', async () => {
  const topology = fixture('line', 'x');
  const opened = open(topology);
  opened.engine.fault('r1-r2', 'r1', { ...NO_FAULT, blackhole: true });
  const path = await pathOver(
    opened,
    ['r1', 'r2', 'r3'].map((node) => loopback(topology, node, 4)),
  );
  const hops = await surveyed(opened, path);
  assert.equal(states(hops), Array(3).fill('visited'));
  assert.is(hops[2]!.waypoints.length, 3);
});

test('a probe lost by chance does not count against a hop: it is asked three times', async () => {
  const topology = fixture('line', 'x');
  const opened = open(topology);
  opened.engine.fault('r1-r2', 'r1', { ...NO_FAULT, exact: { lost: 2, of: 3 } });
  const path = await pathOver(
    opened,
    ['r1', 'r2', 'r3'].map((node) => loopback(topology, node, 4)),
  );
  assert.ok((await surveyed(opened, path)).every(({ state, trouble }) => state === 'visited' && trouble === null));
  // one to r2; to r3 three that ask whether the address beside its own is r2's, which it is not, and three as known
  assert.is(direction(opened.engine.counters(), 'r1', 'r2')!.seen, 7);
});

test('home by the link of the path: the last hop is addressed on it where its known address would mean a detour', async () => {
  const topology = fixture('asymmetric', 'x');
  const opened = open(topology);
  const [r1, r2] = [facing(topology, 'r1', 'a', 6), facing(topology, 'r2', 'r1', 6)];
  const [, hop] = await surveyed(opened, await pathOver(opened, [r1, r2]));
  assert.is(hop!.trouble, null);
  assert.equal([hop!.waypoints[0]!.out, hop!.waypoints[0]!.home], [r1, facing(topology, 'r1', 'r2', 6)]);
});

test("a neighbour's address is never taken for the last hop's: a way home over a stranger is told, not taken", async () => {
  // r2 was seen by its address towards r4, whose other end is r4's: home over r4 would land, over links that are not the path's
  const topology = fixture('asymmetric', 'x');
  for (const distance of [1, null]) {
    const opened = open(topology);
    const addresses = [facing(topology, 'r1', 'a', 4), facing(topology, 'r2', 'r4', 4)];
    const [, hop] = await surveyed(opened, { ...(await pathOver(opened, addresses)), distance });
    assert.equal([hop!.state, hop!.waypoints], ['detour', []]);
    assert.equal([hop!.trouble?.icmp.type, ownerOf(topology, hop!.trouble!.from)], [11, 'r4']);
  }
});

test('loose legs take the detour', async () => {
  const topology = fixture('asymmetric', 'x');
  const opened = open(topology);
  const addresses = [facing(topology, 'r1', 'a', 4), facing(topology, 'r2', 'r4', 4)];
  const hops = await surveyed(opened, await pathOver(opened, addresses, true));
  assert.ok(hops.every(({ trouble }) => trouble === null));
});

test('legs are exact: a boomerang lands, and with any ttl of any leg one less it does not', async () => {
  for (const family of FAMILIES)
    for (const landing of ['ipip', 'udp'] as const)
      for (const left of [[], [2], [2, 3]]) {
        const topology = fixture('line', 'x');
        const opened = open(topology);
        const addresses = ['r1', 'r2', 'r3', 'd'].map((node, index) =>
          left.includes(index + 1) ? null : loopback(topology, node, family),
        );
        const path = await pathOver(opened, addresses);
        const { waypoints } = (await surveyed(opened, path)).at(-1)!;
        const exact = boomerang(path, waypoints, landing, FLOW);
        assert.ok(await lands(opened, exact));
        const legs = exact.layers.length - (landing === 'ipip' ? 2 : 1); // the last leads home from the first hop: nothing steers it
        for (let leg = 0; leg < legs; leg += 1) {
          const layers = exact.layers.map((layer, index) => (index === leg ? { ...layer, ttl: layer.ttl - 1 } : layer));
          const possible = layers.every(({ ttl }) => ttl > 0);
          if (possible) assert.is(await lands(opened, { ...exact, layers }), false, `leg ${leg} of ${legs}, without ${left}`);
        }
      }
});

async function lands({ engine, asking }: Opened, itinerary: ReturnType<typeof boomerang>): Promise<boolean> {
  const asked = [await question(engine, itinerary, 1)];
  for await (const seen of asking.ask(asked, { everyNs: () => 0, timeoutNs: () => 1e9, settle: 'deadline' }))
    if (isOutcome(seen)) return seen.kind === 'landed';
  return false;
}

test('a boomerang that turns at nobody is refused', () => {
  const path: ProbedPath = { us: '10.0.0.1', hops: ['10.0.0.2'], distance: 1, loose: false };
  assert.throws(
    () => boomerang(path, [{ position: 0, out: '10.0.0.1', home: '10.0.0.1' }], 'ipip', FLOW),
    /turns at a hop, got position 0/,
  );
});

test.run();
