/** What a trace says of one position of a path. */
import type { Answer, Outcome } from '../probe/observation.ts';
import type { Address } from '../wire/address.ts';
import { FAMILIES, isKind } from '../wire/family.ts';

export interface Hop {
  /** The ttl at which it answers, which is its place on the path: the first router is 1. */
  readonly ttl: number;
  /** One per probe asked, in the order asked; null where nobody answered in time. */
  readonly answers: readonly (HopAnswer | null)[];
  /** The end of the path. */
  readonly reached: boolean;
  /** The error that ended the trace here. */
  readonly error: Answer['icmp'] | null;
}

export interface HopAnswer {
  readonly address: Address;
  readonly rttNs: number;
}

/** What an outcome means to a trace: a router on the way, the end, an error that ends it, trouble before the path began, or silence. */
export type Meaning = 'hop' | 'reached' | 'error' | 'entry' | 'silent';

/**
 * `lastLeg` is the index of the layer whose ttl is varied: an error about an outer layer arose on the way to the router that
 * unwraps the probe, before the path that is traced.
 */
export function meaningOf(outcome: Outcome, lastLeg: number): Meaning {
  if (outcome.kind === 'landed') return 'reached';
  if (outcome.kind !== 'answered') return 'silent';
  const { family, type, code } = outcome.icmp;
  const table = FAMILIES[family].icmp;
  if (outcome.leg === null) return 'reached'; // an echo reply
  if (outcome.leg < lastLeg) return 'entry';
  if (type === table.timeExceeded) return 'hop';
  return isKind(table.portUnreachable, type, code) ? 'reached' : 'error';
}
