/**
 * Boomerangs: out over the hops of a path up to one of them, home over the same hops backwards. Every layer's source is us, where
 * nothing else is asked for: stock routers drop what carries their own address as source, and all errors come home.
 */
import { FAR, type Flow, type Itinerary, type Layer } from '../probe/itinerary.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { type LayerSource, sourcesOf, US } from './layer-source.ts';
import { legTtls } from './legs.ts';
import { ownAddress, type ProbedPath } from './path.ts';

/** A hop that a boomerang visits. */
export interface Waypoint {
  readonly position: number;
  /** Its address for the way out: the side that faces us. */
  readonly out: Address;
  /** Its address for the way home: on the link to the next hop, so that the packet takes that link back. */
  readonly home: Address;
  /** It copies the outer ttl inwards, so the legs to it are longer than they need be. */
  readonly uniform?: boolean;
  /** Of the first: the ttl that a header needs from there to us, once one has come home. */
  readonly homeTtl?: number;
}

export type Landing = 'ipip' | 'udp';

/** The last layer of an `ipip` landing is at home already when it is uncovered. */
const AT_HOME = 1;

/** The itinerary over these waypoints, nearest first, and back; it turns at the last one. */
export function boomerang(
  path: ProbedPath,
  waypoints: readonly Waypoint[],
  landing: Landing,
  flow: Flow,
  source: LayerSource = US,
): Itinerary {
  const turn = waypoints.at(-1)!;
  if (turn.position < 1) throw new RangeError(`A boomerang turns at a hop, got position ${turn.position}`);
  const ttls = legTtls(path, waypoints);
  const there = waypoints.map(({ out }) => out);
  const back = waypoints.slice(0, -1).map(({ home }) => home);
  const stops = [...there, ...back.reverse()].map((destination, index) => ({ destination, ttl: ttls[index]! }));
  return circuit(path, stops, landing, flow, source);
}

/** Of `path` only our own addresses count. A closed walk over any stops, in the order in which they are visited; a stop may come again. */
export function circuit(
  path: ProbedPath,
  stops: readonly Pick<Layer, 'destination' | 'ttl'>[],
  landing: Landing,
  flow: Flow,
  source: LayerSource = US,
): Itinerary {
  const us = ownAddress(path, familyOf(stops.at(-1)!.destination))!; // in the family that the last router has shown to take
  const last = { destination: us, ttl: FAR }; // nothing steers the way from the last stop to us, so it may be any
  const landed = landing === 'ipip' ? [{ destination: us, ttl: AT_HOME }] : [];
  const legs = [...stops, last, ...landed];
  const sources = sourcesOf(
    path,
    legs.map(({ destination }) => destination),
    source,
  );
  const layers = legs.map((leg, index): Layer => ({ ...leg, source: sources[index]! }));
  return { layers, flow, landing: landing === 'ipip' ? 2 : 1 };
}
