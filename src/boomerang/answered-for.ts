/**
 * Whether somebody nearer answers for a hop: an address that two routers share, or a router that unwraps in another's place. Probes
 * turn there then and come home, and have never crossed the leg to the hop.
 */
import { type Asker, heardOf, questionOf } from './asker.ts';
import { boomerang, type Waypoint } from './itinerary.ts';

/**
 * The header that leads to the hop gets a ttl of one less than it needs, so that its way ends at the router before: what comes home
 * all the same was unwrapped there. A router that takes nothing off what it has uncovered looks alike, but for its own leg home, which
 * gets through with one less too. `waypoints`: by which a boomerang has come home, the hop last.
 */
export async function isAnsweredFor(asker: Asker, waypoints: readonly Waypoint[]): Promise<boolean> {
  const [before, hop] = [waypoints.at(-2), waypoints.at(-1)!];
  if (asker.path.loose || before === undefined || before.uniform || hop.uniform) return false;
  const leg = waypoints.length - 1; // out to the hop, and home from the one before
  return (await landsShort(asker, waypoints, leg)) && !(await landsShort(asker, waypoints.slice(0, -1), leg));
}

/** Whether a boomerang comes home by a leg that is one shorter than it need be; true as well where nobody knows what it needs. */
async function landsShort(asker: Asker, waypoints: readonly Waypoint[], leg: number): Promise<boolean> {
  const { path, landing, flow, source, engine } = asker;
  const itinerary = boomerang(path, waypoints, landing, flow, source);
  const isLast = leg === 2 * waypoints.length - 1;
  const needed = isLast ? (waypoints[0]!.homeTtl ?? null) : itinerary.layers[leg]!.ttl;
  if (needed === null) return true;
  const layers = itinerary.layers.map((layer, at) => (at === leg ? { ...layer, ttl: needed - 1 } : layer));
  const heard = await heardOf(asker, await questionOf(engine, { ...itinerary, layers }, waypoints));
  return heard?.kind === 'landed';
}
