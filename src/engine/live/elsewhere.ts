/** Answers that come home by another interface than their probes leave by, as hosts with two uplinks see it. */
import { leadsTo } from '../../host/stack.ts';
import type { Notice, Packet, Route } from '../engine.ts';

export interface Elsewhere {
  heard(packet: Packet, route: Route): void;
  notices(): readonly Notice[];
}

interface Counted {
  readonly arrivedBy: string;
  readonly route: Route;
  count: number;
}

/** `arrives` is told once of each interface. */
export function createElsewhere(arrives: (name: string) => void): Elsewhere {
  const counted = new Map<string, Counted>();
  return {
    heard({ arrivedBy }, route) {
      if (arrivedBy === undefined) return;
      const key = `${arrivedBy} ${route.interface}`;
      const known = counted.get(key);
      if (known === undefined) arrives(arrivedBy);
      counted.set(key, { arrivedBy, route, count: (known?.count ?? 0) + 1 });
    },
    notices: () => [...counted.values()].filter(({ arrivedBy, route }) => !leadsTo(arrivedBy, route.interface)).map(notice),
  };
}

const notice = ({ arrivedBy, route, count }: Counted): Notice => ({
  code: 'OTHER_UPLINK',
  message: `${count === 1 ? '1 answer' : `${count} answers`} came home by ${arrivedBy}, while probes left by ${route.interface} (next hop ${route.nextHop}): the way home is another one`,
});
