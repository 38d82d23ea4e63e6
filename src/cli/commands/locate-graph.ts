/** The graph that `locate` works on: drawn by a topology file, or found as a path; and who of it can be visited. */

import { US } from '../../boomerang/layer-source.ts';
import type { ProbedPath } from '../../boomerang/path.ts';
import type { SurveyedHop } from '../../boomerang/survey.ts';
import type { Route } from '../../engine/engine.ts';
import { BeaconError, CANNOT_TELL } from '../../error.ts';
import { withoutAnswered } from '../../locate/answered-legs.ts';
import { type Drawing, type Ground, groundOf } from '../../locate/asked-walks.ts';
import { mergedGraph } from '../../locate/branches.ts';
import { withDeadLinks } from '../../locate/dead-links.ts';
import { drawnGraph } from '../../locate/drawn.ts';
import type { Graph } from '../../locate/graph.ts';
import type { Dress } from '../../locate/itinerary.ts';
import { pathGraph } from '../../locate/path-graph.ts';
import { type Reach, reach } from '../../locate/reach.ts';
import type { UnknownPart } from '../../locate/verdict.ts';
import type { Asking } from '../../probe/ask.ts';
import { endsOf, nodeNamesOf, vantageOf } from '../../topology/lookup.ts';
import type { Topology } from '../../topology/topology.ts';
import type { Address, FamilyNumber } from '../../wire/address.ts';
import { isOurs } from '../ends.ts';
import { sourcesFor } from '../layer-source.ts';
import { createNamer } from '../namer.ts';
import { familyWanted, type Network } from '../network.ts';
import { mayVisit, refuseTranslation, requirePermission } from '../permission.ts';
import type { Said } from '../session.ts';
import { startEvent } from '../start-event.ts';
import { readTopology } from '../topology-file.ts';
import { nestedTranslation } from '../translation.ts';
import type { LocateCommandOptions } from './locate.ts';
import { branches } from './locate-branches.ts';
import { begin, ready } from './ready.ts';

export interface Drawn {
  readonly asking: Asking;
  readonly graph: Graph;
  readonly dress: Dress;
  readonly drawing?: Drawing;
  readonly seed: number;
  /** The way to the first router. */
  readonly route: Route;
  /** Of addresses, as far as they are known. */
  readonly names: ReadonlyMap<Address, string>;
  /** What is not known for a reason of the search's. */
  readonly unknown: readonly UnknownPart[];
}

/** Says what it finds; the exit code where there is nothing to probe. */
export type Sketch<Found> = AsyncGenerator<Said, Found | { readonly exit: number }>;

/** Throws BeaconError for a path that cannot be entered or probed. */
export async function* fromPath(network: Network, signal: AbortSignal, options: LocateCommandOptions): Sketch<Drawn> {
  const found = yield* ready('locate', network, signal, { ...options, count: 1, maxLoss: 0 });
  if ('exit' in found) return found;
  const { asking, sweep, reached } = found;
  const path = steeredPart(found.path);
  const others = options.path === undefined ? await branches(network, signal, options, { ...found, path }) : null;
  const ways = [{ path, hops: found.asked.slice(0, path.hops.length) }, ...(others?.ways ?? [])];
  const known = ways.flatMap((way) => way.hops);
  const names = await namesOf(network, path, known, options.numeric ?? false);
  const graphs = ways.map((way) => pathGraph(way.path, way.hops, names));
  const { engine } = network;
  const route = await engine.route(path.hops.find((address) => address !== null)!);
  const dress = { flow: sweep.flow, landing: sweep.landing, sources: sourcesFor(path.us, network, options) };
  const merged = others === null ? graphs[0]! : mergedGraph(graphs, others.found, path.hops);
  const graph = others === null ? merged : await withDeadLinks(engine, asking, merged, others.found, dress, sweep.timeoutNs);
  const isCut = found.path.hops.length < found.found.length;
  const unknown = [
    ...(reached || others?.found.nodes.some(({ is }) => is === 'end') ? [] : [notReached(path)]),
    ...(others?.dead ?? []),
    ...(isCut || (others?.ways.length ?? 0) === 0 ? unprobed(path, found.found, path.hops.length, isCut ? TOO_FAR : PLAIN) : []),
    ...(others?.ways ?? []).flatMap((way) => unprobed(way.path, way.path.hops, way.hops.length, TOO_FAR)),
  ];
  return {
    asking,
    graph,
    dress,
    seed: sweep.seed,
    route,
    names,
    unknown: [...new Map(unknown.map((part) => [JSON.stringify(part), part])).values()],
  };
}

async function namesOf(
  { names }: Network,
  path: ProbedPath,
  hops: readonly SurveyedHop[],
  numeric: boolean,
): Promise<Map<Address, string>> {
  const namer = createNamer(names, numeric);
  const addresses = [path.us, ...hops.flatMap(({ address }) => address ?? [])];
  const found = await Promise.all(
    addresses.map(async (address) => [address, path.map?.get(address)?.name ?? (await namer.soon(address))] as const),
  );
  return new Map(found.flatMap(([address, name]) => (name === null ? [] : [[address, name] as const])));
}

