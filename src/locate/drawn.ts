/** The graph of a known topology: each link between two routers that can be visited, in both directions, each pinned by its addresses. */
import { US } from '../boomerang/layer-source.ts';
import { endsOf, vantageOf } from '../topology/lookup.ts';
import { shortestPaths } from '../topology/routes.ts';
import type { Link, LinkEnd, Topology } from '../topology/topology.ts';
import type { Address, FamilyNumber } from '../wire/address.ts';
import { type Graph, type GraphLeg, type GraphNode, type GraphPart, type Unreachable, VANTAGE, wayTo } from './graph.ts';
import { answering } from './path-graph.ts';
import type { Reach, Reached } from './reach.ts';

export function drawnGraph(topology: Topology, family: FamilyNumber, reach: Reach): Graph {
  const us = vantageOf(topology);
  const steered = topology.nodes.filter((node) => node !== us && isSteered(topology, reach, node.name)).map(({ name }) => name);
  const index = new Map([us.name, ...steered].map((name, at) => [name, at]));
  const nodes = [...index.keys()].map((name): GraphNode => {
    const { loopback } = topology.nodes.find((node) => node.name === name)!;
    const known = reach.get(name);
    return { address: loopback[family], name, uniform: known?.uniform ?? false, source: known?.source ?? US };
  });
  const legs: GraphLeg[] = [];
  const add = (one: Omit<GraphLeg, 'opposite'>, other: Omit<GraphLeg, 'opposite'> | null): void => {
    const at = legs.length;
    legs.push({ ...one, opposite: other === null ? null : at + 1 });
    if (other !== null) legs.push({ ...other, opposite: at });
  };
  const isHome = (name: string): boolean => name === us.name || reach.get(name)?.state === 'visited';
  const passed = new Set<string>();
  for (const { ends } of topology.links) {
    const [one, two] = ends;
    if (!index.has(one.node) || !index.has(two.node) || !(isHome(one.node) || isHome(two.node))) continue;
    const pair = pairOf(one.node, two.node);
    const over = legsOver(topology, family, reach, index, one, two);
    if (over === null || passed.has(pair)) continue;
    add(...over);
    if (over[0].is === 'routers') passed.add(pair);
  }
  const known = partsBook(topology, family, reach, index, nodes);
  for (const [one, two] of pairsPast(topology, reach, us.name)) {
    const out = legPast(topology, family, reach, index, one, two);
    const back = legPast(topology, family, reach, index, two, one);
    if (out === null || back === null) continue;
    add({ ...out.leg, parts: known.over(out.way) }, { ...back.leg, parts: known.over(back.way) });
    for (const pair of [...out.passed, ...back.passed]) passed.add(pair);
  }
  const tree = treeOf(topology, reach, index, legs, family);
  return { nodes, legs, parts: known.parts(), tree, unreachable: unreachableOf(topology, family, reach, index, legs, passed) };
}

/** It was visited, or a router that was stands next to it. */
const isSteered = (topology: Topology, reach: Reach, name: string): boolean => {
  const state = reach.get(name)?.state;
  if (state !== 'unheard') return state === 'visited';
  return endsOf(topology, name).some(({ far }) => reach.get(far.node)?.state === 'visited' || far.node === vantageOf(topology).name);
};

/**
 * Both directions of a link. A router that is visited at its loopback is steered to by that, which pins a link where it is the only way of
 * its cost; of several side by side a hash takes one, and they are one leg. Null where no such way is this link.
 */
function legsOver(
  topology: Topology,
  family: FamilyNumber,
  reach: Reach,
  index: ReadonlyMap<string, number>,
  one: LinkEnd,
  two: LinkEnd,
): [Omit<GraphLeg, 'opposite'>, Omit<GraphLeg, 'opposite'>] | null {
  const [out, back] = [linkLeg(index, one, two, family), linkLeg(index, two, one, family)];
  const loopbacks = [one, two].filter(({ node }) => reach.get(node)?.atLoopback);
  if (loopbacks.length === 0) return [out, back];
  const isNext = ({ node: from }: LinkEnd, { node: to }: LinkEnd): boolean => {
    const ways = shortestPaths(topology, from, to, family); // as node names: to the loopback
    return ways.length > 0 && ways.every((way) => way.length === 2);
  };
  const [far, near] = [two, one].map(({ node }) => (reach.get(node)?.atLoopback ? loopbackOf(topology, node, family) : null));
  if ((far !== null && !isNext(one, two)) || (near !== null && !isNext(two, one))) return null;
  const isOne = linksBetween(topology, pairOf(one.node, two.node)) === 1;
  const shown = isOne ? {} : { is: 'routers' as const };
  const ends = isOne ? out.ends : ([loopbackOf(topology, one.node, family), loopbackOf(topology, two.node, family)] as const);
  return [
    { ...out, ...shown, ends, destination: far ?? out.destination },
    { ...back, ...shown, ends: [ends[1], ends[0]], destination: near ?? back.destination },
  ];
}

