/** What makes silence no proof as long as such an engine runs. */
import type { Interface } from '../../host/interface.ts';
import { leadsTo } from '../../host/stack.ts';
import type { Disturbance } from '../engine.ts';
import type { PackageName } from './limits.ts';

/** Interfaces that answers may come home by without being heard; packets of a port or slave are heard on what it leads to. */
export function unheardInterfaces(all: readonly Interface[], heard: readonly string[]): string[] {
  return all
    .filter(({ name, up }) => up && name !== 'lo' && !heard.some((one) => leadsTo(name, one) || leadsTo(one, name)))
    .map(({ name }) => name);
}

/** From `fromNs` on, without end. */
export function standingDisturbances(name: PackageName, countDrops: boolean, unheard: readonly string[], fromNs: bigint): Disturbance[] {
  const uncounted: Disturbance = {
    code: 'DROPS_UNCOUNTED',
    fromNs,
    untilNs: null,
    message: `The engine ${name} does not count the packets that it loses: what is missing is unknown, not lost`,
  };
  const deaf: Disturbance = {
    code: 'INTERFACE_UNHEARD',
    fromNs,
    untilNs: null,
    message: `The engine ${name} does not hear ${unheard.join(', ')}, where answers may come home too: what is missing is unknown, not lost`,
  };
  return [...(countDrops ? [] : [uncounted]), ...(unheard.length === 0 ? [] : [deaf])];
}