/** Behind the last hop whose address is known nothing can be visited. */
const steeredPart = (path: ProbedPath): ProbedPath => ({
  ...path,
  hops: path.hops.slice(0, path.hops.findLastIndex((address) => address !== null) + 1),
});

/** Hops of a way that are found, and not asked. */
function unprobed({ us }: ProbedPath, hops: ProbedPath['hops'], asked: number, reason: typeof TOO_FAR | typeof PLAIN): UnknownPart[] {
  const rest = hops.slice(asked).filter((address) => address !== null);
  const last = hops.slice(0, asked).findLast((address) => address !== null) ?? us;
  const links = rest.map((to, at) => ({ from: rest[at - 1] ?? last, to }));
  return links.length === 0 ? [] : [{ links, ...reason }];
}

const TOO_FAR = {
  why: 'a probe that turns there would be too large for the first link, or cross a link too often',
  wouldSettle: 'a larger MTU on the first link, or a vantage nearer',
};
const PLAIN = {
  why: 'plain probes are answered there and no IP in IP: something on the way drops or refuses it',
  wouldSettle: 'IP in IP let through, or a vantage behind what drops it',
};

function notReached({ us, hops }: ProbedPath): UnknownPart {
  const last = hops.findLast((address) => address !== null) ?? us;
  return {
    links: [{ from: last, to: null }],
    why: 'the path was not found to its end: what lies behind this hop is not known',
    wouldSettle: 'the path given with -p, or --topology',
  };
}

/** Throws BeaconError ERR_USAGE where this host is not the topology's vantage. */
export async function* fromTopology(network: Network, signal: AbortSignal, options: LocateCommandOptions, file: string): Sketch<Drawn> {
  const { engine } = network;
  for (const name of ['source', 'destination', 'path', 'map'] as const)
    if (options[name] !== undefined) throw new BeaconError('ERR_USAGE', `--topology draws the whole graph: leave out --${name}`);
  const topology = await readTopology(file, options.topologyText);
  const family = familyWanted({ ...options }) ?? 4;
  const us = await vantageHere(network, topology, family);
  const first = endsOf(topology, vantageOf(topology).name)[0]!;
  const route = await engine.route(first.far.addresses[family]);
  const all = topology.links.flatMap(({ ends }) => ends.map(({ addresses }) => addresses[family]));
  requirePermission(all, options);
  refuseTranslation(us, all, options);
  const host = { address: us, name: vantageOf(topology).name };
  yield startEvent('locate', engine, route, host, host, false);
  const { asking, flow, seed } = begin(network, signal, options);
  const sources = sourcesFor(us, network, options);
  const asked = {
    flow,
    landing: options.landing,
    timeoutNs: options.timeout * 1e9,
    rttNs: null,
    sources,
    mayVisit: mayVisit(options),
    tellsApart: true,
    family,
  };
  const reached = await reach(engine, asking, topology, asked);
  if (signal.aborted) return { exit: CANNOT_TELL };
  const barred = yield* nestedTranslation(asking);
  if (barred !== null) return { exit: barred };
  const dress = { flow, landing: options.landing, sources };
  const drawn = drawnGraph(topology, family, reached);
  const graph = await withoutAnswered(engine, asking, drawn, dress, asked.timeoutNs);
  const drawing = { topology, other: () => otherGround(network, topology, reached, family === 4 ? 6 : 4, dress, options) };
  return { asking, graph, dress, drawing, seed, route, names: nodeNamesOf(topology), unknown: [] };
}

/** As it is drawn in the other family, where that is ours to use. */
async function otherGround(
  { engine }: Network,
  topology: Topology,
  reached: Reach,
  family: FamilyNumber,
  dress: Dress,
  options: LocateCommandOptions,
): Promise<Ground | null> {
  const all = topology.links.flatMap(({ ends }) => ends.map(({ addresses }) => addresses[family]));
  if (!all.every(mayVisit(options))) return null;
  for (const { end } of endsOf(topology, vantageOf(topology).name)) if (!(await isOurs(engine, end.addresses[family]))) return null;
  return groundOf(engine, drawnGraph(topology, family, reached), { ...dress, sources: [US] });
}

async function vantageHere({ engine }: Network, topology: Topology, family: FamilyNumber): Promise<Address> {
  const { name, loopback } = vantageOf(topology);
  const addresses = [...endsOf(topology, name).map(({ end }) => end.addresses[family]), loopback[family]];
  for (const address of addresses) if (await isOurs(engine, address)) return address;
  throw new BeaconError('ERR_USAGE', `The vantage of ${topology.name} is ${name} (${addresses[0]}), and this host is not: run it there`);
}
