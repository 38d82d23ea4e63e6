/** What routers of each profile limit: the figures of Linux 6.18, in nanoseconds. */
import type { Profile } from '../../topology/topology.ts';
import type { FamilyNumber } from '../../wire/address.ts';

const SECOND_NS = 1e9;

export interface Limits {
  /** Whether a router tells of a shorter way over IPv4 (send_redirects). Over IPv6 the kernel always does. */
  readonly redirects4: boolean;
  /** ICMP types that are limited (icmp_ratemask 6168; icmpv6 ratemask 0-1,3-127). */
  readonly types: Readonly<Record<FamilyNumber, (type: number, code: number) => boolean>>;
  /** Messages to one destination (icmp_ratelimit). */
  readonly each: Readonly<Record<FamilyNumber, Burst>>;
  /** All limited messages of a router together (icmp_msgs_per_sec, icmp_msgs_burst). */
  readonly perSecond: number;
  readonly burst: number;
}

const STOCK: Limits = {
  redirects4: true,
  types: {
    4: (type, code) => [3, 4, 11, 12].includes(type) && !(type === 3 && code === 4), // path MTU discovery is never limited
    6: (type) => type < 128 && type !== 2,
  },
  each: { 4: { everyNs: SECOND_NS, burst: 6 }, 6: { everyNs: SECOND_NS / 10, burst: 6 } },
  perSecond: 1000,
  burst: 50,
};

const never = (): boolean => false;

export const LIMITS: Readonly<Record<Profile, Limits>> = {
  lab: { ...STOCK, redirects4: false, types: { 4: never, 6: never } },
  stock: STOCK,
};

/** What no sysctl of a namespace lifts: route errors (error_cost, error_burst) and redirects (redirect_load, _number, _silence). */
export const ROUTE_ERROR: Burst = { everyNs: SECOND_NS, burst: 5 };
export const REDIRECT6: Burst = { everyNs: SECOND_NS, burst: 6 };
export const REDIRECT4: Backoff = { firstNs: SECOND_NS / 50, most: 9, silenceNs: (SECOND_NS / 50) * 1024 };

export interface Burst {
  readonly everyNs: number;
  readonly burst: number;
}

export interface Backoff {
  readonly firstNs: number;
  readonly most: number;
  /** After so long without one it begins anew. */
  readonly silenceNs: number;
}
