/**
 * Routing tables as a link-state protocol would fill them (equal-cost multipath, OSPF's costs, RFC 2328 §16.1): the lab gives
 * them to the kernel, the simulator walks them, tests compare with them.
 */
import { BeaconError } from '../error.ts';
import { type Address, type FamilyNumber, familyOf } from '../wire/address.ts';
import { type Attachment, endsOf, nodeNamed, nodeOf } from './lookup.ts';
import { HOST_LENGTH, SUBNET_LENGTH, subnetOf } from './subnet.ts';
import type { Topology } from './topology.ts';

/** A router's own links are not among its routes: the kernel adds those with the addresses. */
export interface TableRoute {
  readonly destination: Address;
  readonly prefixLength: number;
  readonly cost: number;
  /** Every neighbour on a cheapest way, in the file's order. */
  readonly nextHops: readonly NextHop[];
}

export interface NextHop {
  readonly address: Address;
  readonly node: string;
  /** Our interface that leads there. */
  readonly interface: string;
  readonly link: string;
}

/** Node → its table, loopbacks first. What cannot be reached without passing through the vantage has no route. */
export type Routes = ReadonlyMap<string, readonly TableRoute[]>;

const known = new WeakMap<Topology, Map<FamilyNumber, Routes>>();

/** Remembered for the topology's life. */
export function routesOf(topology: Topology, family: FamilyNumber): Routes {
  const families = known.get(topology) ?? new Map<FamilyNumber, Routes>();
  known.set(topology, families);
  const routes = families.get(family) ?? computeRoutes(topology, family);
  families.set(family, routes);
  return routes;
}

function computeRoutes(topology: Topology, family: FamilyNumber): Routes {
  const attached = new Map(topology.nodes.map(({ name }) => [name, endsOf(topology, name)]));
  const transit = new Set(topology.nodes.filter(({ vantage }) => !vantage).map(({ name }) => name));
  return new Map(topology.nodes.map(({ name }) => [name, tableOf(topology, family, name, reach(name, attached, transit), transit)]));
}

/** How far a node is, and the set of our own links that begin a cheapest way there. */
interface Reach {
  readonly cost: number;
  readonly first: ReadonlySet<Attachment>;
}

/** Dijkstra's shortest paths from one node; only `transit` nodes are passed through. */
function reach(from: string, attached: ReadonlyMap<string, readonly Attachment[]>, transit: ReadonlySet<string>): Map<string, Reach> {
  const done = new Map<string, Reach>();
  const open = new Map<string, Reach>([[from, { cost: 0, first: new Set() }]]);
  while (open.size > 0) {
    const [name, here] = [...open].reduce((best, next) => (next[1].cost < best[1].cost ? next : best));
    open.delete(name);
    done.set(name, here);
    if (name !== from && !transit.has(name)) continue;
    for (const step of attached.get(name)!) {
      if (done.has(step.far.node)) continue; // every cost is at least 1: what is done is nearer
      const way = { cost: here.cost + step.end.cost, first: name === from ? new Set([step]) : here.first };
      open.set(step.far.node, cheapest([open.get(step.far.node), way])!);
    }
  }
  return done;
}

/** The cheapest of several ways, equal ones joined. */
function cheapest(ways: readonly (Reach | undefined)[]): Reach | undefined {
  return ways.reduce((best, way) => {
    if (way === undefined || (best && best.cost < way.cost)) return best;
    return best?.cost === way.cost ? { cost: best.cost, first: new Set([...best.first, ...way.first]) } : way;
  });
}

function tableOf(
  topology: Topology,
  family: FamilyNumber,
  from: string,
  reached: Map<string, Reach>,
  transit: ReadonlySet<string>,
): TableRoute[] {
  const order = new Map(endsOf(topology, from).map(({ link }, i) => [link.id, i]));
  const route = (destination: Address, prefixLength: number, way: Reach | undefined): TableRoute[] => {
    const first = [...(way?.first ?? [])].sort((a, b) => order.get(a.link.id)! - order.get(b.link.id)!);
    return way && first.length > 0
      ? [{ destination, prefixLength, cost: way.cost, nextHops: first.map((step) => nextHop(step, family)) }]
      : [];
  };
  const others = topology.nodes.filter(({ name }) => name !== from);
  const away = topology.links.filter(({ ends }) => ends.every(({ node }) => node !== from));
  return [
    ...others.flatMap(({ name, loopback }) => route(loopback[family], HOST_LENGTH[family], reached.get(name))),
    ...away.flatMap(({ ends }) => {
      const ways = ends.map(({ node, cost }) => (transit.has(node) ? beyond(reached.get(node), cost) : undefined));
      return route(subnetOf(ends[0].addresses[family]), SUBNET_LENGTH[family], cheapest(ways));
    }),
  ];
}

const beyond = (way: Reach | undefined, cost: number): Reach | undefined => way && { cost: way.cost + cost, first: way.first };

const nextHop = ({ link, end, far }: Attachment, family: FamilyNumber): NextHop => ({
  address: far.addresses[family],
  node: far.node,
  interface: end.interface,
  link: link.id,
});

/**
 * Every way that a packet can take from a node to another (its loopback) or to an address, as node names, both ends included;
 * none where there is no route. The order is that of the tables. Throws BeaconError ERR_TOPOLOGY for a stranger.
 */
export function shortestPaths(topology: Topology, from: string, to: string, family: FamilyNumber = to.includes(':') ? 6 : 4): string[][] {
  const named = nodeNamed(topology, to);
  const owner = named ?? nodeOf(topology, to);
  if (!owner || !nodeNamed(topology, from))
    throw new BeaconError('ERR_TOPOLOGY', `${topology.name} has no ${owner ? from : to}: name a node or one of its addresses`);
  const address = named ? named.loopback[family] : to;
  const routes = routesOf(topology, familyOf(address));
  const onward = (node: string): string[][] => {
    if (node === owner.name) return [[node]];
    return nextNodes(topology, routes, node, address).flatMap((next) => onward(next).map((rest) => [node, ...rest]));
  };
  return onward(from);
}

/** The nodes that one node hands a packet for this address to. */
function nextNodes(topology: Topology, routes: Routes, node: string, address: Address): string[] {
  const family = familyOf(address);
  const onLink = endsOf(topology, node).find(({ far }) => far.addresses[family] === address);
  const subnet = subnetOf(address);
  const fits = (route: TableRoute): boolean =>
    route.prefixLength === HOST_LENGTH[family] ? route.destination === address : route.destination === subnet;
  const nextHops = routes.get(node)?.find(fits)?.nextHops ?? [];
  return onLink ? [onLink.far.node] : [...new Set(nextHops.map((next) => next.node))];
}
