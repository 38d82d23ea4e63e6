/** A network in memory as a command uses one: the same file and seed give the same run, to the last byte. */
import { random } from '../engine/simulated/random.ts';
import { type Simulated, simulated } from '../engine/simulated/simulated.ts';
import { addressesOf, vantageOf } from '../topology/lookup.ts';
import type { Topology } from '../topology/topology.ts';
import { familyOf } from '../wire/address.ts';
import type { Network } from './network.ts';

const SEED = 1;

export function simulatedNetwork(topology: Topology): Network & { readonly engine: Simulated } {
  const engine = simulated(topology, { seed: SEED });
  const chance = random(~SEED); // a stream of its own, so that a run's keys do not change what becomes of packets
  return {
    engine,
    names: engine.names,
    random: (length) => Uint8Array.from({ length }, () => chance.word() & 0xff),
    ownAddresses: (beside) => addressesOf(topology, vantageOf(topology).name, familyOf(beside)).filter((address) => address !== beside),
  };
}
