/**
 * The link that flows die on behind a known router, where its far end is known by other ways: a probe that comes back from there over it,
 * in one hop, proves that the link is there, and its other direction can be measured.
 */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import type { Question } from '../probe/question.ts';
import type { PathEdge, PathGraph } from '../trace/path-graph.ts';
import { landed } from './answered-legs.ts';
import { groundOf, questionOver } from './asked-walks.ts';
import { deadEdges } from './dead-ends.ts';
import { type Graph, type GraphLeg, VANTAGE, wayTo } from './graph.ts';
import { type Dress, itineraryOf } from './itinerary.ts';
import { backOver } from './walks.ts';

/** A link that may be the dead one, by the nodes of the graph at its ends. */
interface Candidate {
  readonly from: number;
  readonly to: number;
  readonly edge: PathEdge;
}

const MOST = 16;

/**
 * Adds those that are there and let nothing through, each with the flow that dies on it. Of several for one flow it is the first: an
 * address more of the same router looks the same.
 */
export async function withDeadLinks(
  engine: Engine,
  asking: Asking,
  graph: Graph,
  found: Pick<PathGraph, 'nodes' | 'edges'>,
  dress: Dress,
  patienceNs: number,
): Promise<Graph> {
  const candidates = candidatesIn(graph, found).slice(0, MOST);
  if (candidates.length === 0) return graph;
  const tried = withLinks(graph, candidates);
  const ground = await groundOf(engine, tried, dress);
  const passed = async (direction: 'there' | 'back', among: readonly number[]): Promise<Set<number>> => {
    const asked = new Map<number, Question>();
    for (const at of among) {
      const { from, to } = candidates[at]!;
      const [first, last, leg] = direction === 'back' ? [to, from, backLeg(graph, at)] : [from, to, backLeg(graph, at) - 1];
      const home = backOver(graph, wayTo(graph, last));
      if (home === null) continue;
      const walk = { legs: [...wayTo(graph, first)!, leg, ...home] };
      const question = questionOver(ground, walk, itineraryOf(tried, walk, dress), at);
      if (question !== null) asked.set(at, question);
    }
    return landed(asking, asked, patienceNs);
  };
  const proved = await passed('back', [...candidates.keys()]);
  const alive = await passed('there', [...proved]);
  const dead = candidates.filter((_, at) => proved.has(at) && !alive.has(at));
  return withLinks(graph, [...new Map(dead.toReversed().map((one) => [one.edge, one])).values()]);
}

/** To where the routers beside the known one lead on: what a flow takes is a way of equal cost. */
function candidatesIn(graph: Graph, found: Pick<PathGraph, 'nodes' | 'edges'>): Candidate[] {
  const sure = found.edges.filter((edge) => edge.sure);
  const nodeOf = (id: number): number => {
    const { addresses } = found.nodes.find((node) => node.id === id)!;
    return graph.nodes.findIndex(({ address }) => addresses.includes(address));
  };
  return deadEdges(found).flatMap((edge) => {
    const before = new Set(sure.filter(({ to }) => to === edge.from).map(({ from }) => from));
    const beside = new Set(sure.filter(({ from, to }) => before.has(from) && to !== edge.from).map(({ to }) => to));
    const known = new Set(sure.filter(({ from }) => from === edge.from).map(({ to }) => to));
    const next = new Set(sure.filter(({ from, to }) => beside.has(from) && !known.has(to)).map(({ to }) => to));
    return [...next]
      .map((id): Candidate => ({ from: nodeOf(edge.from), to: nodeOf(id), edge }))
      .filter(({ from, to }) => from > VANTAGE && to > VANTAGE && graph.tree.has(from) && graph.tree.has(to));
  });
}

/** By addresses at which the two were visited: those that they have on this link are not known. */
function withLinks(graph: Graph, candidates: readonly Candidate[]): Graph {
  const visitedAt = (node: number): string => graph.legs[graph.tree.get(node)!]!.destination;
  const more = candidates.flatMap(({ from, to, edge: { flow } }, at): GraphLeg[] => {
    const [near, far] = [visitedAt(from), visitedAt(to)];
    const there = { from, to, is: 'link', ends: [near, far], destination: far, hops: 1, opposite: backLeg(graph, at), flow } as const;
    return [there, { from: to, to: from, is: 'link', ends: [far, near], destination: near, hops: 1, opposite: backLeg(graph, at) - 1 }];
  });
  return { ...graph, legs: [...graph.legs, ...more] };
}

/** Index of the leg back over the n-th link that is added. */
const backLeg = ({ legs }: Graph, at: number): number => legs.length + 2 * at + 1;
