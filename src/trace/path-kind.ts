/** The three paths that can be traced from here, as a table: which headers a probe wears, and what counts as its end. */

import { FAR, type Layer } from '../probe/itinerary.ts';
import type { Address } from '../wire/address.ts';

export type PathKind = 'trace' | 'reverse' | 'between';

export interface PathEnds {
  readonly kind: PathKind;
  /** Our own address. */
  readonly us: Address;
  /** The router that the path starts at; ours in a forward trace. */
  readonly from: Address;
  /** Where the path ends; ours in a reverse trace. */
  readonly to: Address;
  /** The header that brings a probe to `from`, where that is not one from `us` to `from`. */
  readonly entry?: Pick<Layer, 'source' | 'destination'> | undefined;
  /** Another address of ours as the source of the header whose ttl is varied: one from us to us looks like an attack (LAND). */
  readonly second?: Address;
}

interface Plan {
  /** The headers around the one whose ttl is varied. */
  readonly outer: readonly Layer[];
  /** Layers left when a probe comes home; 0: it is meant to be answered where it ends. */
  readonly landing: number;
}

/** ARCHITECTURE.md, "Packets". The varied header always goes from us (`second`, where that is given) to where the path ends. */
const PLANS: Readonly<Record<PathKind, (ends: PathEnds) => Plan>> = {
  // Nobody answers what we send to ourselves (its source is ours, which stacks refuse), but it is seen to arrive.
  trace: ({ us, to }) => ({ outer: [], landing: to === us ? 1 : 0 }),
  reverse: (ends) => ({ outer: [entryOf(ends)], landing: 1 }),
  between: (ends) => ({ outer: [entryOf(ends)], landing: 0 }),
};

const entryOf = ({ us, from, entry = { source: us, destination: from } }: PathEnds): Layer => ({ ...entry, ttl: FAR });

/**
 * What the header with the varied ttl carries: the probe alone, or one more header, so that routers see IP in IP, as on the legs of a
 * boomerang. With `home` the end unwraps it and forwards it to us, with `delivery` the end unwraps it and takes it.
 */
export type Carries = 'probe' | 'home' | 'delivery';

const CARRIED: Readonly<Record<Exclude<Carries, 'probe'>, { readonly to: (ends: PathEnds) => Address; readonly landing: number }>> = {
  home: { to: ({ us }) => us, landing: 1 },
  delivery: { to: ({ to }) => to, landing: 0 },
};

export interface TracePlan {
  /** The headers of the probe that expires at the n-th hop of the path; the router that unwraps it is the first. */
  readonly layers: (ttl: number) => readonly Layer[];
  /** Which of them has that ttl. */
  readonly varied: number;
  readonly landing: number;
}

export function tracePlan(ends: PathEnds, carries: Carries = 'probe'): TracePlan {
  const { outer, landing } = PLANS[ends.kind](ends);
  const { us, to, second = us } = ends;
  const carried = carries === 'probe' || to === us ? null : CARRIED[carries]; // a reverse trace is steered home already
  const inner = carried === null ? [] : [{ source: us, destination: carried.to(ends), ttl: FAR }];
  return {
    layers: (ttl) => [...outer, { source: second, destination: to, ttl }, ...inner],
    varied: outer.length,
    landing: carried?.landing ?? landing,
  };
}
