/** What a spray needs before its first packet: paths, the hops of each that can be visited, and the values of its flows. */
import { boomerang, type Landing } from '../boomerang/itinerary.ts';
import { createPathList, type PreparedPath, type PreparedPaths } from '../boomerang/spray-paths.ts';
import {
  type KnownWays,
  legsOf,
  type SprayPlan,
  type SprayTarget,
  type SprayTargets,
  targetsOf,
  unsurveyed,
} from '../boomerang/spray-plan.ts';
import { survey } from '../boomerang/survey.ts';
import { firstFlow, type SweepKind, type Swept } from '../boomerang/swept.ts';
import type { Route } from '../engine/engine.ts';
import { MOST_CELLS } from '../engine/spray.ts';
import { BeaconError } from '../error.ts';
import type { Flow } from '../probe/itinerary.ts';
import { questionBy } from '../probe/question.ts';
import type { HopMap } from '../topology/hop-map.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { begin, type ReadyOptions, ready } from './commands/ready.ts';
import { sourcesFor } from './layer-source.ts';
import { readMap } from './map-file.ts';
import { familyWanted, type Network } from './network.ts';
import { mayVisit, publicHop } from './permission.ts';
import type { SizeRange } from './read-options.ts';
import type { Said } from './session.ts';
import { readPaths, shownHops } from './spray-paths.ts';
import { kindOf, type SweepOptions, sweptValues } from './spray-values.ts';
import { startEvent } from './start-event.ts';

export interface SprayPrepareOptions extends Omit<ReadyOptions, 'count' | 'size' | 'rate'>, SweepOptions {
  /** A file. */
  readonly paths?: string;
  readonly pathsText?: string;
  readonly sweepHops?: boolean;
  readonly size?: SizeRange;
}

export interface Prepared {
  readonly plan: SprayPlan;
  /** By which all of it leaves. */
  readonly route: Route;
  /** The longest round trip that was seen; null: none. */
  readonly rttNs: number | null;
  /** Every path is measured to its end. */
  readonly complete: boolean;
}

/** So many sizes stand for a range. */
const MOST_SIZES = 8;

interface Found {
  readonly paths: PreparedPaths;
  readonly flow: Flow;
  readonly complete: boolean;
  readonly known: HopMap | null;
}

/** Says what it finds; returns the exit code where there is nothing to spray. Throws BeaconError for options that do not go together. */
export async function* prepared(
  network: Network,
  signal: AbortSignal,
  options: SprayPrepareOptions,
): AsyncGenerator<Said, Prepared | { readonly exit: number }> {
  refuseConflicts(options);
  const found = yield* options.paths === undefined ? discovered(network, signal, options) : listed(network, signal, options, options.paths);
  if ('exit' in found) return found;
  const { paths, flow, complete, known } = found;
  const { landing } = options;
  const segment = options.segment ?? null;
  const targets = targetsOf(paths, { everyHop: options.sweepHops ?? false, segment, sizes: sizesOf(options.size) });
  if (segment !== null) refuseSegment(targets, segment, paths.at(0));
  if (targets.length === 0) throw new BeaconError('ERR_USAGE', 'Nothing can turn at any hop of the paths: there is nothing to spray');
  const swept = sweptBy(network, options, { paths, flow, known }, targets.at(targets.length - 1), landing);
  refuseTooMany(targets.length, swept.values.length);
  const plan: SprayPlan = { paths, targets, landing, flow, swept };
  return { plan, route: await firstLink(network, plan), rttNs: null, complete };
}

function refuseConflicts({ paths, path, source, destination, segment, sweepHops }: SprayPrepareOptions): void {
  const other = path !== undefined ? '--path' : destination !== undefined ? '--destination' : source !== undefined ? '--source' : null;
  if (paths !== undefined && other !== null)
    throw new BeaconError('ERR_USAGE', `--paths and ${other} both say what to spray: leave one out`);
  if (paths !== undefined && segment !== undefined)
    throw new BeaconError('ERR_USAGE', '--segment is of one path: give it with --path, or -s and -d');
  if (segment !== undefined && sweepHops)
    throw new BeaconError('ERR_USAGE', '--segment measures the two hops at its ends: leave --sweep-hops out');
}

