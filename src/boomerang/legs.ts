/** How far each leg of a boomerang may go, and what is known of what lies between two of its waypoints. */
import { FAR } from '../probe/itinerary.ts';
import type { Waypoint } from './itinerary.ts';
import type { ProbedPath } from './path.ts';

/**
 * What lies between a visited hop and the one visited before it. `link`: exact legs, there and back, have come home, so it is one hop
 * each way. `routers`: there may be others between them.
 */
export interface Leg {
  /** Position of the hop visited before; 0: us. */
  readonly from: number;
  /** `silent`: nothing has come home yet; what comes home later, by the same legs, makes a link of it. */
  readonly is: 'link' | 'routers' | 'silent';
}

const LARGEST_TTL = 255;

/**
 * The ttl of each layer that leads to a waypoint, out and then home: just enough to get there, so that a detour shows as a time
 * exceeded instead of passing for the leg. A router that unwraps a packet takes one off the inner header as it forwards it; we, who
 * send the first leg, do not. A router that copies the outer ttl inwards leaves the inner header no more than the outer one had:
 * a leg that leads to it needs what all that is inside still needs.
 */
export function legTtls(path: ProbedPath, waypoints: readonly Waypoint[]): number[] {
  const stops = [...waypoints, ...waypoints.slice(0, -1).reverse()];
  const ttls = stops.map(({ position }, index) => exactTtl(path, stops[index - 1]?.position ?? 0, position));
  return allowingCopies(
    ttls,
    stops.map(({ uniform }) => uniform ?? false),
    waypoints[0]?.homeTtl ?? FAR, // nothing steers the way home from the first hop
  );
}

/** The same ttls, but for those that lead to a stop which copies them inwards. `needed`: the ttl that the header behind the last stop needs. */
export function allowingCopies(exact: readonly number[], copies: readonly boolean[], needed: number): number[] {
  const ttls = [...exact];
  let inside = needed;
  for (let index = ttls.length - 1; index >= 0; index -= 1) {
    if (copies[index]) ttls[index] = Math.min(LARGEST_TTL, ttls[index]! - 1 + inside);
    inside = ttls[index]!;
  }
  return ttls;
}

function exactTtl(path: ProbedPath, from: number, to: number): number {
  if (path.loose) return FAR;
  if (from > 0) return Math.abs(to - from) + 1;
  return path.distance === null ? FAR : path.distance + to - 1;
}

/** The waypoint that unwraps the layer of this index, counted from the outside in; null where that is us. */
export const unwrapperOf = (waypoints: readonly Waypoint[], layer: number): Waypoint | null =>
  (layer < waypoints.length ? waypoints[layer] : waypoints[2 * (waypoints.length - 1) - layer]) ?? null;

/** What the survey knows of the leg to the last waypoint. `ttl`: with which the probe came home; null where none did. */
export function legTo(path: ProbedPath, waypoints: readonly Waypoint[], ttl: number | null): Leg {
  const hop = waypoints.at(-1)!;
  const before = waypoints.at(-2);
  const from = before?.position ?? 0;
  const known = from > 0 ? hop.position === from + 1 : hop.position === 1 && path.distance === 1;
  if (path.loose || !known || hop.uniform || before?.uniform) return { from, is: 'routers' };
  if (ttl === null) return { from, is: from > 0 ? 'silent' : 'routers' };
  return { from, is: from > 0 || ttl === FAR - 1 ? 'link' : 'routers' }; // nothing steers the way home from the first hop
}
