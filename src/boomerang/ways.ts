/** By which addresses a boomerang may visit the hops before a position, and turn there: the first that works is kept. */
import { type Address, familyOf } from '../wire/address.ts';
import type { Waypoint } from './itinerary.ts';
import { mates } from './mate.ts';
import { addressAt, knownAddressesAt, type ProbedPath, visitsAt } from './path.ts';

export interface Way {
  /** Nearest first; it turns at the last. */
  readonly waypoints: readonly Waypoint[];
  /** The address for the way home is only a guess at the last router's own: it is to be proven before it is used. */
  readonly guessed: boolean;
}

/**
 * In the order in which to try them. Home by the last router's address on the link to this hop comes first, since that pins the link
 * where two of them run side by side, or where its other addresses are reached another way. `before`: the waypoints of the last hop
 * that was visited.
 */
export function waysTo(path: ProbedPath, before: readonly Waypoint[], position: number): Way[] {
  const last = before.at(-1);
  const visits = visitsAt(path, position);
  const kept = last !== undefined && familyOf(last.out) !== familyOf(path.us) && inOneFamily(before) ? visits.toReversed() : visits;
  const turns = kept.map((out) => ({ position, out, home: out }));
  const ways = turns.flatMap((hop) => (last === undefined ? [{ waypoints: [hop], guessed: false }] : waysOver(path, before, last, hop)));
  const other = inTheOther(path, before, position);
  return distinct(other === null ? ways : [...ways, { waypoints: other, guessed: false }]);
}

function waysOver(path: ProbedPath, before: readonly Waypoint[], last: Waypoint, hop: Waypoint): Way[] {
  const by = (home: Address, guessed: boolean): Way => ({ waypoints: [...before.slice(0, -1), { ...last, home }, hop], guessed });
  const known = [last.out, ...visitsAt(path, last.position)].map((home) => by(home, false));
  if (last.position !== hop.position - 1 || path.loose) return known;
  const seen = addressAt(path, hop.position)!;
  const onLink = linkAddresses(path, last.position, hop.position)
    .filter((home) => familyOf(home) === familyOf(hop.out))
    .map((home) => by(home, false));
  const guesses = mates(seen)
    .filter((home) => home !== last.out)
    .map((home) => by(home, true));
  const asSeen = hop.out === seen && last.out === addressAt(path, last.position);
  return asSeen ? [...onLink, ...guesses, ...known] : [...known, ...onLink, ...guesses];
}

/** The last router's addresses on a link to the hop, where the map has both ends of it; the link that the hop was seen by first. */
function linkAddresses(path: ProbedPath, last: number, hop: number): Address[] {
  const near = new Set(path.map === undefined ? [] : knownAddressesAt(path, last));
  return knownAddressesAt(path, hop)
    .flatMap(mates)
    .filter((address) => near.has(address));
}

/**
 * All of it in the family that is not the path's, where every router on the way has an address of that one: a router that takes its
 * own family in its own alone is only visited so.
 */
function inTheOther(path: ProbedPath, before: readonly Waypoint[], position: number): Waypoint[] | null {
  const family = familyOf(path.us);
  const waypoints = [...before, { position, out: '', home: '', uniform: false }].map((waypoint) => {
    const out = visitsAt(path, waypoint.position).find((address) => familyOf(address) !== family);
    return out === undefined ? null : { position: waypoint.position, out, home: out, uniform: waypoint.uniform ?? false };
  });
  return waypoints.every((waypoint) => waypoint !== null) ? waypoints : null;
}

const inOneFamily = (waypoints: readonly Waypoint[]): boolean =>
  new Set(waypoints.flatMap(({ out, home }) => [familyOf(out), familyOf(home)])).size === 1;

/** Of those that visit the same addresses the first. */
function distinct(ways: readonly Way[]): Way[] {
  const seen = new Map<string, Way>();
  for (const way of ways) if (!seen.has(keyOf(way))) seen.set(keyOf(way), way);
  return [...seen.values()];
}

const keyOf = ({ waypoints }: Way): string => waypoints.map(({ out, home }) => `${out} ${home}`).join(' ');
