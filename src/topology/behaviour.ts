/** What a router does to packets besides forwarding them: the lab's kernels are made to do it, the simulator computes it. */
import type { Policer } from './fault.ts';

export interface Behaviour {
  /** Which of its own outer headers it strips, where it decapsulates at all. */
  readonly decapsulation: Decapsulation;
  /** What it drops without a word. */
  readonly filters: readonly Filter[];
  /** Takes packets whose source is one of its own addresses (Linux: accept_local; routers out of the box do not). */
  readonly acceptLocal: boolean;
  /** Copies the outer ttl into the header that it uncovers, where it is the smaller one (the uniform model of RFC 3443). */
  readonly uniformTtl: boolean;
  /** How it chooses among equal ways: the kernel's fib_multipath_hash_policy, 3 with every outer and inner field. */
  readonly hashPolicy: HashPolicy;
  /** The DSCP that every packet leaves it with; null: as it came. */
  readonly remarkDscp: number | null;
  /** Of its own ICMP errors of both families together (redirects are none); null: what the profile allows. 0 a second: none. */
  readonly icmpPolicer: Policer | null;
}

export interface Decapsulation {
  /** Outer headers to any of its addresses, or to its loopback address alone. */
  readonly at: 'any' | 'loopback';
  readonly kinds: readonly Nesting[];
  /** How many it strips of one packet at one visit. */
  readonly layers: number;
}

/** Inner family in outer family. */
export const NESTINGS = ['4in4', '6in6', '4in6', '6in4'] as const;
export type Nesting = (typeof NESTINGS)[number];

/**
 * The first three look at every header that the router meets: the outermost as it comes in, and each that it uncovers. `land`:
 * source and destination are the same. `own-prefix`: the vantage's address as source, come in from elsewhere than the vantage's
 * side, which is where the routes to its loopback address lead. `strict-urpf`: the way back to the source does not lead out where
 * the packet came in (RFC 3704 §2.2). `ct-invalid` looks at what is left of a packet that is handed on: it drops what conntrack
 * calls invalid, ICMP errors about flows that never passed here above all.
 */
export const FILTERS = ['land', 'own-prefix', 'strict-urpf', 'ct-invalid'] as const;
export type Filter = (typeof FILTERS)[number];

export type HashPolicy = 0 | 1 | 2 | 3;

export const POLICER_FORM = 'packets a second, or a second/at once, such as 1 or 1/6';

/** `1` or `1/6`; whole numbers, since the kernel's own limits know no others. Null where it is neither. */
export function policerOf(text: string): Policer | null {
  const [, perSecond, burst] = /^(\d{1,6})(?:\/(\d{1,6}))?$/.exec(text.trim()) ?? [];
  if (perSecond === undefined || Number(burst ?? 1) < 1) return null;
  return { perSecond: Number(perSecond), burst: Number(burst ?? 1) };
}

/** As many layers as the lab's program strips at one visit. */
export const MOST_LAYERS = 8;

export const PLAIN: Behaviour = {
  decapsulation: { at: 'any', kinds: NESTINGS, layers: MOST_LAYERS },
  filters: [],
  acceptLocal: false,
  uniformTtl: false,
  hashPolicy: 1,
  remarkDscp: null,
  icmpPolicer: null,
};
