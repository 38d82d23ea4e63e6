/** What a spray sends: a template for each hop of each path that is measured (and each size), made when it is asked for, since there may be 80,000. */
import type { SprayRun, SprayTemplate } from '../engine/spray.ts';
import type { Flow, Itinerary } from '../probe/itinerary.ts';
import { sprayTemplate } from '../probe/spray-template.ts';
import type { Address } from '../wire/address.ts';
import { boomerang, type Landing, type Waypoint } from './itinerary.ts';
import { type LayerSource, US } from './layer-source.ts';
import { createNumberRow } from './number-row.ts';
import { addressAt, type ProbedPath, positionsOf, visitsAt } from './path.ts';
import type { PreparedPath, PreparedPaths } from './spray-paths.ts';
import { firstFlow, type Leg, placesOf, type Swept } from './swept.ts';
import { waysTo } from './ways.ts';

/** One template. */
export interface SprayTarget {
  /** Index of its path. */
  readonly path: number;
  readonly position: number;
  readonly address: Address | null;
  readonly waypoints: readonly Waypoint[];
  readonly source: LayerSource;
  /** Bytes on the first link; null: as small as it gets. */
  readonly size: number | null;
}

/** In the order of their templates' numbers; each is made when it is asked for. */
export interface SprayTargets extends Iterable<SprayTarget> {
  readonly length: number;
  at(index: number): SprayTarget;
}

export interface SprayPlan {
  readonly paths: PreparedPaths;
  readonly targets: SprayTargets;
  readonly landing: Landing;
  readonly flow: Flow;
  readonly swept: Swept;
}

export interface SprayedHops {
  /** Every hop, not the last alone. */
  readonly everyHop: boolean;
  /** The two hops at the ends of a segment instead. */
  readonly segment: number | null;
  readonly sizes: readonly (number | null)[];
}

/** Hops that nothing can turn at have no target. */
export function targetsOf(paths: PreparedPaths, { everyHop, segment, sizes }: SprayedHops): SprayTargets {
  const [pathOf, hopOf] = [createNumberRow(), createNumberRow()];
  for (let path = 0; path < paths.length; path += 1) {
    const { hops } = paths.at(path);
    const visited = [...hops.keys()].filter((hop) => hops[hop]!.waypoints.length > 0);
    const isEnd = (hop: number): boolean => hops[hop]!.position === segment || hops[hop]!.position === segment! + 1;
    const wanted = segment !== null ? visited.filter(isEnd) : everyHop ? visited : visited.slice(-1);
    for (const hop of wanted) {
      pathOf.push(path);
      hopOf.push(hop);
    }
  }
  const length = pathOf.length * sizes.length;
  const at = (index: number): SprayTarget => {
    const place = Math.floor(index / sizes.length);
    const path = pathOf.at(place);
    return { path, ...paths.at(path).hops[hopOf.at(place)]!, size: sizes[index % sizes.length]! };
  };
  return {
    length,
    at,
    *[Symbol.iterator]() {
      for (let index = 0; index < length; index += 1) yield at(index);
    },
  };
}

/** The last two waypoints of a way, by the hops that they are. Paths share their routers, and a way takes 0.1 ms to find. */
export type KnownWays = Map<string, readonly Waypoint[]>;

/** A path whose map or user is believed: nobody is asked whether its hops can be visited. `known` serves paths of one map. */
export function unsurveyed(path: ProbedPath, known: KnownWays = new Map()): PreparedPath {
  const hops: PreparedPath['hops'][number][] = [];
  let before: readonly Waypoint[] = [];
  for (const position of positionsOf(path)) {
    const waypoints = waypointsTo(path, before, position, known);
    if (waypoints.length > 0) before = waypoints;
    hops.push({ position, address: addressAt(path, position), waypoints, source: US });
  }
  return { path, hops };
}

function waypointsTo(path: ProbedPath, before: readonly Waypoint[], position: number, known: KnownWays): readonly Waypoint[] {
  const last = before.at(-1);
  const key = `${last === undefined ? '' : `${addressAt(path, last.position)} ${last.out} ${position - last.position}`} ${addressAt(path, position)} ${path.us}`;
  const found = known.get(key);
  if (found !== undefined) return [...before.slice(0, -1), ...moved(found, position)];
  if (visitsAt(path, position).length === 0) return [];
  const way = waysTo(path, before, position).find(({ guessed }) => !guessed);
  if (way === undefined) return [];
  known.set(key, way.waypoints.slice(-2));
  return way.waypoints;
}

/** The same waypoints where they stand elsewhere on a path. */
function moved(waypoints: readonly Waypoint[], to: number): readonly Waypoint[] {
  const by = to - waypoints.at(-1)!.position;
  return by === 0 ? waypoints : waypoints.map((waypoint) => ({ ...waypoint, position: waypoint.position + by }));
}

/** The two positions that each layer of a boomerang leads between. */
export function legsOf(waypoints: readonly Waypoint[], landing: Landing): Leg[] {
  const there = waypoints.map(({ position }) => position);
  const stops = [0, ...there, ...there.slice(0, -1).reverse(), 0, ...(landing === 'ipip' ? [0] : [])];
  return stops.slice(1).map((to, index): Leg => [stops[index]!, to]);
}

/** Of the first flow. */
export function itineraryOf(plan: SprayPlan, { path, waypoints, source, size }: SprayTarget): Itinerary {
  const plain = boomerang(plan.paths.at(path).path, waypoints, plan.landing, { ...plan.flow, size }, source);
  return firstFlow(plain, legsOf(waypoints, plan.landing), plan.swept);
}

export function templateOf(plan: SprayPlan, target: SprayTarget, run: SprayRun): SprayTemplate {
  const itinerary = itineraryOf(plan, target);
  return sprayTemplate(itinerary, run, placesOf(itinerary, legsOf(target.waypoints, plan.landing), plan.swept));
}
