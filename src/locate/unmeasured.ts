/** What the counts say nothing of: links that no walk can be sent over, or whose walks were answered with errors. */
import { FAMILIES } from '../wire/family.ts';
import { errorKind } from '../wire/icmp.ts';
import { alike } from './alike.ts';
import type { WalkTally } from './count.ts';
import { type Graph, labelOf } from './graph.ts';
import type { Model } from './model.ts';
import type { UnknownPart } from './verdict.ts';
import type { LegWalk } from './walks.ts';

export function unmeasured(graph: Graph, walks: readonly LegWalk[], tallies: readonly WalkTally[], model: Model): UnknownPart[] {
  const beyond = graph.unreachable.map(({ links, why, wouldSettle }) => ({
    links: links.map(([from, to]) => ({ from, to })),
    why,
    wouldSettle,
  }));
  if (walks.length === 0)
    return [...beyond, { links: [], why: 'no probe can turn at any router', wouldSettle: 'a router that decapsulates for us' }];
  const left = new Set(model.uncovered);
  const astray = new Map<string, { legs: number[]; wouldSettle: string }>();
  for (const [index, { error }] of tallies.entries()) {
    if (error === null) continue;
    const mine = walks[index]!.legs.filter((leg) => left.has(leg));
    for (const leg of mine) left.delete(leg);
    const { why, wouldSettle } = whyAstray(graph, walks[index]!, error);
    const group = astray.get(why) ?? { legs: [], wouldSettle };
    group.legs.push(...mine);
    astray.set(why, group);
  }
  const parts = [...astray].map(([why, { legs, wouldSettle }]) => ({ links: linksOf(graph, legs), why, wouldSettle }));
  const uncrossed = linksOf(graph, [...left]);
  const missed = { links: uncrossed, why: 'no walk that fits the first link crosses it', wouldSettle: 'a vantage nearer, or a larger MTU' };
  return [...beyond, ...parts, ...(uncrossed.length > 0 ? [missed] : [])];
}

const linksOf = ({ legs }: Graph, taken: readonly number[]): UnknownPart['links'] =>
  alike(taken.map((leg) => ({ from: legs[leg]!.ends[0], to: legs[leg]!.ends[1] })));

function whyAstray(graph: Graph, { legs }: LegWalk, error: NonNullable<WalkTally['error']>): { why: string; wouldSettle: string } {
  const { icmp, from, leg } = error;
  const taken = graph.legs[legs[Math.min(leg ?? 0, legs.length - 1)]!]!;
  const where = `${labelOf(graph.nodes[taken.from]!)}→${labelOf(graph.nodes[taken.to]!)}`;
  const told = `${from} answers ${errorKind(icmp.family, icmp.type, icmp.code)} to what is steered over ${where}`;
  const isDetour = icmp.type === FAMILIES[icmp.family].icmp.timeExceeded;
  return isDetour
    ? { why: `${told}: packets took another way`, wouldSettle: 'another run, by the paths as they are now' }
    : { why: told, wouldSettle: `what ${from} says, looked into there` };
}
