/** Another address of our own, which a probe may carry as its source. */
import type { Simulated } from '../engine/simulated/simulated.ts';
import { addressesOf, vantageOf } from '../topology/lookup.ts';
import { type Address, familyOf } from '../wire/address.ts';
import type { Network } from './network.ts';

/** Of the same family, or null where there is none. */
export async function secondAddress({ engine }: Network, us: Address): Promise<Address | null> {
  if (engine.name === 'live') return (await import('../host/own-addresses.ts')).ownAddresses(us)[0] ?? null;
  const { topology } = engine as Simulated;
  return addressesOf(topology, vantageOf(topology).name, familyOf(us)).find((address) => address !== us) ?? null;
}
