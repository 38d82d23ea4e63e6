/** What faults ask of the lab itself, as the maps have it. */
import type { Link, Topology } from '../topology/topology.ts';
import { dump } from './counters.ts';
import { type Applied, directionNumber, readApplied, readWord } from './maps.ts';
import type { Mtus } from './mtu.ts';

/** By direction number; those without a fault are not there. */
export const appliedOn = async (lab: string): Promise<Map<number, Applied>> =>
  new Map((await dump(lab, 'faults')).map(({ key, value }) => [readWord(key, 0), readApplied(value)]));

export function mtusOf(topology: Topology, link: Link, applied: ReadonlyMap<number, Applied>): Mtus {
  const index = topology.links.indexOf(link);
  const mtuOf = (side: number): number => applied.get(directionNumber(index, side))?.mtu ?? link.mtu;
  return [mtuOf(0), mtuOf(1)];
}