const loopbackOf = ({ nodes }: Topology, node: string, family: FamilyNumber): Address =>
  nodes.find(({ name }) => name === node)!.loopback[family];

const linkLeg = (index: ReadonlyMap<string, number>, from: LinkEnd, to: LinkEnd, family: FamilyNumber): Omit<GraphLeg, 'opposite'> => ({
  from: index.get(from.node)!,
  to: index.get(to.node)!,
  is: 'link',
  ends: [from.addresses[family], to.addresses[family]],
  destination: to.addresses[family],
  hops: 1,
});

/** We and visited routers, with nothing between them but some that only forward. */
function pairsPast(topology: Topology, reach: Reach, us: string): [string, string][] {
  const others = [...reach].filter(([, { state }]) => state === 'visited').map(([name]) => name);
  const visited = [us, ...others];
  return visited.flatMap((from, at) => {
    const seen = new Set<string>([from]);
    const found = new Set<string>();
    for (const node of seen) {
      for (const { far } of endsOf(topology, node)) {
        if (reach.get(far.node)?.state === 'does not decapsulate') seen.add(far.node);
        else if (node !== from && visited.indexOf(far.node) > at) found.add(far.node);
      }
    }
    return [...found].map((to): [string, string] => [from, to]);
  });
}

interface Past {
  readonly leg: Omit<GraphLeg, 'opposite'>;
  /** Routers, from the first to the last. */
  readonly way: readonly string[];
  /** Neighbours whose links it takes. */
  readonly passed: readonly string[];
}

interface PartsBook {
  /** Indices of the parts that lead along these routers. */
  readonly over: (way: readonly string[]) => number[];
  readonly parts: () => GraphPart[];
}

/** Adds the routers that are passed to the nodes: no leg leads there. */
function partsBook(
  topology: Topology,
  family: FamilyNumber,
  reach: Reach,
  index: ReadonlyMap<string, number>,
  nodes: GraphNode[],
): PartsBook {
  const all = new Map(index);
  const known = new Map<string, Omit<GraphPart, 'opposite'>>();
  const nodeOf = (name: string): number => {
    const { loopback } = topology.nodes.find((node) => node.name === name)!;
    const uniform = reach.get(name)?.uniform ?? false;
    if (!all.has(name)) all.set(name, nodes.push({ address: loopback[family], name, uniform, source: US }) - 1);
    return all.get(name)!;
  };
  const places = (): string[] => [...known.keys()];
  return {
    over: (way) =>
      way.slice(1).map((to, at) => {
        const from = way[at]!;
        const { end, far } = endsOf(topology, from).find((one) => one.far.node === to)!;
        const key = `${from} ${to}`;
        if (!known.has(key)) known.set(key, { from: nodeOf(from), to: nodeOf(to), ends: [end.addresses[family], far.addresses[family]] });
        return places().indexOf(key);
      }),
    parts: () =>
      [...known].map(([key, part]) => {
        const opposite = places().indexOf(key.split(' ').toReversed().join(' '));
        return { ...part, opposite: opposite < 0 ? null : opposite };
      }),
  };
}

const linksBetween = ({ links }: Topology, pair: string): number =>
  links.filter(({ ends: [one, two] }) => pairOf(one.node, two.node) === pair).length;

const pairOf = (one: string, two: string): string => [one, two].toSorted().join(' ');

/** By an address of `to` that only one way leads to, past such routers alone; null where there is none. */
function legPast(
  topology: Topology,
  family: FamilyNumber,
  reach: Reach,
  index: ReadonlyMap<string, number>,
  from: string,
  to: string,
): Past | null {
  const { loopback } = topology.nodes.find(({ name }) => name === to)!;
  const onLinks = reach.get(to)?.atLoopback ? [] : endsOf(topology, to).map(({ end }) => end.addresses[family]);
  const addresses = [...onLinks, loopback[family]];
  const passes = (name: string): boolean => reach.get(name)?.state === 'does not decapsulate';
  for (const destination of addresses) {
    const ways = shortestPaths(topology, from, destination, family);
    const [way] = ways;
    if (ways.length !== 1 || way === undefined || way.length < 3 || !way.slice(1, -1).every(passes)) continue;
    const pairs = way.slice(1).map((node, at) => pairOf(way[at]!, node));
    if (pairs.some((pair) => linksBetween(topology, pair) > 1)) continue; // probes would be shared out among them by their hash
    const ends = [topology.nodes.find(({ name }) => name === from)!.loopback[family], loopback[family]] as const;
    const leg = { from: index.get(from)!, to: index.get(to)!, is: 'routers' as const, ends, destination, hops: way.length - 1 };
    return { leg, way, passed: pairs };
  }
  return null;
}

