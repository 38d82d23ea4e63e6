/**
 * Where nested probes may go: a router that decapsulates for everyone can be abused (VU#636397), so this is no tool to point at
 * strangers' routers (ARCHITECTURE.md, "What may be sent").
 */
import { BeaconError } from '../error.ts';
import type { Address } from '../wire/address.ts';
import { isPrivate, isWithin } from '../wire/scope.ts';

export interface PermissionOptions {
  readonly iOwnThis?: boolean;
  /** Prefixes of public addresses that are the user's own, and reached without translation. */
  readonly allow?: readonly string[];
}

/** The first hop with an address that others may own, or null. */
export const publicHop = (hops: readonly (Address | null)[], { allow = [] }: PermissionOptions): Address | null =>
  hops.find((address) => address !== null && !isPrivate(address) && !isWithin(allow, address)) ?? null;

/** Whether nested probes may be sent to an address that was found out or guessed on the way. */
export const mayVisit =
  (options: PermissionOptions) =>
  (address: Address): boolean =>
    options.iOwnThis === true || publicHop([address], options) === null;

/** Throws ERR_USAGE for the first waypoint that is neither private nor said to be ours. */
export function requirePermission(waypoints: readonly (Address | null)[], options: PermissionOptions): void {
  const stranger = options.iOwnThis ? null : publicHop(waypoints, options);
  if (stranger === null) return;
  throw new BeaconError(
    'ERR_USAGE',
    `${stranger} is a public address, and probes through other people's routers are not sent: if the network is yours, say --i-own-this`,
  );
}

/**
 * Throws NAT where our own address is private and a waypoint's is not: what translates the outer header leaves those inside as they
 * are, and the probe never finds home.
 */
export function refuseTranslation(us: Address, waypoints: readonly (Address | null)[], options: PermissionOptions): void {
  const outside = isPrivate(us) && !isWithin(options.allow ?? [], us) ? publicHop(waypoints, options) : null;
  if (outside === null) return;
  throw new BeaconError(
    'NAT',
    `We are behind NAT: ${us} is private and ${outside} is not, so nested probes would not find home; run it from a public address (-a), or say --allow ${outside} if that is reached without NAT`,
  );
}
