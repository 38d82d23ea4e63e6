/** What the counts say nothing of: links that no walk can be sent over, or whose walks do not count. */
import { alike } from './alike.ts';
import type { Astray } from './astray.ts';
import type { Graph } from './graph.ts';
import type { Model } from './model.ts';
import type { UnknownPart } from './verdict.ts';
import type { LegWalk } from './walks.ts';

/** `astray`: of walks by index, in the order in which they were given up. */
export function unmeasured(
  graph: Graph,
  walks: readonly LegWalk[],
  astray: ReadonlyMap<number, Astray>,
  { uncovered }: Pick<Model, 'uncovered'>,
): UnknownPart[] {
  const beyond = graph.unreachable.map(({ links, why, wouldSettle }) => ({
    links: links.map(([from, to]) => ({ from, to })),
    why,
    wouldSettle,
  }));
  if (walks.length === 0)
    return [...beyond, { links: [], why: 'no probe can turn at any router', wouldSettle: 'a router that decapsulates for us' }];
  const left = new Set(uncovered);
  const groups = new Map<string, { legs: number[]; wouldSettle: string; over: Set<number> }>();
  for (const [walk, { why, wouldSettle, legs, over }] of astray) {
    const mine = legs ?? walks[walk]!.legs.filter((leg) => left.has(leg));
    for (const leg of mine) left.delete(leg);
    const group = groups.get(why) ?? { legs: [], wouldSettle, over: new Set() };
    group.legs.push(...mine);
    if (over !== undefined) group.over.add(over);
    groups.set(why, group);
  }
  const told = new Set<number>();
  const tell = (legs: readonly number[]): void => {
    for (const leg of legs) told.add(leg).add(graph.legs[leg]!.opposite ?? leg);
  };
  for (const { legs } of groups.values()) tell(legs);
  const parts = [...groups].flatMap(([why, { legs, wouldSettle, over }]): UnknownPart[] => {
    const open = legs.length > 0 ? legs : [...over].filter((leg) => !told.has(leg)); // other walks tell of a link what they can
    tell(open);
    return open.length === 0 && over.size > 0 ? [] : [{ links: linksOf(graph, open), why, wouldSettle }];
  });
  const uncrossed = linksOf(graph, [...left]);
  const missed = { links: uncrossed, why: 'no walk that fits the first link crosses it', wouldSettle: 'a vantage nearer, or a larger MTU' };
  return [...beyond, ...parts, ...(uncrossed.length > 0 ? [missed] : [])];
}

const linksOf = ({ legs }: Graph, taken: readonly number[]): UnknownPart['links'] =>
  alike(taken.map((leg) => ({ from: legs[leg]!.ends[0], to: legs[leg]!.ends[1] })));
