/** Names of hosts and their addresses: the system's resolver for a real network, the topology's names for a simulated one. */
import type { Address, FamilyNumber } from '../wire/address.ts';

export interface Names {
  /** The addresses of a name, best first; none where the name is unknown. A family narrows the answer. */
  addresses(name: string, family: FamilyNumber | null): Promise<readonly Address[]>;
  /** The name of an address, or null. */
  name(address: Address): Promise<string | null>;
}
