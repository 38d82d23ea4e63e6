/**
 * Boomerangs: out over the hops of a path up to one of them, home over the same hops backwards. Every layer's source is us: stock
 * routers drop what carries their own address as source, and all errors come home (ARCHITECTURE.md, "Layer sources").
 */
import { FAR, type Flow, type Itinerary, type Layer } from '../probe/itinerary.ts';
import type { Address } from '../wire/address.ts';
import type { ProbedPath } from './path.ts';

/** A hop that a boomerang visits. */
export interface Waypoint {
  readonly position: number;
  /** Its address for the way out: the side that faces us. */
  readonly out: Address;
  /** Its address for the way home: on the link to the next hop, so that the packet takes that link back. */
  readonly home: Address;
}

export type Landing = 'ipip' | 'udp';

/** The last layer of an `ipip` landing is at home already when it is uncovered. */
const AT_HOME = 1;

/** The itinerary over these waypoints, nearest first, and back; it turns at the last one. */
export function boomerang(path: ProbedPath, waypoints: readonly Waypoint[], landing: Landing, flow: Flow): Itinerary {
  const { us } = path;
  const turn = waypoints.at(-1)!;
  const out = waypoints.map(({ position, out: destination }, i) => ({
    destination,
    ttl: legTtl(path, waypoints[i - 1]?.position ?? 0, position),
  }));
  const home = waypoints
    .slice(0, -1)
    .map(({ position, home: destination }, i) => ({ destination, ttl: legTtl(path, waypoints[i + 1]!.position, position) }))
    .reverse();
  const last = { destination: us, ttl: FAR }; // nothing steers the way from the first hop to us, so it may be any
  const landed = landing === 'ipip' ? [{ destination: us, ttl: AT_HOME }] : [];
  const layers: Layer[] = [...out, ...home, last, ...landed].map((layer) => ({ source: us, ...layer }));
  if (turn.position < 1) throw new RangeError(`A boomerang turns at a hop, got position ${turn.position}`);
  return { layers, flow, landing: landing === 'ipip' ? 2 : 1 };
}

/**
 * Just enough to get there, so that a detour shows as a time exceeded instead of passing for the leg. A router that unwraps a
 * packet takes one off the inner header as it forwards it; we, who send the first leg, do not.
 */
function legTtl(path: ProbedPath, from: number, to: number): number {
  if (path.loose) return FAR;
  if (from > 0) return Math.abs(to - from) + 1;
  return path.distance === null ? FAR : path.distance + to - 1;
}
