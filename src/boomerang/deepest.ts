/** Which boomerangs of a path can be sent: each hop costs two headers, the first link takes only so much, and no link is crossed too often. */
import type { Route } from '../engine/engine.ts';
import { BeaconError } from '../error.ts';
import type { Itinerary } from '../probe/itinerary.ts';
import { linkLoads } from '../probe/load.ts';
import { questionBy } from '../probe/question.ts';
import { boomerang } from './itinerary.ts';
import { type ProbedPath, positionsOf, visitsAt } from './path.ts';
import type { SweepOptions } from './sweep.ts';

/** What a boomerang is besides its path. */
export type Shape = Pick<SweepOptions, 'landing' | 'flow'>;

/** A link that a path comes by again and again would be loaded, and its loss be raised to that power. */
const MOST_CROSSINGS = 4;

/** The boomerang to a position that visits every known hop before it, by the path's own addresses both ways; null where nobody is known. */
function boomerangTo(path: ProbedPath, position: number, { landing, flow }: Shape): Itinerary | null {
  const waypoints = path.hops.slice(0, position).flatMap((_, index) =>
    visitsAt(path, index + 1)
      .slice(0, 1)
      .map((address) => ({ position: index + 1, out: address, home: address })),
  );
  return waypoints.length === 0 ? null : boomerang(path, waypoints, landing, flow);
}

/** One boomerang for each hop that is known. */
export const boomerangs = (path: ProbedPath, shape: Shape): Itinerary[] =>
  positionsOf(path).flatMap((position) => (path.hops[position - 1] === null ? [] : (boomerangTo(path, position, shape) ?? [])));

/** Why a boomerang to a position that visits every known hop before it cannot be sent, or null. */
export function refusalOf(path: ProbedPath, position: number, options: Shape, route: Route): BeaconError | null {
  const itinerary = boomerangTo(path, position, options);
  if (itinerary === null) return null;
  try {
    questionBy(route, itinerary, position);
  } catch (error) {
    if (error instanceof BeaconError) return error;
    throw error;
  }
  const worn = linkLoads(itinerary).find(({ times }) => times > MOST_CROSSINGS);
  if (worn === undefined) return null;
  const [one, other] = worn.between;
  const crossed = `A probe to hop ${position} and back crosses the link ${one}–${other} ${worn.times} times, and ${MOST_CROSSINGS} is the most`;
  return new BeaconError('ERR_USAGE', `${crossed}: give a path that repeats fewer hops`);
}

/** The last position that can be probed; 0 where none can. */
export const deepest = (path: ProbedPath, options: Shape, route: Route): number =>
  positionsOf(path).findLast((position) => refusalOf(path, position, options, route) === null) ?? 0;
