/**
 * Where nested probes may go: a router that decapsulates for everyone can be abused (VU#636397), so this is no tool to point at
 * strangers' routers (ARCHITECTURE.md, "What may be sent").
 */
import { BeaconError } from '../error.ts';
import type { Address } from '../wire/address.ts';
import { isPrivate } from '../wire/scope.ts';

export interface PermissionOptions {
  readonly iOwnThis?: boolean;
}

/** Throws ERR_USAGE for the first waypoint that is neither private nor said to be ours. */
export function requirePermission(waypoints: readonly (Address | null)[], { iOwnThis }: PermissionOptions): void {
  if (iOwnThis) return;
  const stranger = waypoints.find((address) => address !== null && !isPrivate(address));
  if (stranger == null) return;
  throw new BeaconError(
    'ERR_USAGE',
    `${stranger} is a public address, and probes through other people's routers are not sent: if the network is yours, say --i-own-this`,
  );
}
