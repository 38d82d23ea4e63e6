/** Legs beside the tree of ways that work, which the survey did not go by: those whose end the router before it answers for are taken out. */
import type { Engine } from '../engine/engine.ts';
import { BeaconError } from '../error.ts';
import type { Asking } from '../probe/ask.ts';
import { isOutcome } from '../probe/observation.ts';
import { type Question, question } from '../probe/question.ts';
import { type Graph, labelOf, VANTAGE, wayTo } from './graph.ts';
import { type Dress, itineraryOf } from './itinerary.ts';
import { answering } from './path-graph.ts';
import { backOver } from './walks.ts';

const TRIES = 3;
const GAP_NS = 5_000_000;
/** What comes home later is not noticed. */
const MOST_PATIENCE_NS = 1_000_000_000;

/** As boomerang/answered-for asks it of a path: by a header of one ttl less than the leg needs. */
export async function withoutAnswered(engine: Engine, asking: Asking, graph: Graph, dress: Dress, timeoutNs: number): Promise<Graph> {
  const { nodes, legs } = graph;
  const patienceNs = Math.min(timeoutNs, MOST_PATIENCE_NS);
  const inTree = new Set([...graph.tree.values()].flatMap((leg) => [leg, legs[leg]!.opposite ?? -1]));
  const isExact = (node: number): boolean => node !== VANTAGE && !nodes[node]!.uniform;
  const asked = new Map<number, Question>();
  for (const [leg, { from, to, hops }] of legs.entries()) {
    const way = wayTo(graph, from);
    if (way === null || inTree.has(leg) || hops === null || !isExact(from) || !isExact(to)) continue;
    const short = await shortOver(engine, graph, dress, [...way, leg]);
    if (short !== null) asked.set(leg, short);
  }
  const early = await landed(asking, asked, patienceNs);
  const home = new Map<number, Question>();
  for (const leg of early) {
    const short = await shortOver(engine, graph, dress, wayTo(graph, legs[leg]!.from)!, true);
    if (short !== null) home.set(leg, short);
  }
  const keeping = await landed(asking, home, patienceNs); // they take nothing off what they uncover
  const answered = new Set([...early].filter((leg) => !keeping.has(leg)));
  const legsOf = [...answered].flatMap((leg) => [leg, legs[leg]!.opposite ?? leg]);
  return answered.size === 0 ? graph : without(graph, new Set(legsOf), answered);
}

/**
 * There and back, home by whoever answers for the end of the last leg; that leg, or the one home from it (`isHome`), has a ttl of one less
 * than it needs. Null where it does not fit.
 */
async function shortOver(engine: Engine, graph: Graph, dress: Dress, way: readonly number[], isHome = false): Promise<Question | null> {
  const back = backOver(graph, way);
  if (back === null) return null;
  const itinerary = itineraryOf(graph, { legs: [...way, ...back] }, dress);
  const at = isHome ? way.length : way.length - 1;
  const needed = (graph.legs[[...way, ...back][at]!]!.hops ?? 1) + 1;
  const layers = itinerary.layers.map((layer, index) => (index === at ? { ...layer, ttl: needed - 1 } : layer));
  try {
    return await question(engine, { ...itinerary, layers }, way.at(-1)!);
  } catch (error) {
    if (error instanceof BeaconError && error.code === 'ERR_MTU') return null;
    throw error;
  }
}

/** Those of which a probe comes home. */
export async function landed(asking: Asking, asked: ReadonlyMap<number, Question>, patienceNs: number): Promise<Set<number>> {
  const found = new Set<number>();
  let open = [...asked];
  for (let round = 0; round < TRIES && open.length > 0; round += 1) {
    const heard = new Set<Question>();
    const questions = open.map(([, one]) => one);
    for await (const seen of asking.ask(questions, { everyNs: () => GAP_NS, timeoutNs: () => patienceNs, settle: 'first' })) {
      if (!isOutcome(seen) || (seen.kind !== 'landed' && seen.kind !== 'answered')) continue;
      heard.add(seen.probe.question);
      if (seen.kind === 'landed') found.add(open.find(([, one]) => one === seen.probe.question)![0]);
    }
    open = open.filter(([, one]) => !heard.has(one));
  }
  return found;
}

/** None of them is of the tree. */
function without(graph: Graph, gone: ReadonlySet<number>, answered: ReadonlySet<number>): Graph {
  const kept = graph.legs.flatMap((_, leg) => (gone.has(leg) ? [] : [leg]));
  const index = new Map(kept.map((leg, at) => [leg, at]));
  const legs = kept.map((leg) => {
    const { opposite, ...rest } = graph.legs[leg]!;
    return { ...rest, opposite: opposite === null ? null : index.get(opposite)! };
  });
  const said = [...answered].map((leg) => {
    const { from, to, ends } = graph.legs[leg]!;
    return { links: [ends], ...answering(labelOf(graph.nodes[from]!), labelOf(graph.nodes[to]!)) };
  });
  return {
    ...graph,
    legs,
    tree: new Map([...graph.tree].map(([node, leg]) => [node, index.get(leg)!])),
    unreachable: [...graph.unreachable, ...said],
  };
}
