/** What is seen of probes: exactly one outcome for each, and remarks beside it. */
import type { Address, FamilyNumber } from '../wire/address.ts';
import type { Question } from './question.ts';

export interface Probe {
  readonly sequence: number;
  readonly question: Question;
}

/** How surely an answer is to this probe: by its tag, by 32 bits of a quote that fits the plan, or by 16 and nothing else fits. */
export type Grade = 'proven' | 'quoted' | 'weak';

/** The one outcome of a probe. `unknown`: this machine itself dropped packets or was disturbed meanwhile, so silence proves nothing. */
export type Outcome =
  | ({
      readonly kind: 'landed';
      readonly probe: Probe;
      readonly rttNs: number;
      readonly ttl: number;
      readonly trafficClass?: number;
    } & Arrival)
  | ({ readonly kind: 'answered'; readonly probe: Probe; readonly rttNs: number } & Answer & Arrival)
  | { readonly kind: 'lost'; readonly probe: Probe }
  | { readonly kind: 'unknown'; readonly probe: Probe };

interface Arrival {
  /** The interface that it came home by, where the engine tells: not always the one that the probe left by. */
  readonly arrivedBy?: string | undefined;
}

/** Somebody answered: an ICMP error about the probe, or an echo reply. */
export interface Answer {
  readonly from: Address;
  readonly icmp: { readonly family: FamilyNumber; readonly type: number; readonly code: number };
  /** ttl or hop limit that the answer arrived with. */
  readonly ttl: number;
  readonly grade: Grade;
  /** Index of the itinerary's layer that was outermost where the error arose; null for an echo reply. */
  readonly leg: number | null;
  /** The next hop's MTU, where the error names one. */
  readonly mtu: number | null;
  /** What was left of the ttl in the outermost quoted header; null for an echo reply. */
  readonly quotedTtl: number | null;
}

export type Answered = Outcome & { readonly kind: 'answered' };

/** Beside the sum: the probe has, had or will have its outcome all the same. `held`: an error came, which a landing may still replace. */
export type Remark =
  | { readonly kind: 'duplicate' | 'late' | 'redirect'; readonly probe: Probe }
  | { readonly kind: 'held'; readonly probe: Probe; readonly answer: Answered };

export type Observation = Outcome | Remark;

/** Packets that belong to no probe's outcome, counted over the run. */
export interface Strays {
  /** Nothing of this run in them. */
  foreign: number;
  /** Ours by the run's number, but the tag or the checksum is wrong; the probe stays lost. */
  corrupted: number;
  /** Our own stack's errors about packets that landed. */
  self: number;
  /** Too short a quote, and more than one outstanding probe fits. */
  ambiguous: number;
  /** Ours and genuine, but neither at home nor an answer: a probe seen on its way. */
  passing: number;
}

export const isOutcome = (seen: Observation): seen is Outcome =>
  seen.kind !== 'duplicate' && seen.kind !== 'late' && seen.kind !== 'redirect' && seen.kind !== 'held';
