/**
 * What may lose packets, and what of it the walks can tell apart: every leg and every router is a component; components whose faults
 * look alike in all walks are one suspect, named together.
 */
import { rankOf } from '../infer/rank.ts';
import type { Walk } from '../infer/walk.ts';
import { type Graph, VANTAGE } from './graph.ts';
import type { LegWalk } from './walks.ts';

export type Component = { readonly kind: 'leg'; readonly leg: number } | { readonly kind: 'device'; readonly node: number };

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
  const legs = graph.legs.length;
  const whole = walks.map((walk): Walk => ({ crossings: walk.legs.flatMap((leg) => crossed(graph, leg)) }));
  const { classes, uncovered } = rankOf(whole, legs + graph.nodes.length);
  const known = classes.filter(([first]) => !uncovered.includes(first!)).map((members) => members.toSorted((one, other) => one - other));
  const index = new Map(known.map(([first], at) => [first!, at])); // a leg comes before any device
  return {
    suspects: known.map((members) => members.map((one) => componentOf(legs, one))),
    walks: whole.map(({ crossings }) => ({ crossings: crossings.flatMap((one) => index.get(one) ?? []) })),
    uncovered: uncovered.filter((one) => one < legs),
  };
}

/** A leg, and the router at its end. */
function crossed({ legs }: Graph, leg: number): number[] {
  const { to } = legs[leg]!;
  return to === VANTAGE ? [leg] : [leg, legs.length + to];
}

const componentOf = (legs: number, one: number): Component =>
  one < legs ? { kind: 'leg', leg: one } : { kind: 'device', node: one - legs };
