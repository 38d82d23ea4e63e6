/** What a search for all paths has to say beside its graph: ways that end, that loop, and what takes long. */
import { optionsOf } from '../trace/mda-flow.ts';
import type { PathEdge, PathGraph, PathNode } from '../trace/path-graph.ts';
import { deadOf } from '../trace/path-tails.ts';
import { errorKind } from '../wire/icmp.ts';
import type { Said } from './session.ts';

type Graph = Pick<PathGraph, 'nodes' | 'edges'>;

/** Routers that answer some flows with an error: those go no further. */
export const refused = ({ nodes, edges }: Graph): Said[] =>
  nodes.flatMap((node): Said[] => {
    const onto = edges.find(({ to }) => to === node.id);
    if (node.error === null || onto === undefined) return [];
    const { family, type, code } = node.error;
    const kind = errorKind(family, type, code).replace(/^icmp/, 'ICMP');
    const message = `${whoIs(node)} sends flows no further: it answers ${kind} to ${taken(edges, onto)}`;
    return [{ type: 'problem', code: 'FLOWS_REFUSED', message }];
  });

/** Behind a router nobody answers some flows any more, though the end answers others. */
export function deadWays({ nodes, edges }: Graph, host: string): Said[] {
  const dead = deadOf(nodes, edges);
  const ways = edges.filter(({ from, to, sure }) => sure && dead.has(to) && !dead.has(from));
  return ways.map((edge): Said => {
    const before = whoIs(nodes.find(({ id }) => id === edge.from)!);
    const message = `A way is dead, there or on its way back: nobody behind ${before} answers ${taken(edges, edge)}, nor does ${host}, which answers others`;
    return { type: 'problem', code: 'FLOWS_DIE', message };
  });
}

const whoIs = ({ id, addresses }: PathNode): string => addresses[0] ?? `the silent router #${id}`;

/** `19 of 73 flows, such as --source-port 11539`, or `all 14 flows` */
function taken(edges: readonly PathEdge[], { from, flows, flow }: PathEdge): string {
  const options = `${optionsOf(flow)}${flow.inner === null ? '' : ` with ${flow.inner} inside`}`;
  const all = edges.filter((edge) => edge.from === from).reduce((sum, edge) => sum + edge.flows, 0);
  const share = flows === all ? `all ${all}` : `${flows} of ${all}`;
  return all === 1 ? `the flow ${options}` : `${share} flows, such as ${options}`;
}

export function loop(nodes: readonly PathNode[]): Said {
  const where = nodes.filter(({ loops }) => loops).map(({ addresses }) => addresses[0]);
  const message = `Flows come by ${where.join(' and ')} twice: the routes loop, and what lies behind is not searched`;
  return { type: 'problem', code: 'LOOP', message };
}

export const limit = (ttl: number): Said => ({
  type: 'problem',
  code: 'ANSWERS_LIMITED',
  message: `A router at hop ${ttl} answers about once a second: such are asked no faster, with 192 flows at most, and this may take minutes`,
});

/** The last that answered may have refused. What the end says to plain flows may all go home one dead way; what it sends on for steered ones does not. */
export function unreached({ nodes }: Pick<PathGraph, 'nodes'>, host: string, as: 'plain' | 'steered'): Said {
  const last = Math.max(...nodes.filter(({ is }) => is !== 'silent').flatMap(({ ttls }) => ttls));
  const isRefused = nodes.some(({ error, ttls }) => error !== null && ttls.includes(last));
  const why = isRefused
    ? 'what refuses them there is told above'
    : `a dead link, there or on the way home, a filter, or a silent end may be why${as === 'plain' ? ' (--as steered asks it otherwise)' : ''}`;
  return { type: 'problem', code: 'PATH_NOT_FOUND', message: `${host} was not reached: no flow was answered behind hop ${last}; ${why}` };
}
