/**
 * How often a router answers. The kernel keeps one bucket for each peer, and errors, missing routes and redirects all draw from
 * it (net/ipv4/inetpeer.c, icmp.c, route.c); a second bucket is the router's as a whole.
 */
import type { FamilyNumber } from '../../wire/address.ts';
import type { Key } from './header.ts';
import { type Burst, type Limits, REDIRECT4, REDIRECT6, ROUTE_ERROR } from './profile.ts';

interface Peer {
  /** Time saved up, spent by answers. */
  savedNs: number;
  lastNs: number;
  redirects: number;
}

export interface Buckets {
  readonly peers: Map<Key, Peer>;
  credit: number;
  stampNs: number;
}

export const emptyBuckets = (): Buckets => ({ peers: new Map(), credit: 0, stampNs: Number.NEGATIVE_INFINITY });

/** A peer not met before has this much saved. */
const MINUTE_NS = 60e9;

function peerOf({ peers }: Buckets, key: Key, nowNs: number): Peer {
  const peer = peers.get(key) ?? { savedNs: 0, lastNs: nowNs - MINUTE_NS, redirects: 0 };
  peers.set(key, peer);
  return peer;
}

function draw(peer: Peer, nowNs: number, { everyNs, burst }: Burst): boolean {
  peer.savedNs = Math.min(peer.savedNs + nowNs - peer.lastNs, burst * everyNs);
  peer.lastNs = nowNs;
  const enough = peer.savedNs >= everyNs;
  if (enough) peer.savedNs -= everyNs;
  return enough;
}

interface Message {
  readonly family: FamilyNumber;
  readonly type: number;
  readonly code: number;
  readonly to: Key;
}

/** Whether an ICMP message may go; it is counted as gone. `chance` is 0 to below 1. */
export function mayAnswer(
  buckets: Buckets,
  limits: Limits,
  { family, type, code, to }: Message,
  nowNs: number,
  chance: () => number,
): boolean {
  if (!limits.types[family](type, code)) return true;
  if (!hasCredit(buckets, limits, nowNs)) return false;
  const allowed = draw(peerOf(buckets, to, nowNs), nowNs, limits.each[family]);
  if (allowed) buckets.credit -= Math.floor(chance() * 3); // 0 to 2, so that nobody can count others' answers by it
  return allowed;
}

/** The router's own bucket is filled at most every 20 ms. */
function hasCredit(buckets: Buckets, { perSecond, burst }: Limits, nowNs: number): boolean {
  if (buckets.credit > 0) return true;
  const passedNs = Math.min(nowNs - buckets.stampNs, 1e9);
  if (passedNs < 1e9 / 50) return false;
  buckets.stampNs = nowNs;
  buckets.credit = Math.min(buckets.credit + Math.floor((perSecond * passedNs) / 1e9), burst);
  return true;
}

/** A missing IPv4 route is limited for each source in every profile. */
export const mayTellNoRoute = (buckets: Buckets, from: Key, nowNs: number): boolean =>
  draw(peerOf(buckets, from, nowNs), nowNs, ROUTE_ERROR);

/** IPv4: each redirect to the same host waits twice as long as the one before; after nine, until it has been quiet for 20 s. */
export function mayRedirect4(buckets: Buckets, to: Key, nowNs: number): boolean {
  const peer = peerOf(buckets, to, nowNs);
  if (nowNs > peer.lastNs + REDIRECT4.silenceNs) [peer.savedNs, peer.redirects] = [0, 0];
  const enough = peer.redirects >= REDIRECT4.most;
  const due = peer.redirects === 0 || nowNs > peer.lastNs + REDIRECT4.firstNs * 2 ** peer.redirects;
  if (!enough && !due) return false;
  peer.lastNs = nowNs;
  if (!enough) peer.redirects += 1;
  return !enough;
}

/** IPv6: drawn from the destination's bucket and again from the sender's. */
export const mayRedirect6 = (buckets: Buckets, peer: Key, nowNs: number): boolean => draw(peerOf(buckets, peer, nowNs), nowNs, REDIRECT6);
