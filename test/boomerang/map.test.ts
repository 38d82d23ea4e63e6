/** Routers that decapsulate in part, or copy the ttl inwards, and links that run side by side: networks in memory, probed as the command does. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boomerang } from '../../src/boomerang/itinerary.ts';
import type { ProbedPath } from '../../src/boomerang/path.ts';
import { type SurveyedHop, survey } from '../../src/boomerang/survey.ts';
import { mapped } from '../../src/cli/map-file.ts';
import { type Behaviour, PLAIN } from '../../src/topology/behaviour.ts';
import { type HopMap, parseHopMap } from '../../src/topology/hop-map.ts';
import { endsOf } from '../../src/topology/lookup.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { familyOf } from '../../src/wire/address.ts';
import { fixture } from '../lab/raised.ts';
import { mapText, nodesOf } from '../topology/map-text.ts';
import { FLOW, loopback, open, ownerOf, sourceFor } from '../trace/networks.ts';

const FAMILIES = [4, 6] as const;
const OPTIONS = { flow: FLOW, landing: 'ipip', timeoutNs: 3e9, rttNs: null } as const;

/** The routers of these names behave so; all, where none is named. */
const behaving = (topology: Topology, behaviour: Partial<Behaviour>, ...names: readonly string[]): Topology => ({
  ...topology,
  nodes: topology.nodes.map((node) =>
    node.vantage || (names.length > 0 && !names.includes(node.name)) ? node : { ...node, behaviour: { ...PLAIN, ...behaviour } },
  ),
});

const partly = (decapsulation: Partial<Behaviour['decapsulation']>): Partial<Behaviour> => ({
  decapsulation: { ...PLAIN.decapsulation, ...decapsulation },
});

/** The address of one node on its link to another. */
const facing = (topology: Topology, node: string, neighbour: string, family: 4 | 6, link = 0): string =>
  endsOf(topology, node).filter(({ far }) => far.node === neighbour)[link]!.end.addresses[family];

/** Each hop by the address that faces the one before, as a trace over the path would show it. */
const LINE = ['a', 'r1', 'r2', 'r3', 'd'];
const ingresses = (topology: Topology, family: 4 | 6, names = LINE): string[] =>
  names.slice(1).map((name, index) => facing(topology, name, names[index]!, family));

const mapOf = (topology: Topology, families?: Readonly<Record<string, readonly (4 | 6)[]>>): HopMap =>
  parseHopMap(mapText(nodesOf(topology, families)), 'map');

interface Surveyed {
  readonly path: ProbedPath;
  readonly hops: readonly SurveyedHop[];
  /** Packets that went out over the first link. */
  readonly crossed: number;
}

async function surveyed(
  topology: Topology,
  addresses: readonly string[],
  map: HopMap | null = null,
  changes: Partial<ProbedPath> = {},
): Promise<Surveyed> {
  const { engine, asking } = open(topology);
  const us = await sourceFor(engine, addresses[0]!);
  const path = await mapped(engine, { us, hops: addresses, distance: 1, loose: false, ...changes }, map);
  const hops: SurveyedHop[] = [];
  for await (const hop of survey(engine, asking, path, OPTIONS)) hops.push(hop);
  return { path, hops, crossed: engine.counters().links.find(({ from }) => from === 'a')!.seen };
}

const states = ({ hops }: Surveyed): string[] => hops.map(({ state }) => state);
const landed = ({ hops }: Surveyed): boolean[] => hops.map(({ state, trouble }) => state === 'visited' && trouble === null);
const legs = ({ hops }: Surveyed): (string | null)[] => hops.map(({ leg }) => leg?.is ?? null);
const layersOf = ({ path, hops }: Surveyed, position: number): string[] =>
  boomerang(path, hops[position - 1]!.waypoints, 'udp', FLOW).layers.map(({ destination }) => destination);

test('where all is well one probe a hop is enough, also to know whose address is on the link', async () => {
  for (const family of FAMILIES) {
    const topology = fixture('line', 'x');
    const { hops, crossed } = await surveyed(topology, ingresses(topology, family));
    assert.equal(
      hops.slice(1).map(({ waypoints }) => waypoints.at(-2)!.home),
      ['r1', 'r2', 'r3'].map((name, index) => facing(topology, name, LINE[index + 2]!, family)),
    );
    assert.is(crossed, 4);
  }
});

