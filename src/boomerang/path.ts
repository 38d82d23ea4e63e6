/** A path to probe: who stands at which position, position 0 being us. */
import type { HopMap } from '../topology/hop-map.ts';
import { type Address, type FamilyNumber, familyOf } from '../wire/address.ts';

export interface ProbedPath {
  readonly us: Address;
  /** Positions 1, 2, …; null: a hop whose address nobody knows. */
  readonly hops: readonly (Address | null)[];
  /** Hops from us to position 1; null: not known, since the path starts at a router elsewhere. */
  readonly distance: number | null;
  /** Legs may be longer than the path says: a detour then passes for the leg. */
  readonly loose: boolean;
  /** What is known of routers beforehand. */
  readonly map?: HopMap;
  /** Our address of the family that is not the path's: some router may be visited in that one. */
  readonly usOther?: Address;
}

export const positionsOf = (path: ProbedPath): number[] => path.hops.map((_, index) => index + 1);

export const addressAt = (path: ProbedPath, position: number): Address | null => path.hops[position - 1] ?? null;

/** Our address of a family, or null. */
export const ownAddress = ({ us, usOther }: ProbedPath, family: FamilyNumber): Address | null =>
  [us, usOther].find((address) => address !== undefined && familyOf(address) === family) ?? null;

/**
 * Where the hop at a position is visited: where the map says that it decapsulates, the path's own family first, else where it was
 * seen. None: nobody knows its address, or it decapsulates nowhere.
 */
export function visitsAt(path: ProbedPath, position: number): Address[] {
  const seen = addressAt(path, position);
  if (seen === null) return [];
  const known = path.map?.get(seen)?.decapsulates ?? null;
  if (known === 'none') return [];
  const reachable = (known ?? []).filter((address) => ownAddress(path, familyOf(address)) !== null);
  const first = familyOf(path.us);
  return reachable.length === 0 ? [seen] : reachable.toSorted((one, two) => rank(one, first) - rank(two, first));
}

const rank = (address: Address, first: FamilyNumber): number => (familyOf(address) === first ? 0 : 1);

/** Every address that the map knows of the hop at a position, the one it was seen by first. */
export function knownAddressesAt(path: ProbedPath, position: number): Address[] {
  const seen = addressAt(path, position);
  return seen === null ? [] : [...new Set([seen, ...(path.map?.get(seen)?.hop ?? [])])];
}
