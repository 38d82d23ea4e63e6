/** A path to probe: who stands at which position, position 0 being us. */
import type { Address } from '../wire/address.ts';

export interface ProbedPath {
  readonly us: Address;
  /** Positions 1, 2, …; null: a hop whose address nobody knows. */
  readonly hops: readonly (Address | null)[];
  /** Hops from us to position 1; null: not known, since the path starts at a router elsewhere. */
  readonly distance: number | null;
  /** Legs may be longer than the path says: a detour then passes for the leg. */
  readonly loose: boolean;
}

export const positionsOf = (path: ProbedPath): number[] => path.hops.map((_, index) => index + 1);

export const addressAt = (path: ProbedPath, position: number): Address | null => path.hops[position - 1] ?? null;