test('a router that decapsulates on its loopback address alone is left out without a map, and visited there with one', async () => {
  for (const family of FAMILIES) {
    const topology = behaving(fixture('line', 'x'), partly({ at: 'loopback' }), 'r2');
    const addresses = ingresses(topology, family);
    const blind = await surveyed(topology, addresses);
    assert.equal(states(blind), ['visited', 'does not decapsulate', 'visited', 'visited']);
    assert.equal(legs(blind), ['link', null, 'routers', 'link']);
    const seeing = await surveyed(topology, addresses, mapOf(topology));
    assert.equal(landed(seeing), Array(4).fill(true));
    assert.ok(layersOf(seeing, 3).includes(loopback(topology, 'r2', family)));
  }
});

test('where all decapsulate on loopback alone, home is by loopback too, and legs stay exact', async () => {
  for (const family of FAMILIES) {
    const topology = behaving(fixture('line', 'x'), partly({ at: 'loopback' }));
    assert.equal(states(await surveyed(topology, ingresses(topology, family))), Array(4).fill('does not decapsulate'));
    const seeing = await surveyed(topology, ingresses(topology, family), mapOf(topology));
    assert.equal(legs(seeing), Array(4).fill('link'));
    assert.equal(
      layersOf(seeing, 2).map((address) => ownerOf(topology, address)),
      ['r1', 'r2', 'r1', 'a'],
    );
  }
});

test('a router that takes IPv4 in IPv4 alone is visited in IPv4 on an IPv6 path, and the other way round', async () => {
  for (const [family, other, kind] of [
    [6, 4, '4in4'],
    [4, 6, '6in6'],
  ] as const)
    for (const names of [['r2'], ['r1'], ['d'], ['r1', 'r2', 'r3', 'd']]) {
      const topology = behaving(fixture('line', 'x'), partly({ kinds: [kind] }), ...names);
      const addresses = ingresses(topology, family);
      const refusing = states(await surveyed(topology, addresses));
      assert.equal(
        refusing,
        ['r1', 'r2', 'r3', 'd'].map((name) => (names.includes(name) ? 'does not decapsulate' : 'visited')),
      );
      const map = mapOf(topology, Object.fromEntries(names.map((name) => [name, [other]])));
      const seeing = await surveyed(topology, addresses, map);
      assert.equal(landed(seeing), Array(4).fill(true), `${kind} at ${names}`);
      for (const [index, name] of ['r1', 'r2', 'r3', 'd'].entries()) {
        const visits = layersOf(seeing, 4).filter((address) => ownerOf(topology, address) === name);
        if (names.includes(name))
          assert.ok(
            visits.every((address) => familyOf(address) === other),
            `${index} ${visits}`,
          );
      }
    }
});

test('a router that takes the families in each other alone has neighbours of the other family', async () => {
  const topology = behaving(fixture('line', 'x'), partly({ kinds: ['6in4', '4in6'] }), 'r2');
  const map = mapOf(topology, { r2: [4], r1: [6], r3: [6], d: [6] });
  assert.equal(landed(await surveyed(topology, ingresses(topology, 6), map)), Array(4).fill(true));
});

test('a router of which the map says that it does not decapsulate is not asked', async () => {
  const topology = fixture('line', 'x');
  const { hops } = await surveyed(topology, ingresses(topology, 4), mapOf(topology, { r2: [] }));
  assert.equal(
    hops.map(({ state, trouble }) => [state, trouble]),
    ['visited', 'does not decapsulate', 'visited', 'visited'].map((state) => [state, null]),
  );
});

test('a router that strips one header a visit is visited like any other', async () => {
  for (const family of FAMILIES) {
    const line = behaving(fixture('line', 'x'), partly({ layers: 1 }));
    assert.equal(legs(await surveyed(line, ingresses(line, family))), Array(4).fill('link'));
    const topology = behaving(fixture('asymmetric', 'x'), partly({ layers: 1 }));
    const names = ['a', 'r1', 'r2', 'r4', 'd'];
    const home = await surveyed(topology, ingresses(topology, family, names));
    assert.equal(legs(home), Array(4).fill('link'));
    assert.is(home.hops[1]!.waypoints[0]!.home, facing(topology, 'r1', 'r2', family));
  }
});

test('where costs differ and routers answer from another link, the map tells the link to go home by', async () => {
  const topology = fixture('asymmetric', 'x');
  // r2 is seen by its address towards r4, since its answers leave there (IPv4)
  const addresses = [
    facing(topology, 'r1', 'a', 4),
    facing(topology, 'r2', 'r4', 4),
    facing(topology, 'r4', 'r3', 4),
    loopback(topology, 'd', 4),
  ];
  assert.equal(states(await surveyed(topology, addresses)), ['visited', 'detour', 'detour', 'detour']);
  const seeing = await surveyed(topology, addresses, mapOf(topology));
  assert.equal(legs(seeing), Array(4).fill('link'));
  assert.is(seeing.hops[1]!.waypoints[0]!.home, facing(topology, 'r1', 'r2', 4));
});

