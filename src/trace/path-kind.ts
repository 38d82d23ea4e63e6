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
}

interface Plan {
  /** The headers around the one whose ttl is varied. */
  readonly outer: readonly Layer[];
  /** Layers left when a probe comes home; 0: it is meant to be answered where it ends. */
  readonly landing: number;
}

/** ARCHITECTURE.md, "Packets". The varied header always goes from us to where the path ends. */
export const PLANS: Readonly<Record<PathKind, (ends: PathEnds) => Plan>> = {
  // Nobody answers what we send to ourselves (its source is ours, which stacks refuse), but it is seen to arrive.
  trace: ({ us, to }) => ({ outer: [], landing: to === us ? 1 : 0 }),
  reverse: ({ us, from }) => ({ outer: [{ source: us, destination: from, ttl: FAR }], landing: 1 }),
  between: ({ us, from }) => ({ outer: [{ source: us, destination: from, ttl: FAR }], landing: 0 }),
};

/** The headers of the probe that expires at the n-th hop of the path; the router that unwraps it is the first. */
export function traceLayers(ends: PathEnds, ttl: number): readonly Layer[] {
  return [...PLANS[ends.kind](ends).outer, { source: ends.us, destination: ends.to, ttl }];
}