/** The way by which each was reached; past routers that only forward it is one leg. */
function treeOf(
  topology: Topology,
  reach: Reach,
  index: ReadonlyMap<string, number>,
  legs: readonly GraphLeg[],
  family: FamilyNumber,
): Map<number, number> {
  const us = vantageOf(topology).name;
  const tree = new Map<number, number>();
  for (const [name, node] of index) {
    if (node === VANTAGE) continue;
    const { way } = reach.get(name) as Reached;
    const last = way.at(-1)!;
    const before = way.findLast(({ end }) => end.node === us || reach.get(end.node)?.state === 'visited')!.end.node;
    const leg = legs.findIndex(
      ({ from, to, is, ends }) =>
        from === index.get(before) &&
        to === node &&
        (is === 'routers' || before !== last.end.node || ends[1] === last.far.addresses[family]),
    );
    if (leg >= 0 && !leadsThrough({ legs, tree }, legs[leg]!.from, node)) tree.set(node, leg);
  }
  return grown(tree, legs);
}

/** A router that was passed on the way to others, and visited by another way later, may stand behind them there. */
function leadsThrough({ legs, tree }: Pick<Graph, 'legs' | 'tree'>, from: number, node: number): boolean {
  const leg = tree.get(from);
  return from === node || (leg !== undefined && leadsThrough({ legs, tree }, legs[leg]!.from, node));
}

/** Where no leg is the last link of the way by which a router was reached, any leg will do. */
function grown(tree: Map<number, number>, legs: readonly GraphLeg[]): Map<number, number> {
  for (let size = -1; size !== tree.size; ) {
    size = tree.size;
    for (const [leg, { from, to, opposite }] of legs.entries())
      if (to !== VANTAGE && opposite !== null && !tree.has(to) && wayTo({ legs, tree }, from) !== null) tree.set(to, leg);
  }
  return tree;
}

const WHY: Readonly<Record<Exclude<Reached['state'], 'visited' | 'unheard' | 'too far'>, string>> = {
  'does not decapsulate': 'does not decapsulate, so no probe turns there',
  detour: 'is reached only by longer ways than its link',
  filtered: 'answers, and nothing that turns there comes home: something on the way drops it by its source',
};

/** Of links to a router whose probes do not fit. */
export const TOO_FAR: [why: string, wouldSettle: string] = [
  'a probe that turns there would be too large for the first link',
  'a larger MTU on the first link, or a vantage nearer',
];

/** Links that no leg takes. */
function unreachableOf(
  topology: Topology,
  family: FamilyNumber,
  reach: Reach,
  index: ReadonlyMap<string, number>,
  legs: readonly GraphLeg[],
  passed: ReadonlySet<string>,
): Unreachable[] {
  const taken = new Set(legs.filter(({ is }) => is === 'link').map(({ ends }) => ends[1]));
  const groups = new Map<string, { links: (readonly [Address, Address])[]; wouldSettle: string }>();
  for (const { ends } of topology.links as readonly Link[]) {
    const [one, two] = ends;
    if (taken.has(one.addresses[family]) || taken.has(two.addresses[family])) continue;
    const isAnswered = ends.some(({ node }) => reach.get(node)?.answeredBy !== undefined);
    const isHashed = ends.some(({ node }) => reach.get(node)?.atLoopback) && linksBetween(topology, pairOf(one.node, two.node)) > 1;
    if (passed.has(pairOf(one.node, two.node)) && !isAnswered && !isHashed) continue;
    const [why, wouldSettle] = whyNot([one.node, two.node], reach, index);
    const group = groups.get(why) ?? { links: [], wouldSettle };
    group.links.push([one.addresses[family], two.addresses[family]]);
    groups.set(why, group);
  }
  return [...groups].map(([why, { links, wouldSettle }]) => ({ links, why, wouldSettle }));
}

function whyNot(nodes: readonly string[], reach: Reach, index: ReadonlyMap<string, number>): [why: string, wouldSettle: string] {
  for (const name of nodes) {
    const state = reach.get(name)?.state;
    if (state === 'too far') return TOO_FAR;
    const by = reach.get(name)?.answeredBy;
    if (by !== undefined) return Object.values(answering(by, name)) as [string, string];
    if (state !== undefined && state !== 'visited' && state !== 'unheard')
      return [`${name} ${WHY[state]}`, `decapsulation at ${name}, or a vantage behind it`];
  }
  const loopback = nodes.find((name) => reach.get(name)?.atLoopback);
  if (loopback !== undefined && nodes.every((name) => index.has(name))) {
    const why = `${loopback} strips headers to its loopback alone, so that no probe is held to this link`;
    return [why, `decapsulation at ${loopback}'s address on this link`];
  }
  const dead = nodes.find((name) => reach.get(name)?.state === 'unheard' && index.has(name)) ?? nodes[0]!;
  return [`behind ${dead}, from which nothing comes home`, `what ails ${dead} mended, or a vantage behind it`];
}
