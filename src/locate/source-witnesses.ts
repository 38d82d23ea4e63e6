/**
 * What may pass a check of sources (RFC 3704) that takes a walk's own probes on one leg: the same walk with other routers' addresses as
 * source from that leg on, and the same walk over the other family.
 */
import type { Itinerary } from '../probe/itinerary.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { type Drawing, type Ground, questionOver } from './asked-walks.ts';
import { type Graph, type GraphLeg, labelOf, VANTAGE } from './graph.ts';
import { itineraryOf } from './itinerary.ts';
import type { Witness } from './source-trial.ts';
import type { LegWalk } from './walks.ts';

/** A walk of which no probe came home, and the leg that is to blame for it by the counts. */
export interface DeadWalk {
  readonly walk: LegWalk;
  readonly leg: number;
}

/** More sources hardly pass where these do not. */
const MOST_SOURCES = 8;

/** The likeliest first. */
export async function witnessesOf(ground: Ground, dead: DeadWalk): Promise<Witness[]> {
  const { drawing } = ground;
  return [...otherSources(ground, dead), ...(drawing === undefined ? [] : await otherFamily(ground, drawing, dead))];
}

function otherSources(ground: Ground, { walk, leg }: DeadWalk): Witness[] {
  const { graph, dress } = ground;
  const own = itineraryOf(graph, walk, dress);
  const from = walk.legs.indexOf(leg);
  const [one, other] = endsOf(graph, leg);
  return sourcesBehind(graph, leg).flatMap((source) => {
    const question = questionOver(ground, walk, withSource(own, from, source), from);
    const node = graph.nodes.find(({ address }) => address === source);
    const whose = node === undefined ? source : labelOf(node);
    const why = `filter: source check at ${other}: what comes from ${one} passes with ${whose} as source, and never with our address`;
    return question === null ? [] : [{ question, astray: { why, wouldSettle: loose(one, other) } }];
  });
}

/** A check that is made of one family alone, or that takes the near end's own address, which a stock router drops over IPv4 itself. */
async function otherFamily({ graph }: Ground, drawing: Drawing, { walk, leg }: DeadWalk): Promise<Witness[]> {
  const other = await drawing.other();
  const legs = other === null ? null : counterpartLegs(graph, other.graph, drawing, walk);
  if (other === null || legs === null) return [];
  const [one, far] = endsOf(graph, leg);
  const from = walk.legs.indexOf(leg);
  const [near] = other.graph.legs[legs[from]!]!.ends;
  const itinerary = withSource(itineraryOf(other.graph, { legs }, other.dress), from, near);
  const question = questionOver(other, { legs }, itinerary, from);
  const [ours, theirs] = [familyOf(graph.legs[leg]!.ends[0]), familyOf(near)];
  const why = `filter: source check at ${far}: over IPv${theirs} what comes from ${one} passes with its own address, and over IPv${ours} never with ours`;
  return question === null ? [] : [{ question, astray: { why, wouldSettle: loose(one, far) } }];
}

/** The same legs in the other family's graph; null where one is not there, or leads another way past routers that only forward. */
function counterpartLegs(graph: Graph, other: Graph, { topology }: Drawing, { legs }: LegWalk): number[] | null {
  const counterparts = new Map<Address, Address>();
  for (const { 4: one, 6: two } of [
    ...topology.links.flatMap(({ ends }) => ends.map(({ addresses }) => addresses)),
    ...topology.nodes.map(({ loopback }) => loopback),
  ]) {
    counterparts.set(one, two);
    counterparts.set(two, one);
  }
  const wayOver = ({ parts: all = [] }: Graph, { ends, parts = [] }: GraphLeg): Address[] => [
    ...ends,
    ...parts.flatMap((part) => all[part]!.ends),
  ];
  const known = new Map(other.legs.map((leg, at) => [wayOver(other, leg).join(), at]));
  const found = legs.map((leg) =>
    known.get(
      wayOver(graph, graph.legs[leg]!)
        .map((address) => counterparts.get(address)!)
        .join(),
    ),
  );
  return found.includes(undefined) ? null : (found as number[]);
}

const loose = (one: string, other: string): string =>
  `a check of sources at ${other} that takes ours from any side (RFC 3704: loose), or a vantage behind ${one}`;

const endsOf = ({ nodes, legs }: Graph, leg: number): [one: string, other: string] => [
  labelOf(nodes[legs[leg]!.from]!),
  labelOf(nodes[legs[leg]!.to]!),
];

/**
 * Addresses to which the leg's far end sends by that leg, should its routes be like most: the routers behind the near end, the nearest
 * first, others, those that no walk reaches among them, and the near end's address on the link last, since a stock router drops what
 * carries its own.
 */
function sourcesBehind({ nodes, legs, unreachable }: Graph, leg: number): Address[] {
  const { from, to, ends } = legs[leg]!;
  const seen = new Set([from]);
  for (const node of seen) for (const next of legs) if (next.from === node && next.to !== to && next.to !== VANTAGE) seen.add(next.to);
  const behind = [...seen].slice(1);
  const others = nodes.map((_, node) => node).filter((node) => node !== VANTAGE && node !== to && !seen.has(node));
  const beyond = unreachable.flatMap(({ links }) => links.flat()).filter((address) => address !== null && !isEnd(legs, address));
  const known = [...behind, ...others].map((node) => nodes[node]!.address);
  return [...[...known, ...(beyond as Address[])].slice(0, MOST_SOURCES - 1), ends[0]];
}

/** Of a leg, so that its router is among those that walks reach. */
const isEnd = (legs: readonly GraphLeg[], address: Address): boolean => legs.some(({ ends }) => ends.includes(address));

/** Of all headers from this leg's on, those of the source's family. */
const withSource = ({ layers, ...rest }: Itinerary, from: number, source: Address): Itinerary => ({
  ...rest,
  layers: layers.map((layer, at) => (at < from || familyOf(layer.destination) !== familyOf(source) ? layer : { ...layer, source })),
});
