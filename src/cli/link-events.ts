/** What is known of a graph's links, as events. */
import type { Rank } from '../infer/rank.ts';
import type { Graph } from '../locate/graph.ts';
import type { LinkLoss } from '../locate/links.ts';
import { linkLosses } from '../locate/links.ts';
import type { Plan } from '../locate/locate.ts';
import type { Said } from './session.ts';

export function planEvent(plan: Plan, { rank, coverage, identifiability }: Rank, confidence: number): Said {
  const { graph, walks, model } = plan;
  const links = linkLosses(graph, model, null);
  const directed = links.filter(({ how }) => how === 'circuits').length;
  const counted = { walks: walks.length, links: links.length, directed, rank, coverage, identifiability };
  return { type: 'plan', ...counted, alike: alikeIn(plan), confidence };
}

const alikeIn = ({ graph: { legs }, model }: Plan): Extract<Said, { type: 'plan' }>['alike'] =>
  model.suspects
    .map((members) => members.flatMap((one) => (one.kind === 'leg' ? [{ from: legs[one.leg]!.ends[0], to: legs[one.leg]!.ends[1] }] : [])))
    .filter(({ length }) => length > 1);

export const linkEvents = (graph: Graph, links: readonly LinkLoss[]): Said[] =>
  links.map(({ nodes, ...link }) => ({
    type: 'link',
    ...link,
    fromName: graph.nodes[nodes[0]]!.name,
    toName: graph.nodes[nodes[1]]!.name,
  }));
