/** What a packet of a recording is, as far as it is known: one sight serves all packets of a file. */
import type { Grade } from '../probe/observation.ts';
import { type Glance, newGlance } from '../wire/glance.ts';
import type { Shape } from './decode-shape.ts';

/**
 * `sent`: a probe leaves, or is seen first. `passing`: seen again, neither at home nor an answer. `landed`: home; `duplicate`: once more.
 * `answered`: an ICMP error or an echo reply. `self`: our own stack's error about what landed. The rest as among a run's strays.
 */
export const SIGHT_KINDS = [
  'sent',
  'passing',
  'landed',
  'duplicate',
  'answered',
  'redirect',
  'self',
  'corrupted',
  'ambiguous',
  'foreign',
] as const;
export type SightKind = (typeof SIGHT_KINDS)[number];

/** `unproven`: the recording has no key, so the tag cannot be held against it. */
export type SightGrade = Grade | 'unproven';
export const SIGHT_GRADES: readonly SightGrade[] = ['proven', 'quoted', 'weak', 'unproven'];

export interface Sight {
  /** Of the packet in the file, from 1. */
  number: number;
  kind: SightKind;
  direction: 'inbound' | 'outbound' | null;
  /** Where the IP packet begins; -1 where there is none. */
  networkAt: number;
  readonly outer: Glance;
  /** What an ICMP error quotes; `quote.count` is 0 where it quotes no header. */
  readonly quote: Glance;
  /** Where the quote begins, or -1 where there is none, and where it ends. */
  quoteAt: number;
  quoteEnd: number;
  /** Where our payload begins in the packet or its quote, or -1. */
  identityAt: number;
  /** The probe; -1 where none is known. */
  run: number;
  path: number;
  sequence: number;
  /** Null where the recording did not show the probe when it was sent. */
  shape: Shape | null;
  /** Index of the leg, or -1. */
  leg: number;
  /** Nanoseconds since the probe was sent, NaN where that is not known or means nothing. */
  ageNs: number;
  grade: SightGrade | null;
}

export function newSight(): Sight {
  return {
    number: 0,
    kind: 'foreign',
    direction: null,
    networkAt: -1,
    outer: newGlance(),
    quote: newGlance(),
    quoteAt: -1,
    quoteEnd: -1,
    identityAt: -1,
    run: -1,
    path: -1,
    sequence: -1,
    shape: null,
    leg: -1,
    ageNs: Number.NaN,
    grade: null,
  };
}

/** All but the packet's number. */
export function clearSight(sight: Sight): void {
  sight.kind = 'foreign';
  sight.direction = null;
  sight.networkAt = -1;
  sight.outer.count = 0;
  sight.quote.count = 0;
  sight.quoteAt = -1;
  sight.quoteEnd = -1;
  forgetProbe(sight);
  sight.leg = -1;
  sight.ageNs = Number.NaN;
  sight.grade = null;
}

/** It is of no probe that is known. */
export function forgetProbe(sight: Sight): void {
  sight.identityAt = -1;
  sight.run = -1;
  sight.path = -1;
  sight.sequence = -1;
  sight.shape = null;
}
