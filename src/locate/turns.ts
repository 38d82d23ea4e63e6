/** Where probes turn whose round trips are compared: at the far end of each link, and at its near end, from which the same way leads on. */
import { boomerang } from '../boomerang/itinerary.ts';
import type { ProbedPath } from '../boomerang/path.ts';
import type { SurveyedHop } from '../boomerang/survey.ts';
import type { SweepOptions } from '../boomerang/sweep.ts';
import type { Engine } from '../engine/engine.ts';
import { type Question, question } from '../probe/question.ts';
import type { Address } from '../wire/address.ts';
import { type Ground, questionOver } from './asked-walks.ts';
import { TOO_FAR } from './drawn.ts';
import { type Graph, type Unreachable, VANTAGE, wayTo } from './graph.ts';
import { itineraryOf } from './itinerary.ts';
import { backOver } from './walks.ts';

/** One link, or a stretch where hops lie between that no probe turns at. */
export interface Turn {
  readonly from: Address;
  readonly to: Address;
  /** Turns at its far end. */
  readonly question: Question;
  /** That of another turn, at its near end; null: that is us. */
  readonly before: Question | null;
}

export async function pathTurns(
  engine: Engine,
  path: ProbedPath,
  hops: readonly SurveyedHop[],
  { landing, flow }: Pick<SweepOptions, 'landing' | 'flow'>,
): Promise<Turn[]> {
  const at = new Map<number, Pick<Turn, 'to' | 'question'>>();
  const turns: Turn[] = [];
  for (const { position, address, waypoints, source } of hops) {
    if (waypoints.length === 0) continue;
    const asked = await question(engine, boomerang(path, waypoints, landing, flow, source), position);
    const near = waypoints.at(-2);
    const before = near === undefined ? null : at.get(near.position)!;
    turns.push({ from: before?.to ?? path.us, to: address!, question: asked, before: before?.question ?? null });
    at.set(position, { to: address!, question: asked });
  }
  return turns;
}

export interface GraphTurns {
  readonly turns: readonly Turn[];
  /** Links whose probes do not fit the first link. */
  readonly tooFar: readonly Unreachable[];
}

/** Each link of a graph once: those of the tree, and there and back over those beside it. */
export function graphTurns(ground: Ground): GraphTurns {
  const { graph, dress } = ground;
  const at = new Map<number, Question>();
  const ask = (way: readonly number[], path: number): Question | null => {
    const back = backOver(graph, way);
    const walk = back === null ? null : { legs: [...way, ...back] };
    return walk === null ? null : questionOver(ground, walk, itineraryOf(graph, walk, dress), path);
  };
  for (const node of graph.tree.keys()) {
    const asked = ask(wayTo(graph, node)!, node);
    if (asked !== null) at.set(node, asked);
  }
  const links: (readonly [Address, Address])[] = [];
  const turns = linksOf(graph).flatMap((leg): Turn[] => {
    const { from, to, ends } = graph.legs[leg]!;
    const before = from === VANTAGE ? null : at.get(from);
    const asked = graph.tree.get(to) === leg ? at.get(to) : ask([...wayTo(graph, from)!, leg], graph.nodes.length + leg);
    if (asked != null && before !== undefined) return [{ from: ends[0], to: ends[1], question: asked, before }];
    links.push(ends);
    return [];
  });
  const [why, wouldSettle] = TOO_FAR;
  return { turns, tooFar: links.length === 0 ? [] : [{ links, why, wouldSettle }] };
}

/** Of each link the leg that leads away from us: the nearest first. */
function linksOf(graph: Graph): number[] {
  const { legs } = graph;
  const depth = (leg: number): number => wayTo(graph, legs[leg]!.from)?.length ?? Number.POSITIVE_INFINITY;
  const inTree = new Set(graph.tree.values());
  const isOut = (leg: number, other: number): boolean => {
    if (inTree.has(leg) || inTree.has(other)) return inTree.has(leg);
    return depth(leg) < depth(other) || (depth(leg) === depth(other) && leg < other);
  };
  const out = legs.flatMap(({ opposite }, leg) =>
    opposite !== null && isOut(leg, opposite) && depth(leg) < Number.POSITIVE_INFINITY ? [leg] : [],
  );
  return out.toSorted((one, other) => depth(one) - depth(other));
}
