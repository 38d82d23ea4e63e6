/** The network that is localized in, as a value: routers, and the legs by which a packet can be steered from one to the next. */
import type { LayerSource } from '../boomerang/layer-source.ts';
import type { PathFlow } from '../trace/mda-flow.ts';
import type { Address } from '../wire/address.ts';

/** Index of us among the nodes of every graph. */
export const VANTAGE = 0;

export interface GraphNode {
  /** The address that it is shown by. */
  readonly address: Address;
  readonly name: string | null;
  /** It copies the outer ttl inwards, so that legs to it are longer than they need be. */
  readonly uniform: boolean;
  /** Whose address the headers of probes that turn there carry as source. */
  readonly source: LayerSource;
}

/**
 * One direction between two nodes. `link`: one hop, pinned by the address that it is steered to. `routers`: others lie between, or may,
 * so that loss is blamed on no link.
 */
export interface GraphLeg {
  readonly from: number;
  readonly to: number;
  readonly is: 'link' | 'routers';
  /** Addresses of the two ends on the link; where they are not known, those that the routers are shown by. */
  readonly ends: readonly [from: Address, to: Address];
  /** Where the header goes that takes this leg; where it leads to us, our address there. */
  readonly destination: Address;
  /** null: not known, so the ttl is that of any way. */
  readonly hops: number | null;
  /** Index of the leg back over the same link; null where there is none. */
  readonly opposite: number | null;
  /** A flow of plain traffic that takes it, where other flows take other ways. */
  readonly flow?: PathFlow;
  /** Indices of the parts that it is made of, in the order of travel, where they are known. */
  readonly parts?: readonly number[];
}

/** One direction of a link that legs take on their way past a router where no probe turns: several share it. */
export interface GraphPart {
  readonly from: number;
  readonly to: number;
  readonly ends: readonly [from: Address, to: Address];
  /** Index of the part that is the other direction of the same link; null where no leg takes it. */
  readonly opposite: number | null;
}

/** A part of the network that no walk can be sent over, and why. */
export interface Unreachable {
  /** Each from a router to the next, as `r1–r2`, or a router alone. */
  readonly links: readonly (readonly [Address, Address | null])[];
  readonly why: string;
  readonly wouldSettle: string;
}

export interface Graph {
  /** The first is us. */
  readonly nodes: readonly GraphNode[];
  readonly legs: readonly GraphLeg[];
  readonly parts?: readonly GraphPart[];
  /** Of each node but us, the leg that leads there from nearer us on a way by which probes came home, where any did. */
  readonly tree: ReadonlyMap<number, number>;
  readonly unreachable: readonly Unreachable[];
}

export const labelOf = ({ name, address }: Pick<GraphNode, 'name' | 'address'>): string => name ?? address;

/** The legs from us to a node along the tree; null where it does not lead there. */
export function wayTo(graph: Pick<Graph, 'legs' | 'tree'>, node: number): number[] | null {
  if (node === VANTAGE) return [];
  const leg = graph.tree.get(node);
  const before = leg === undefined ? null : wayTo(graph, graph.legs[leg]!.from);
  return leg === undefined || before === null ? null : [...before, leg];
}
