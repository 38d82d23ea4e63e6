/** Silence behind silence: where nobody answers from a hop on, it is one node, however many ttls were asked. */
import type { PathEdge, PathGraph, PathNode, PathSplit } from './path-graph.ts';

type Graph = Pick<PathGraph, 'nodes' | 'edges' | 'splits'>;

/** Of silent nodes from which no way leads to anybody who answers, those behind a router that does; ids have no gaps. */
export function withoutTails({ nodes, edges, splits }: Graph): Graph {
  const dead = deadOf(nodes, edges);
  const isKept = ({ id }: PathNode): boolean => !dead.has(id) || edges.some(({ from, to }) => to === id && !dead.has(from));
  const kept = nodes.filter(isKept);
  if (kept.length === nodes.length) return { nodes, edges, splits };
  const first = kept[0]!.id;
  const ids = new Map(kept.map(({ id }, at) => [id, first + at]));
  return {
    nodes: kept.map((node) => ({ ...node, id: ids.get(node.id)! })),
    edges: edges.flatMap((edge) => joined(edge, ids)),
    splits: splits.map((split) => renumbered(split, ids)),
  };
}

/** Silent, and nobody behind is heard. */
export function deadOf(nodes: readonly Pick<PathNode, 'id' | 'is'>[], edges: readonly Pick<PathEdge, 'from' | 'to'>[]): Set<number> {
  const dead = new Set(nodes.filter(({ is }) => is === 'silent').map(({ id }) => id));
  for (let before = -1; before !== dead.size; ) {
    before = dead.size;
    for (const { from, to } of edges) if (!dead.has(to)) dead.delete(from);
  }
  return dead;
}

function joined(edge: PathEdge, ids: ReadonlyMap<number, number>): PathEdge[] {
  const [from, to] = [ids.get(edge.from), ids.get(edge.to)];
  return from === undefined || to === undefined ? [] : [{ ...edge, from, to }];
}

const renumbered = (split: PathSplit, ids: ReadonlyMap<number, number>): PathSplit => ({
  ...split,
  from: ids.get(split.from)!,
  next: split.next.map((choice) => ({ ...choice, to: ids.get(choice.to)! })),
});
