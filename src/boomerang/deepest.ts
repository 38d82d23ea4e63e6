/** How far a path can be probed: each hop costs two headers, and the first link takes only so much. */
import type { Route } from '../engine/engine.ts';
import { BeaconError } from '../error.ts';
import { questionBy } from '../probe/question.ts';
import { boomerang } from './itinerary.ts';
import { type ProbedPath, positionsOf } from './path.ts';
import type { SweepOptions } from './sweep.ts';

/** Why a boomerang to a position that visits every known hop before it cannot be sent, or null. */
export function refusalOf(path: ProbedPath, position: number, { landing, flow }: SweepOptions, route: Route): BeaconError | null {
  const waypoints = path.hops
    .slice(0, position)
    .flatMap((address, index) => (address === null ? [] : [{ position: index + 1, out: address, home: address }]));
  if (waypoints.length === 0) return null;
  try {
    questionBy(route, boomerang(path, waypoints, landing, flow), position);
    return null;
  } catch (error) {
    if (error instanceof BeaconError) return error;
    throw error;
  }
}

/** The last position that can be probed; 0 where none can. */
export const deepest = (path: ProbedPath, options: SweepOptions, route: Route): number =>
  positionsOf(path).findLast((position) => refusalOf(path, position, options, route) === null) ?? 0;
