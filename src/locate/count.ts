/** What became of the probes over each walk, round by round. */
import type { WalkCounts } from '../infer/walk.ts';
import { type Answered, isOutcome, type Observation } from '../probe/observation.ts';
import type { Question } from '../probe/question.ts';

export interface WalkTally {
  sent: number;
  received: number;
  lost: number;
  /** Unanswered while this machine itself dropped packets: no loss. */
  unknown: number;
  errors: number;
  /** The first error that came in place of a landing. */
  error: Answered | null;
  /** ttls of landings at home. */
  readonly ttls: Set<number>;
  /** Nanoseconds. */
  longestRttNs: number;
  readonly rounds: RoundTally[];
}

/** Of one walk in one round: `asked` = `decided` + what is in flight, and of the decided ones `sent` came home or were lost. */
export interface RoundTally {
  asked: number;
  decided: number;
  sent: number;
  lost: number;
}

export const newRoundTally = (): RoundTally => ({ asked: 0, decided: 0, sent: 0, lost: 0 });

export const newWalkTally = (): WalkTally => ({
  sent: 0,
  received: 0,
  lost: 0,
  unknown: 0,
  errors: 0,
  error: null,
  ttls: new Set(),
  longestRttNs: 0,
  rounds: [],
});

/** A probe of a round, as it is asked. */
export interface Asked {
  readonly question: Question;
  readonly walk: number;
  readonly round: number;
}

export function countSeen(tally: WalkTally, seen: Observation, round: number): void {
  const counts = tally.rounds[round]!;
  if (isOutcome(seen)) counts.decided += 1;
  if (seen.kind === 'landed') {
    tally.received += 1;
    counts.sent += 1;
    tally.ttls.add(seen.ttl);
    tally.longestRttNs = Math.max(tally.longestRttNs, seen.rttNs);
  } else if (seen.kind === 'lost') {
    tally.lost += 1;
    counts.sent += 1;
    counts.lost += 1;
  } else if (seen.kind === 'answered') {
    tally.errors += 1;
    tally.error ??= seen;
  } else if (seen.kind === 'unknown') tally.unknown += 1;
}

/** What is decided of a walk; `missing` are those in flight for so long that they hardly come home any more. */
export const countsOf = ({ received, lost }: WalkTally, missing = 0): WalkCounts => ({
  sent: received + lost + missing,
  lost: lost + missing,
});

export const decidedOf = ({ received, lost, unknown, errors }: WalkTally): number => received + lost + unknown + errors;

/** Rounds in which no walk was counted say nothing. `missing`: what is in flight is taken for lost. */
export function roundsOf(tallies: readonly WalkTally[], missing: boolean): WalkCounts[][] {
  const count = Math.max(0, ...tallies.map(({ rounds }) => rounds.length));
  const all = Array.from({ length: count }, (_, round) => tallies.map(({ rounds }) => roundCounts(rounds[round], missing)));
  return all.filter((round) => round.some(({ sent }) => sent > 0));
}

function roundCounts(tally: RoundTally | undefined, missing: boolean): WalkCounts {
  if (tally === undefined) return { sent: 0, lost: 0 };
  const more = missing ? tally.asked - tally.decided : 0;
  return { sent: tally.sent + more, lost: tally.lost + more };
}
