/** Walks as questions to the network. */
import type { Engine, Route } from '../engine/engine.ts';
import { BeaconError } from '../error.ts';
import type { Itinerary } from '../probe/itinerary.ts';
import { type Question, questionBy } from '../probe/question.ts';
import type { Topology } from '../topology/topology.ts';
import type { Address } from '../wire/address.ts';
import { type Graph, VANTAGE } from './graph.ts';
import { type Dress, itineraryOf } from './itinerary.ts';
import { type LegWalk, walksOver } from './walks.ts';

/** What a question over any walk of a graph needs. */
export interface Ground {
  readonly graph: Graph;
  readonly dress: Dress;
  /** To each router next to us, by the address that it is steered to. */
  readonly routes: ReadonlyMap<Address, Route>;
  /** Where the graph is drawn by a topology. */
  readonly drawing?: Drawing;
}

/** What a topology tells beside the graph that is drawn by it. */
export interface Drawing {
  readonly topology: Topology;
  /** The same legs by the addresses of the other family; null where we or the routers are not to be addressed by those. */
  readonly other: () => Promise<Ground | null>;
}

export interface AskedWalks {
  readonly walks: readonly LegWalk[];
  /** One a walk, in their order. */
  readonly questions: readonly Question[];
}

/** Throws what Engine.route throws. */
export async function groundOf(engine: Engine, graph: Graph, dress: Dress, drawing?: Drawing): Promise<Ground> {
  const routes = new Map<Address, Route>();
  for (const { from, destination } of graph.legs) if (from === VANTAGE) routes.set(destination, await engine.route(destination));
  return { graph, dress, routes, ...(drawing !== undefined && { drawing }) };
}

/** Walks over a tree that are not among the known ones, and can be sent. */
export function askedOver(ground: Ground, tree: Graph['tree'], known: readonly LegWalk[]): AskedWalks {
  const taken = new Set(known.map(({ legs }) => legs.join()));
  const walks: LegWalk[] = [];
  const questions: Question[] = [];
  for (const walk of walksOver({ ...ground.graph, tree })) {
    const itinerary = itineraryOf(ground.graph, walk, ground.dress);
    const asked = taken.has(walk.legs.join()) ? null : questionOver(ground, walk, itinerary, known.length + walks.length);
    if (asked === null) continue;
    walks.push(walk);
    questions.push(asked);
  }
  return { walks, questions };
}

/** Null where it does not fit the first link. */
export function questionOver({ graph, routes }: Ground, walk: LegWalk, itinerary: Itinerary, path: number): Question | null {
  try {
    return questionBy(routes.get(graph.legs[walk.legs[0]!]!.destination)!, itinerary, path);
  } catch (error) {
    if (error instanceof BeaconError && error.code === 'ERR_MTU') return null;
    throw error;
  }
}
