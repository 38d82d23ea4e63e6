/** What is known of a graph's links, as events. */
import type { Rank } from '../infer/rank.ts';
import type { Graph } from '../locate/graph.ts';
import type { LinkLoss } from '../locate/links.ts';
import { linkLosses } from '../locate/links.ts';
import type { Plan } from '../locate/locate.ts';
import type { Said } from './session.ts';

export function planEvent({ graph, walks, model }: Plan, { rank, coverage, identifiability }: Rank): Said {
  const links = linkLosses(graph, model, null);
  const directed = links.filter(({ how }) => how === 'circuits').length;
  return { type: 'plan', walks: walks.length, links: links.length, directed, rank, coverage, identifiability };
}

export const linkEvents = (graph: Graph, links: readonly LinkLoss[]): Said[] =>
  links.map(({ nodes, ...link }) => ({
    type: 'link',
    ...link,
    fromName: graph.nodes[nodes[0]]!.name,
    toName: graph.nodes[nodes[1]]!.name,
  }));
