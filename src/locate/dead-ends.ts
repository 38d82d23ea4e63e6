/**
 * Ways of equal cost that no probe can be steered over, told by flows that take them: behind a router that others pass nobody answers
 * them, not even the end, or the next hop alone stays silent.
 */
import { optionsOf } from '../trace/mda-flow.ts';
import type { PathEdge, PathGraph } from '../trace/path-graph.ts';
import type { UnknownPart } from './verdict.ts';

/** `host`: the end's name. */
export function deadEnds({ nodes, edges }: Pick<PathGraph, 'nodes' | 'edges'>, host: string): UnknownPart[] {
  const sure = edges.filter((edge) => edge.sure);
  if (!nodes.some(({ is }) => is === 'end'))
    return unsearched({ nodes, edges: sure }, `no plain flow of those tried is answered by ${host}`);
  const dead = new Set(deadEdges({ nodes, edges }));
  const silent = sure.filter(({ to }) => nodes.find(({ id }) => id === to)!.is === 'silent');
  return silent.flatMap((edge) => {
    const { from, flow, flows } = edge;
    const [address] = nodes.find(({ id }) => id === from)!.addresses;
    const beside = sure.filter((other) => other.from === from);
    if (address === undefined || (!dead.has(edge) && beside.length === 1)) return []; // told of the router before; or all goes that way
    const all = beside.reduce((sum, other) => sum + other.flows, 0);
    const taken = `${flows} of ${all} flows, such as ${optionsOf(flow)},`;
    const why = dead.has(edge)
      ? `a way of equal cost is dead behind ${address}: ${taken} are answered by nobody behind it, nor by ${host}, which answers the others. To which router they go is not known from here, so that no link is blamed`
      : `a next hop of ${address} tells no address, so that no probe is steered over it: ${taken} take it`;
    const wouldSettle = `the next hops that ${address} has for ${host}, given with --topology: braceroute trace ${host} ${optionsOf(flow)} takes this way`;
    return [{ links: [{ from: address, to: null }], why, wouldSettle, flow }];
  });
}

/** From a router to silence that no way leads on from to the end. */
export function deadEdges({ nodes, edges }: Pick<PathGraph, 'nodes' | 'edges'>): PathEdge[] {
  const end = nodes.find(({ is }) => is === 'end');
  const sure = edges.filter((edge) => edge.sure);
  return sure.filter(({ to }) => end !== undefined && nodes.find(({ id }) => id === to)!.is === 'silent' && !leadsTo(sure, to, end.id));
}

/** Several next hops of one router, and the search went no further, for that reason. */
export function unsearched({ nodes, edges }: Pick<PathGraph, 'nodes' | 'edges'>, reason: string): UnknownPart[] {
  const split = nodes.filter(({ id, addresses }) => addresses.length > 0 && edges.filter(({ from }) => from === id).length > 1);
  if (split.length === 0) return [];
  return [
    {
      links: split.map(({ addresses }) => ({ from: addresses[0]!, to: null })),
      why: `ways of equal cost begin here and were not searched to their end: ${reason}`,
      wouldSettle: 'each of them given with -p, or --topology',
    },
  ];
}

function leadsTo(edges: readonly PathEdge[], from: number, to: number): boolean {
  const seen = new Set([from]);
  for (const node of seen) for (const edge of edges) if (edge.from === node) seen.add(edge.to);
  return seen.has(to);
}
