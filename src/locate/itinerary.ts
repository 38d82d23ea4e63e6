/** A closed walk over legs as a probe: a header for each leg, with just the ttl that it needs, so that a detour is an error and never a loss. */
import { circuit, type Landing } from '../boomerang/itinerary.ts';
import type { LayerSource } from '../boomerang/layer-source.ts';
import { allowingCopies } from '../boomerang/legs.ts';
import type { ProbedPath } from '../boomerang/path.ts';
import { FAR, type Flow, type Itinerary } from '../probe/itinerary.ts';
import { type Graph, type GraphLeg, VANTAGE } from './graph.ts';
import type { LegWalk } from './walks.ts';

/** What a walk's probes are besides their way. */
export interface Dress {
  readonly flow: Flow;
  readonly landing: Landing;
  /** In the order in which they were tried. */
  readonly sources: readonly LayerSource[];
}

/** Throws RangeError for a walk that is not closed. */
export function itineraryOf(graph: Graph, { legs: taken }: LegWalk, { flow, landing, sources }: Dress): Itinerary {
  const legs = taken.map((leg) => graph.legs[leg]!);
  const home = legs.at(-1);
  if (home === undefined || legs[0]!.from !== VANTAGE || home.to !== VANTAGE) throw new RangeError('A walk leads from us back to us');
  const stops = legs.slice(0, -1);
  const copies = stops.map(({ to }) => graph.nodes[to]!.uniform);
  const ttls = allowingCopies(stops.map(exactTtl), copies, FAR);
  const visits = stops.map(({ destination }, index) => ({ destination, ttl: ttls[index]! }));
  const us: ProbedPath = { us: home.destination, hops: [], distance: null, loose: false };
  return circuit(us, visits, landing, flow, sourceOf(graph, stops, sources));
}

/** A router that unwraps a packet takes one off the header inside as it forwards it; we, who send the first leg, do not. */
const exactTtl = ({ hops, from }: GraphLeg): number => (hops === null ? FAR : from === VANTAGE ? hops : hops + 1);

/** That of the router on the way that needs the rarest. */
function sourceOf(graph: Graph, stops: readonly GraphLeg[], sources: readonly LayerSource[]): LayerSource {
  const kinds = stops.map(({ to }) => sources.findIndex(({ kind }) => kind === graph.nodes[to]!.source.kind));
  return sources[Math.max(0, ...kinds)]!;
}
