/** A network as a value: who is in it, which links join them, and who is called what. */
import type { Address } from '../wire/address.ts';
import type { Behaviour } from './behaviour.ts';

/** `lab` lifts the kernel's ICMP limits and redirects; `stock` is what a user's routers do out of the box. */
export type Profile = 'lab' | 'stock';

/** One address per family. */
export interface Addresses {
  readonly 4: Address;
  readonly 6: Address;
}

export interface Topology {
  readonly name: string;
  readonly profile: Profile;
  /** In the order of the file, the vantage among them. */
  readonly nodes: readonly TopologyNode[];
  readonly links: readonly Link[];
}

export interface TopologyNode {
  readonly name: string;
  /** The host that probes. Exactly one node is it, and it forwards nothing. */
  readonly vantage: boolean;
  /** Strips outer headers addressed to any of its addresses (RFC 2003, RFC 2473). Never true for the vantage. */
  readonly decapsulates: boolean;
  /** Other routers: headers addressed to any of theirs it strips as its own, where they come by it. */
  readonly decapsulatesFor: readonly string[];
  /** Sends no ICMP time exceeded; forwards and decapsulates as ever. */
  readonly silent: boolean;
  /** What the node's own packets carry as source: its loopback address, or that of the link they leave by. */
  readonly source: 'loopback' | 'link';
  readonly behaviour: Behaviour;
  /** On its loopback interface, the address its name stands for (the vantage's name: its source address). */
  readonly loopback: Addresses;
}

export interface Link {
  /** The file's id, else `r1-r2`, else (parallel links) `r1-r2-2`. */
  readonly id: string;
  readonly ends: readonly [LinkEnd, LinkEnd];
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly mtu: number;
}

export interface LinkEnd {
  readonly node: string;
  /** The interface of this node that leads to the other: `to_r2`; for a second parallel link `t2_r2`. */
  readonly interface: string;
  /** Addresses of this end; both ends share a /30 and a /126. */
  readonly addresses: Addresses;
  /** What a packet pays that leaves the node by this end. */
  readonly cost: number;
}