test('a router that copies the outer ttl inwards gets longer legs, and those between others stay exact', async () => {
  for (const family of FAMILIES)
    for (const names of [['r1'], ['r2'], ['r3'], ['d'], ['r1', 'r3'], ['r2', 'r3'], []]) {
      const topology = behaving(fixture('line', 'x'), { uniformTtl: true }, ...names);
      const result = await surveyed(topology, ingresses(topology, family));
      assert.equal(landed(result), Array(4).fill(true), `${names}`);
      const uniform = (name: string): boolean => names.length === 0 || names.includes(name);
      assert.equal(
        result.hops.at(-1)!.waypoints.map(({ uniform: known = false }) => known),
        LINE.slice(1).map(uniform),
      );
      assert.equal(
        legs(result),
        LINE.slice(1).map((name, index) => (uniform(name) || (index > 0 && uniform(LINE[index]!)) ? 'routers' : 'link')),
      );
    }
});

test('a router that copies ttls and tells nobody when they run out is found too', async () => {
  for (const family of FAMILIES)
    for (const [names, distance] of [
      [['r1'], 1],
      [['r1'], null],
      [['r2'], 1],
      [['r2', 'r3'], 1],
    ] as const) {
      const line = behaving(fixture('line', 'x'), { uniformTtl: true }, ...names);
      const topology = { ...line, nodes: line.nodes.map((node) => ({ ...node, silent: !node.vantage })) };
      const result = await surveyed(topology, ingresses(topology, family), null, { distance });
      assert.equal(landed(result), Array(4).fill(true), `${names}`);
      assert.equal(
        result.hops.at(-1)!.waypoints.map(({ uniform: known = false }) => known),
        LINE.slice(1).map((name) => (names as readonly string[]).includes(name)),
      );
    }
});

test('a detour behind a router is no sign that it copies ttls', async () => {
  const topology = fixture('asymmetric', 'x');
  const addresses = [facing(topology, 'r1', 'a', 4), facing(topology, 'r2', 'r4', 4)];
  const { hops } = await surveyed(topology, addresses);
  assert.equal([hops[1]!.state, hops[1]!.waypoints], ['detour', []]);
});

test('a detour is a detour also on a path whose routers all copy ttls', async () => {
  const topology = behaving(fixture('asymmetric', 'x'), { uniformTtl: true });
  const addresses = [facing(topology, 'r1', 'a', 4), facing(topology, 'r2', 'r4', 4), facing(topology, 'r4', 'r3', 4)];
  assert.equal(states(await surveyed(topology, addresses)), ['visited', 'detour', 'detour']);
});

const PARALLEL = `{name: parallel, nodes: {a: {vantage: true}, r1: {}, r2: {}, d: {}}, links: [
  {between: [a, r1]}, {between: [r1, r2]}, {between: [r1, r2]}, {between: [r2, d]}]}`;

test("of two links side by side the path's own is taken there and back", async () => {
  const topology = parseTopology(PARALLEL, 'parallel');
  for (const family of FAMILIES)
    for (const link of [0, 1]) {
      const addresses = [facing(topology, 'r1', 'a', family), facing(topology, 'r2', 'r1', family, link), loopback(topology, 'd', family)];
      const result = await surveyed(topology, addresses);
      assert.equal(legs(result), ['link', 'link', 'link']);
      assert.is(result.hops[1]!.waypoints[0]!.home, facing(topology, 'r1', 'r2', family, link));
      assert.is(result.hops[2]!.waypoints[0]!.home, facing(topology, 'r1', 'r2', family, link));
    }
});

test('a leg over a hop that cannot be visited, a loose one, and one to a start elsewhere lead past routers', async () => {
  const topology = fixture('nondecap', 'x');
  const addresses = ingresses(topology, 4);
  assert.equal(legs(await surveyed(topology, addresses)), ['link', null, 'routers', 'link']);
  assert.equal(legs(await surveyed(topology, addresses, null, { distance: null })), ['routers', null, 'routers', 'link']);
  assert.equal(legs(await surveyed(topology, addresses, null, { loose: true })), ['routers', null, 'routers', 'routers']);
});

test.run();
