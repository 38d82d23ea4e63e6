/** Walks whose counts say nothing of the loss on their legs, each with the reason. */
import { FAMILIES } from '../wire/family.ts';
import { errorKind } from '../wire/icmp.ts';
import type { WalkTally } from './count.ts';
import { type Graph, labelOf } from './graph.ts';
import type { LegWalk } from './walks.ts';

export interface Astray {
  readonly why: string;
  readonly wouldSettle: string;
  /** What is not known for it; left out where it is the legs that no other walk crosses. */
  readonly legs?: readonly number[];
  /** The leg that answers told of. */
  readonly over?: number;
}

const AGAIN = 'another run, by the paths as they are now';

/** What the walk's own answers tell: errors, and landings of more than one ttl beside losses. Null: nothing speaks against its counts. */
export function astrayOf(graph: Graph, walk: LegWalk, tally: WalkTally | undefined): Astray | null {
  if (tally === undefined) return null;
  if (tally.error !== null) return toldBy(graph, walk, tally.error, tally.received > 0);
  if (tally.ttls.size < 2 || tally.lost === 0) return null;
  const ttls = [...tally.ttls].join(', then ');
  const last = graph.legs[walk.legs.at(-1)!]!;
  return { why: `route changed behind ${labelOf(graph.nodes[last.from]!)}: probes came home with ttl ${ttls}`, wouldSettle: AGAIN };
}

/** `didLand`: others of its probes came home, so that the way was another then. */
function toldBy(graph: Graph, { legs }: LegWalk, { icmp, from, leg }: NonNullable<WalkTally['error']>, didLand: boolean): Astray {
  const over = legs[Math.min(leg ?? 0, legs.length - 1)]!;
  const taken = graph.legs[over]!;
  const at = labelOf(graph.nodes[taken.from]!);
  const told = `${from} answers ${errorKind(icmp.family, icmp.type, icmp.code)} to what is steered over ${at}→${labelOf(graph.nodes[taken.to]!)}`;
  if (didLand) return { why: `route changed at ${at}: ${told}, over which probes came home too`, wouldSettle: AGAIN, over };
  const isDetour = icmp.type === FAMILIES[icmp.family].icmp.timeExceeded;
  return isDetour
    ? { why: `${told}: packets took another way`, wouldSettle: AGAIN, over }
    : { why: told, wouldSettle: `a look at the routes and filters of ${from}`, over };
}

/** Its own counts are such that no loss on its links explains them, as other walks over these fare. */
export function contradicting(graph: Graph, walk: LegWalk, { received, lost }: WalkTally): Astray {
  return {
    why: `contradiction: ${lost} of ${received + lost} are lost on the way ${wayOf(graph, walk)}, other than on all other walks over its links: only some flows are lost, or a path changed`,
    wouldSettle: 'another run, with other ports (--port), once the paths stand still',
    legs: walk.legs,
  };
}

/** Nothing comes home of these walks, the shortest told, and other probes do over all of their links. */
export function dropped(graph: Graph, walks: readonly LegWalk[]): Astray {
  const shortest = walks.reduce((one, other) => (other.legs.length < one.legs.length ? other : one));
  const others = walks.length === 1 ? '' : ` and ${walks.length - 1} ways more`;
  return {
    why: `filter: nothing comes home over ${wayOf(graph, shortest)}${others}, though other probes pass all of it: a check of sources on the way, or only some flows are lost`,
    wouldSettle: 'another --layer-source, or other ports (--port)',
  };
}

const wayOf = ({ nodes, legs }: Graph, walk: LegWalk): string =>
  [legs[walk.legs[0]!]!.from, ...walk.legs.map((leg) => legs[leg]!.to)].map((node) => labelOf(nodes[node]!)).join('→');
