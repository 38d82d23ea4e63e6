/** How many ways lead through a graph. */
import type { PathGraph } from './path-graph.ts';

/** From the first node to the end; null where a loop, or an edge that is not sure, leaves it without a number. */
export function pathCount({ nodes, edges }: Pick<PathGraph, 'nodes' | 'edges'>): number | null {
  if (edges.some(({ sure }) => !sure)) return null;
  const ends = new Set(nodes.filter(({ is }) => is === 'end').map(({ id }) => id));
  const counts = new Map<number, number | 'open'>();
  const from = (id: number): number | null => {
    const known = counts.get(id);
    if (known === 'open') return null;
    if (known !== undefined) return known;
    if (ends.has(id)) return 1;
    counts.set(id, 'open');
    const ways = edges.filter((edge) => edge.from === id).map(({ to }) => from(to));
    if (ways.includes(null)) return null;
    const sum = (ways as number[]).reduce((total, count) => total + count, 0);
    counts.set(id, sum);
    return sum;
  };
  return nodes.length === 0 ? 0 : from(nodes[0]!.id);
}
