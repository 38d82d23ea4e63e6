/** What became of the probes to one position: counts that add up, and the round trips of those that came home. */
import { build, type Histogram } from 'hdr-histogram-js';
import type { Observation } from '../probe/observation.ts';
import type { Address } from '../wire/address.ts';
import { errorKind } from '../wire/icmp.ts';
import type { LayerSourceKind } from './layer-source.ts';
import type { Leg } from './legs.ts';
import type { HopState } from './survey.ts';

/** sent = received + errors + lost + unknown + what is still in flight. */
export interface Tally {
  readonly position: number;
  readonly address: Address | null;
  /** From the hop visited before; null where nothing is measured. */
  readonly leg: Leg | null;
  /** What the survey found; `visited` is all that was swept. `no answer`: and from that one nothing came, though no link lost it. */
  state: HopState | 'no answer';
  /** Whose address its probes carry as source; null where nothing is measured. */
  readonly source: LayerSourceKind | null;
  sent: number;
  received: number;
  lost: number;
  unknown: number;
  readonly errors: Map<string, number>;
  /** The first that said of a probe that it does not fit the next hop. */
  tooBig: TooBig | null;
  duplicate: number;
  late: number;
  /** Microseconds. */
  readonly rtts: Histogram | null;
}

export interface TooBig {
  readonly from: Address;
  /** Index of the leg, 0 being the first; null where the quote does not tell. */
  readonly leg: number | null;
  /** Bytes of the largest packet that the next hop takes. */
  readonly mtu: number;
}

/** One digit less would blur a quantile by a percent; one more would take ten times the memory. */
const DIGITS = 3;
const LONGEST_US = 3_600_000_000;

/** What the survey knows of a hop beside its place. */
export type Surveyed = Pick<Tally, 'leg' | 'state' | 'source'>;

const VISITED: Surveyed = { leg: null, state: 'visited', source: 'us' };
const SILENT: Surveyed = { leg: null, state: 'silent', source: null };

/** `measured`: false for a hop that is only listed. */
export function newTally(
  position: number,
  address: Address | null,
  measured: boolean,
  surveyed: Surveyed = measured ? VISITED : SILENT,
): Tally {
  const rtts = measured
    ? build({ lowestDiscernibleValue: 1, highestTrackableValue: LONGEST_US, numberOfSignificantValueDigits: DIGITS, useWebAssembly: false })
    : null;
  const { leg, state, source } = surveyed;
  const counts = { sent: 0, received: 0, lost: 0, unknown: 0, errors: new Map(), tooBig: null, duplicate: 0, late: 0 };
  return { position, address, leg, state, source, ...counts, rtts };
}

export const errorCount = ({ errors }: Pick<Tally, 'errors'>): number => [...errors.values()].reduce((sum, each) => sum + each, 0);

/** Adds what was seen; `sent` is counted where probes are sent. */
export function count(tally: Tally, seen: Observation): void {
  switch (seen.kind) {
    case 'landed':
      tally.received += 1;
      tally.rtts?.recordValue(Math.min(LONGEST_US, Math.max(1, Math.round(seen.rttNs / 1000))));
      return;
    case 'answered': {
      const kind = errorKind(seen.icmp.family, seen.icmp.type, seen.icmp.code);
      tally.errors.set(kind, (tally.errors.get(kind) ?? 0) + 1);
      if (seen.mtu !== null) tally.tooBig ??= { from: seen.from, leg: seen.leg, mtu: seen.mtu };
      return;
    }
    case 'lost':
    case 'unknown':
    case 'duplicate':
    case 'late':
      tally[seen.kind] += 1;
      return;
    case 'redirect':
    case 'held':
      return; // a note beside the outcome
  }
}

/** So many that were lost may have come to nothing for another reason than loss. */
export function excuse(tally: Tally, lost: number): void {
  tally.lost -= lost;
  tally.unknown += lost;
}