function refuseTooMany(targets: number, flows: number): void {
  if (targets * flows <= MOST_CELLS) return;
  throw new BeaconError(
    'ERR_USAGE',
    `${targets} targets with ${flows} flows each are more than ${MOST_CELLS} counts: give --flows ${Math.floor(MOST_CELLS / targets)} or fewer paths`,
  );
}

/** As `probe` finds and surveys it. The rate is asked for later: what is sent until then is slow. */
async function* discovered(
  network: Network,
  signal: AbortSignal,
  { size, ...options }: SprayPrepareOptions,
): AsyncGenerator<Said, Found | { readonly exit: number }> {
  const asked: ReadyOptions = { ...options, count: 1, rate: 1, ...(size !== undefined && { size: size.high }) };
  const found = yield* ready('spray', network, signal, asked);
  if ('exit' in found) return found;
  const complete = found.reached && found.hops.at(-1)?.position === found.path.hops.length;
  const paths = createPathList();
  paths.add({ path: found.path, hops: found.hops });
  return {
    paths,
    flow: { ...found.sweep.flow, size: null },
    complete,
    known: await readMap(options),
  };
}

/** With a map the hops are believed; without one each is asked, as `probe` does. */
async function* listed(
  network: Network,
  signal: AbortSignal,
  { size, ...options }: SprayPrepareOptions,
  file: string,
): AsyncGenerator<Said, Found | { readonly exit: number }> {
  const { engine } = network;
  const { asking, flow } = begin(network, signal, options);
  const known = await readMap(options);
  const shape = { landing: options.landing, flow: { ...flow, size: size?.high ?? null } };
  const read = await readPaths(network, file, {
    ...options,
    ...shape,
    family: familyWanted({ ...options }),
    loose: options.loose ?? false,
    known,
  });
  const us = { address: read.route.source, name: null };
  yield startEvent('spray', engine, read.route, us, read.last, false);
  if (read.putInFront > 0) {
    const message = `${read.putInFront} of the ${read.paths.length} paths do not start at us: ${us.address} is put in front`;
    yield { type: 'problem', code: 'PUT_IN_FRONT', message };
  }
  const paths = createPathList();
  const ways: KnownWays = new Map();
  let complete = true;
  for (const path of read.paths) {
    if (signal.aborted) return { exit: 5 };
    const sources = sourcesFor(path.us, network, options);
    const asked = { ...shape, timeoutNs: options.timeout * 1e9, rttNs: null, sources, mayVisit: mayVisit(options) };
    const one = known !== null ? unsurveyed(path, ways) : { path, hops: await collected(survey(engine, asking, path, asked)) };
    paths.add(one);
    yield { type: 'path', part: paths.length, hops: shownHops(one) };
    const last = one.hops.findLast(({ waypoints }) => waypoints.length > 0)?.position ?? 0;
    if (last === path.hops.length) continue;
    complete = false;
    yield { type: 'problem', code: 'TABLE_ENDS', message: endsEarly(paths.length, last, path.hops) };
  }
  return { paths, flow: { ...flow, size: null }, complete, known };
}

async function collected<Item>(source: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of source) all.push(item);
  return all;
}

const endsEarly = (part: number, last: number, hops: readonly (Address | null)[]): string =>
  last === 0
    ? `Nothing can turn at any hop of path ${part}: it is left out`
    : `Path ${part} ends at ${hops[last - 1]}, the last hop that decapsulates: nothing can turn at ${hops
        .slice(last)
        .map((hop) => hop ?? '*')
        .join(' ')}`;

