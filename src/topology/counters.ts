/** What the routers of a network have counted themselves: the truth that measurements are held against. */
import type { Address } from '../wire/address.ts';

export interface Counters {
  /** In the order of the topology; a lab lists the directions that had a fault set or delay by themselves, a simulation all of them. */
  readonly links: readonly LinkCounters[];
  /** Every address that strips headers, also those that stripped none. */
  readonly decapsulated: readonly Decapsulated[];
}

/** IP packets of one direction since its fault was set; what the link says for itself (ARP, neighbour discovery) is not counted. */
export interface LinkCounters {
  readonly link: string;
  readonly from: string;
  readonly to: string;
  /** All that were about to leave, the lost ones too, copies made by the fault not. */
  readonly seen: number;
  readonly lost: number;
  readonly flowLost: number;
  readonly duplicated: number;
  readonly corrupted: number;
}

export interface Decapsulated {
  readonly node: string;
  readonly address: Address;
  /** Headers stripped, one for each layer. */
  readonly headers: number;
}
