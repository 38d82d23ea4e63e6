/** One direction of a link, as the eBPF programs and the relay know it. */
import type { Link, LinkEnd, Topology } from '../topology/topology.ts';
import { directionNumber } from './maps.ts';
import { relayDevice } from './relay.ts';

export interface Direction {
  /** Its key in the maps. */
  readonly number: number;
  /** Index of the device that leads to the link's relay, where it has one. */
  readonly device: number;
  /** Where its packets leave. */
  readonly end: LinkEnd;
}

export function directionsOf({ links }: Topology, link: Link): Direction[] {
  const index = links.indexOf(link);
  return link.ends.map((end, side) => ({ number: directionNumber(index, side), device: relayDevice(index, side), end }));
}