function refuseSegment(targets: SprayTargets, segment: number, { path }: PreparedPath): void {
  if (segment >= path.hops.length)
    throw new BeaconError(
      'ERR_USAGE',
      `--segment ${segment} leads from hop ${segment} to the next, and the path has ${path.hops.length}: give 0 to ${path.hops.length - 1}`,
    );
  const missing = [segment, segment + 1].find((position) => position > 0 && ![...targets].some((target) => target.position === position));
  if (missing !== undefined) throw new BeaconError('ERR_USAGE', `--segment ${segment} needs hop ${missing}, and nothing can turn there`);
}

function sweptBy(
  network: Network,
  options: SprayPrepareOptions,
  { paths, flow, known }: Pick<Found, 'paths' | 'flow' | 'known'>,
  target: SprayTarget,
  landing: Landing,
): Swept {
  const { path } = paths.at(target.path);
  const plain = boomerang(path, target.waypoints, landing, flow, target.source);
  const segment = options.segment ?? null;
  const legs = legsOf(target.waypoints, landing);
  const layer = (kind: SweepKind): number =>
    kind === 'inner'
      ? plain.layers.length - 1
      : segment === null
        ? 0
        : Math.max(
            0,
            legs.findIndex(([from, to]) => from === segment && to === segment + 1),
          );
  const familyFor = (kind: SweepKind) => familyOf(plain.layers[layer(kind)]!.destination);
  const kind = kindOf(options, familyFor('flow-label'));
  const family = familyFor(kind);
  const us = familyOf(path.us) === family ? path.us : (path.usOther ?? path.us);
  const far = segment === null ? null : (path.hops[segment] ?? null);
  const ours = [us, ...(network.ownAddresses?.(us) ?? [])];
  const values = sweptValues(kind, options, { family, sourcePort: flow.sourcePort, ours, far, map: known, landing });
  const swept: Swept = { kind, values, segment };
  if (kind === 'source' || kind === 'outer') refuseStrangers(values as readonly Address[], ours, options);
  firstFlow(plain, legs, swept); // says what does not fit
  return swept;
}

/** Packets that carry other people's addresses, or go there, need the same permission as any. */
function refuseStrangers(values: readonly Address[], ours: readonly Address[], options: SprayPrepareOptions): void {
  const stranger = options.iOwnThis
    ? null
    : publicHop(
        values.filter((value) => !ours.includes(value)),
        options,
      );
  if (stranger !== null)
    throw new BeaconError(
      'ERR_USAGE',
      `--values ${stranger} is a public address and not this host's: if it is yours, say --allow with its prefix`,
    );
}

/** Evenly spread, both ends among them. */
function sizesOf(size: SizeRange | undefined): (number | null)[] {
  if (size === undefined) return [null];
  const { low, high } = size;
  const steps = Math.min(MOST_SIZES - 1, high - low);
  return steps === 0 ? [low] : Array.from({ length: steps + 1 }, (_, step) => Math.round(low + ((high - low) * step) / steps));
}

/** One interface and one next hop for all. Throws ERR_MTU where the largest packet does not fit. */
async function firstLink({ engine }: Network, plan: SprayPlan): Promise<Route> {
  let first: Route | null = null;
  const sized = new Set<string>();
  for (const target of plan.targets) {
    const { out } = target.waypoints[0]!;
    const route = await engine.route(out);
    first ??= route;
    if (route.interface !== first.interface || route.nextHop !== first.nextHop)
      throw new BeaconError(
        'ERR_USAGE',
        `${out} is reached by ${route.nextHop} on ${route.interface}, others by ${first.nextHop} on ${first.interface}: a spray has one first link`,
      );
    const kind = `${target.waypoints.length} ${target.size} ${route.mtu}`;
    if (sized.has(kind)) continue; // the same number of headers; families may still differ
    if (plan.paths.length === 1) sized.clear();
    else sized.add(kind);
    questionBy(
      route,
      boomerang(plan.paths.at(target.path).path, target.waypoints, plan.landing, { ...plan.flow, size: target.size }, target.source),
      0,
    );
  }
  return first!;
}
