/** A simulated network that changes at set times. */
import { random } from '../../src/engine/simulated/random.ts';
import { type Simulated, type SimulatedOptions, simulated } from '../../src/engine/simulated/simulated.ts';
import type { Topology } from '../../src/topology/topology.ts';
import type { Watched } from './watched.ts';

/** Milliseconds since the engine opened, and what happens then; in the order of time. */
export type Change = readonly [atMs: number, happens: (engine: Simulated) => void];

export function changing(topology: Topology, changes: readonly Change[], options: SimulatedOptions = {}): Watched {
  const engine = simulated(topology, options);
  const beganNs = engine.nowNs();
  const chance = random(~(options.seed ?? 1));
  const left = changes.map(([atMs, happens]) => ({ atNs: beganNs + BigInt(Math.round(atMs * 1e6)), happens }));
  const sent: Watched['sent'][number][] = [];
  const changed: Simulated = {
    ...engine,
    send(route, packets) {
      for (const packet of packets) sent.push({ bytes: packet.slice(), before: [] });
      return engine.send(route, packets);
    },
    async receive(untilNs) {
      while (left[0] !== undefined && left[0].atNs <= engine.nowNs()) left.shift()!.happens(engine);
      const nextNs = left[0]?.atNs ?? untilNs;
      if (nextNs >= untilNs) return engine.receive(untilNs);
      const packets = await engine.receive(nextNs);
      return packets.length > 0 ? packets : changed.receive(untilNs);
    },
  };
  return { engine: changed, names: engine.names, random: (length) => Uint8Array.from({ length }, () => chance.word() & 0xff), sent };
}

/** The same network with other costs for the packets that leave a link's ends. */
export const withCosts = (topology: Topology, costs: Readonly<Record<string, number>>): Topology => ({
  ...topology,
  links: topology.links.map((link) => {
    const cost = costs[link.id];
    const [one, other] = link.ends;
    return cost === undefined
      ? link
      : {
          ...link,
          ends: [
            { ...one, cost },
            { ...other, cost },
          ],
        };
  }),
});
