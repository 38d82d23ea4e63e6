/** A simulated network that notes what it is asked to send, and what its routers had counted before each packet. */

import type { Network } from '../../src/cli/network.ts';
import { random } from '../../src/engine/simulated/random.ts';
import { type Simulated, simulated } from '../../src/engine/simulated/simulated.ts';
import type { Counters } from '../../src/topology/counters.ts';
import type { RandomNetwork } from './random-topology.ts';

/** A packet that was sent, and the counters of all directions just before. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly before: Counters['links'];
}

export interface Watched extends Network {
  readonly engine: Simulated;
  readonly sent: readonly Sent[];
}

/** The same network and seed give the same run. */
export function watched({ topology, seed }: RandomNetwork): Watched {
  const engine = simulated(topology, { seed });
  const chance = random(~seed);
  const sent: Sent[] = [];
  const noting: Simulated = {
    ...engine,
    send(route, packets) {
      for (const packet of packets) sent.push({ bytes: packet.slice(), before: engine.counters().links });
      return engine.send(route, packets);
    },
  };
  return { engine: noting, names: engine.names, random: (length) => Uint8Array.from({ length }, () => chance.word() & 0xff), sent };
}

/** What one direction of a link did to one packet. */
export interface Crossing {
  readonly link: string;
  readonly from: string;
  readonly to: string;
  readonly times: number;
  readonly lost: number;
}

/**
 * What became of each packet, by the routers' counters alone. Right where each is home, or lost, before the next is sent: what the
 * counters gain meanwhile is its doing, and that of errors about it.
 */
export function fates({ engine, sent }: Watched): Crossing[][] {
  const end = engine.counters().links;
  return sent.map(({ before }, index) => {
    const after = sent[index + 1]?.before ?? end;
    return before.flatMap(({ link, from, to, seen, lost }, i) => {
      const times = after[i]!.seen - seen;
      return times === 0 ? [] : [{ link, from, to, times, lost: after[i]!.lost - lost }];
    });
  });
}

/** From the end of the smallest probe, which its identity fills: wire/identity.ts has the table. */
export const positionOf = (probe: Uint8Array): number => new DataView(probe.buffer).getUint32(probe.byteOffset + probe.length - 36 + 12);
