/**
 * What may lose packets, and what of it the walks can tell apart: every leg and every router is a component; components whose faults
 * look alike in all walks are one suspect, named together.
 */
import { rankOf } from '../infer/rank.ts';
import type { Walk } from '../infer/walk.ts';
import { type Graph, VANTAGE } from './graph.ts';
import type { LegWalk } from './walks.ts';

export type Component =
  | { readonly kind: 'leg'; readonly leg: number }
  | { readonly kind: 'device'; readonly node: number }
  | { readonly kind: 'part'; readonly part: number };

/** Components that no walk tells apart; one of them alone stands in the walks of the model. */
export type Suspect = readonly Component[];

export interface Model {
  readonly suspects: readonly Suspect[];
  /** Over the suspects, by index. */
  readonly walks: readonly Walk[];
  /** Legs that no walk crosses. */
  readonly uncovered: readonly number[];
}

export function modelOf(graph: Graph, walks: readonly LegWalk[]): Model {
  const [legs, nodes, parts] = [graph.legs.length, graph.nodes.length, graph.parts?.length ?? 0];
  const whole = walks.map((walk): Walk => ({ crossings: walk.legs.flatMap((leg) => crossed(graph, leg)) }));
  const { classes, uncovered } = rankOf(whole, legs + nodes + parts);
  const known = classes.filter(([first]) => !uncovered.includes(first!)).map((members) => members.toSorted((one, other) => one - other));
  const index = new Map(known.map(([first], at) => [first!, at])); // a leg comes before any device
  return {
    suspects: known.map((members) => members.map((one) => componentOf(legs, nodes, one))),
    walks: whole.map(({ crossings }) => ({ crossings: crossings.flatMap((one) => index.get(one) ?? []) })),
    uncovered: uncovered.filter((one) => one < legs),
  };
}

/** A leg, the parts that it is made of, and the router at the end of each. */
function crossed({ legs, nodes, parts: all = [] }: Graph, leg: number): number[] {
  const { to, parts = [] } = legs[leg]!;
  const end = (node: number): number[] => (node === VANTAGE ? [] : [legs.length + node]);
  const past = parts.flatMap((part) => [legs.length + nodes.length + part, ...(all[part]!.to === to ? [] : end(all[part]!.to))]);
  return [leg, ...past, ...end(to)];
}

function componentOf(legs: number, nodes: number, one: number): Component {
  if (one < legs) return { kind: 'leg', leg: one };
  return one < legs + nodes ? { kind: 'device', node: one - legs } : { kind: 'part', part: one - legs - nodes };
}

/** The legs that a component lies on; a router's: those that lead there. */
export function legsOver({ legs }: Graph, one: Component): number[] {
  if (one.kind === 'leg') return [one.leg];
  return legs.flatMap(({ to, parts = [] }, leg) => ((one.kind === 'part' ? parts.includes(one.part) : to === one.node) ? [leg] : []));
}
