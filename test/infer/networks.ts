/** Small networks as moves: every link both ways, and the device at the end of a leg. Node 0 is the vantage, which is no device. */
import type { Move } from '../../src/infer/circuits.ts';

export interface Network {
  readonly moves: readonly Move[];
  readonly components: number;
  /** Components of the link between two nodes, and of a node. */
  readonly link: (from: number, to: number) => number;
  readonly device: (node: number) => number;
}

export function network(edges: readonly (readonly [number, number])[], devices = true): Network {
  const nodes = 1 + Math.max(...edges.flat());
  const links = edges.flatMap(([a, b]) => [
    [a, b],
    [b, a],
  ]);
  const device = (node: number): number => links.length + node - 1;
  return {
    moves: links.map(([from, to], index) => ({
      from: from!,
      to: to!,
      crossings: devices && to !== 0 ? [index, device(to!)] : [index],
      opposite: index ^ 1,
    })),
    components: links.length + (devices ? nodes - 1 : 0),
    link: (from, to) => links.findIndex(([a, b]) => a === from && b === to),
    device,
  };
}

export const CHAIN: readonly (readonly [number, number])[] = [
  [0, 1],
  [1, 2],
  [2, 3],
];
/** The vantage is on the cycle. */
export const CYCLE: readonly (readonly [number, number])[] = [...CHAIN, [3, 0]];
/** A bridge to a cycle of four, and one beyond. */
export const AWAY: readonly (readonly [number, number])[] = [
  [0, 1],
  [1, 2],
  [2, 3],
  [3, 4],
  [4, 1],
  [3, 5],
];

/** A tree of so many nodes beside the vantage with a few links more; the first link is a bridge. */
export function randomEdges(chance: () => number, nodes: number): [number, number][] {
  const below = (limit: number): number => 1 + Math.floor(chance() * limit);
  const edges: [number, number][] = [[0, 1]];
  for (let node = 2; node <= nodes; node += 1) edges.push([below(node - 1), node]);
  for (let more = 0; more < nodes / 2; more += 1) {
    const [a, b] = [below(nodes), below(nodes)];
    if (a !== b && !edges.some((edge) => edge.includes(a) && edge.includes(b))) edges.push([a, b]);
  }
  return edges;
}
