/** What became of the probes to one position: counts that add up, and the round trips of those that came home. */
import { build, type Histogram } from 'hdr-histogram-js';
import type { Observation } from '../probe/observation.ts';
import type { Address } from '../wire/address.ts';
import { errorKind } from '../wire/icmp.ts';

/** sent = received + errors + lost + unknown + what is still in flight. */
export interface Tally {
  readonly position: number;
  readonly address: Address | null;
  sent: number;
  received: number;
  lost: number;
  unknown: number;
  readonly errors: Map<string, number>;
  duplicate: number;
  late: number;
  /** Microseconds. */
  readonly rtts: Histogram | null;
}

/** One digit less would blur a quantile by a percent; one more would take ten times the memory. */
const DIGITS = 3;
const LONGEST_US = 3_600_000_000;

/** `measured`: false for a hop that is only listed. */
export function newTally(position: number, address: Address | null, measured: boolean): Tally {
  const rtts = measured
    ? build({ lowestDiscernibleValue: 1, highestTrackableValue: LONGEST_US, numberOfSignificantValueDigits: DIGITS, useWebAssembly: false })
    : null;
  return { position, address, sent: 0, received: 0, lost: 0, unknown: 0, errors: new Map(), duplicate: 0, late: 0, rtts };
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
      return;
    }
    case 'lost':
    case 'unknown':
    case 'duplicate':
    case 'late':
      tally[seen.kind] += 1;
      return;
    case 'redirect':
      return; // a note beside the landing, not an outcome
  }
}
