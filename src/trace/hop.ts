/** What a trace says of one position of a path. */
import type { Answer, Outcome } from '../probe/observation.ts';
import type { Address } from '../wire/address.ts';
import { FAMILIES, isKind, isNestingRefused } from '../wire/family.ts';
import type { PathEnds } from './path-kind.ts';

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

/** The longest round trip of all answers; 0 where nobody answered. */
export const longestRttNs = (hops: readonly Hop[]): number =>
  Math.max(0, ...hops.flatMap(({ answers }) => answers.map((answer) => answer?.rttNs ?? 0)));

/** What an outcome means to a trace: a router on the way, the end, an error that ends it, trouble before the path began, or silence. */
export type Meaning = 'hop' | 'reached' | 'error' | 'entry' | 'silent';

/**
 * `varied` is the index of the layer whose ttl is varied: an error about an outer layer arose on the way to the router that unwraps
 * the probe, before the path that is traced. An error about an inner one arose when the end had unwrapped it; so did, without the
 * unwrapping, the end's own word that it does not.
 */
export function meaningOf(outcome: Outcome, varied: number): Meaning {
  if (outcome.kind === 'landed') return 'reached';
  if (outcome.kind !== 'answered') return 'silent';
  const { family, type, code } = outcome.icmp;
  const table = FAMILIES[family].icmp;
  if (outcome.leg === null) return 'reached'; // an echo reply
  if (outcome.leg < varied) return 'entry';
  if (outcome.leg > varied) return 'reached';
  if (type === table.timeExceeded) return 'hop';
  const isSteered = outcome.probe.question.itinerary.layers.length > varied + 1;
  const isEnd = isSteered ? isNestingRefused(FAMILIES[family], type, code) : isKind(table.portUnreachable, type, code);
  return isEnd ? 'reached' : 'error';
}

/**
 * How many hops away the end is, from what is left of the ttl when a probe arrives there: the end may have answered a farther probe
 * alone, since it answers no more than so often. Null where nothing tells.
 */
export function distanceTold(outcome: Outcome, varied: number): number | null {
  if (outcome.kind !== 'landed' && outcome.kind !== 'answered') return null;
  const { layers, landing } = outcome.probe.question.itinerary;
  const asked = layers[varied]!.ttl;
  const arrived = outcome.kind === 'landed' ? layers.length - landing === varied : outcome.leg === varied;
  const left = outcome.kind === 'landed' ? outcome.ttl : outcome.quotedTtl;
  return arrived && left !== null && left >= 1 && left <= asked ? asked - left + 1 : null;
}

/**
 * Who stands at the hop. For a probe that came home it is the end: in a reverse trace that is us. What the end had unwrapped already
 * may be answered by a router on the way home.
 */
export function answererOf(outcome: Outcome, varied: number, ends: PathEnds): Address {
  const atTheHop = outcome.kind === 'answered' && (outcome.leg === null || outcome.leg <= varied);
  return atTheHop ? outcome.from : ends.to;
}
