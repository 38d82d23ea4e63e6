/**
 * Which closed walks are probed: there and back to each router by the tree of ways that work, and for every link beside the tree a
 * circuit in either direction, and there and back over it. A walk is the legs that it takes, from us back to us.
 */
import { type Graph, VANTAGE, wayTo } from './graph.ts';

export interface LegWalk {
  readonly legs: readonly number[];
}

/** A probe that comes by a link again and again loads it, and raises its loss to that power. */
const MOST_CROSSINGS = 4;

export function walksOver(graph: Graph): LegWalk[] {
  const turns = graph.nodes.flatMap((_, node) => (node === VANTAGE ? [] : [thereAndBack(graph, wayTo(graph, node))]));
  const inTree = new Set([...graph.tree.values()].flatMap((leg) => [leg, graph.legs[leg]!.opposite ?? -1]));
  const beside = graph.legs.flatMap((_, leg) => (inTree.has(leg) ? [] : besideTree(graph, leg)));
  const all = [...turns, ...beside].filter((legs) => legs !== null).map((legs) => ({ legs }));
  return distinct(all).filter((walk) => !wears(graph, walk));
}

function thereAndBack(graph: Graph, way: readonly number[] | null): number[] | null {
  const back = backOver(graph, way);
  return way === null || way.length === 0 || back === null ? null : [...way, ...back];
}

function besideTree(graph: Graph, leg: number): (number[] | null)[] {
  const { from, to, opposite } = graph.legs[leg]!;
  const out = wayTo(graph, from);
  const home = backOver(graph, wayTo(graph, to));
  if (out === null) return [];
  const circuit = home === null ? null : [...out, leg, ...home];
  return [circuit, opposite === null || to === VANTAGE ? null : thereAndBack(graph, [...out, leg])];
}

/** Null where a leg has no way back, or no way is known. */
export function backOver({ legs }: Graph, way: readonly number[] | null): number[] | null {
  const back = way?.toReversed().map((leg) => legs[leg]!.opposite) ?? [null];
  return back.includes(null) ? null : (back as number[]);
}

/** Both directions of a link count. */
function wears({ legs }: Graph, walk: LegWalk): boolean {
  const times = new Map<number, number>();
  for (const leg of walk.legs) {
    const link = Math.min(leg, legs[leg]!.opposite ?? leg);
    times.set(link, (times.get(link) ?? 0) + 1);
  }
  return Math.max(...times.values()) > MOST_CROSSINGS;
}

const distinct = (walks: readonly LegWalk[]): LegWalk[] => [...new Map(walks.map((walk) => [walk.legs.join(), walk])).values()];
