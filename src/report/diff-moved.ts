/** What can be said of two counts of one hop: which may have moved, and whether they did at a confidence. */
import { newcombe, type Proportion } from '../infer/difference.ts';
import { precedence, type Ranked } from '../infer/precedence.ts';
import { type DiffHop, rankOf } from './diff-run.ts';
import type { RttMoved, RttSummary, ShareMoved } from './event.ts';

/** Of a whole comparison. */
export const CONFIDENCE = 0.95;

/** One thing that was looked at in two runs, before it is known how many there are to allow for. */
export interface Looked<Told> {
  /** How many of its values could differ enough. The others cannot mislead by chance, so they need no allowance (R. E. Tarone, Biometrics 46, 1990). */
  readonly tests: number;
  /** Both runs know of it. */
  readonly isKnown: boolean;
  readonly told: (confidence: number) => Unstamped<Told>;
}

export type Unstamped<One> = Omit<One, 'v' | 'timeMs'>;

/** A share of probes; the two differ where nobody knows of some whether they are among it. */
export interface Measured {
  readonly least: Proportion;
  readonly most: Proportion;
}

export interface SharePair {
  readonly a: Measured;
  readonly b: Measured;
}

export interface Counted {
  readonly isStateMoved: boolean;
  readonly loss: SharePair | null;
  readonly errors: SharePair | null;
  readonly rtt: RttMoved | null;
  readonly tests: number;
  /** There are round trips, too few to tell anything. */
  readonly isRttShort: boolean;
}

export const NOTHING: Counted = { isStateMoved: false, loss: null, errors: null, rtt: null, tests: 0, isRttShort: false };

/** Of the same hop in two runs that count alike. */
export function counted(a: DiffHop, b: DiffHop): Counted {
  const loss = a.loss && b.loss && { a: a.loss, b: b.loss };
  const errors = a.failed && b.failed && { a: a.failed, b: b.failed };
  const isRttLong = a.rttMs !== null && b.rttMs !== null && leastChance(a.rttCount, b.rttCount) <= 1 - CONFIDENCE;
  const rtt = a.rttMs === null || b.rttMs === null ? null : rttMoved(a.rttMs, a.rttCount, b.rttMs, b.rttCount);
  const tests = [isMixed(loss), isMixed(errors), isRttLong].filter((can) => can).length;
  const isStateMoved = hasState(a) && hasState(b) && a.state !== b.state;
  return { isStateMoved, loss, errors, rtt, tests, isRttShort: rtt !== null && !isRttLong };
}

/** A hop that only stands in a path was not looked at. */
const hasState = ({ state, decided }: DiffHop): boolean => state !== null || decided > 0;

/** Where neither run or both runs had it of every probe, nothing can differ. */
export function isMixed(share: SharePair | null): boolean {
  if (share === null) return false;
  const { a, b } = share;
  return a.most.successes + b.most.successes > 0 && a.least.successes + b.least.successes < a.least.trials + b.least.trials;
}

/** The first at its most and the second at its least, and the other way round, so that what nobody knows moves nothing. */
export function shareMoved(share: SharePair, confidence: number): ShareMoved {
  const { low } = newcombe(share.a.most, share.b.least, confidence)!;
  const { high } = newcombe(share.a.least, share.b.most, confidence)!;
  return { a: middle(share.a), b: middle(share.b), low, high };
}

const middle = ({ least, most }: Measured): number => (least.successes / least.trials + most.successes / most.trials) / 2;

/** No difference at all lies outside the interval. */
export const isBeyond = (moved: { readonly low: number; readonly high: number } | null): boolean =>
  moved !== null && (moved.low > 0 || moved.high < 0);

/**
 * The values of a sample that are known by rank. Round trips have moved where the median of one run lies above the 95th percentile of the
 * other, or all of one above the other's median: both ways round four separations, each with its exact probability. Whoever looks for the
 * best of four sees one four times as often.
 */
const SEPARATIONS = [
  { lower: 'p95', upper: 'p50' },
  { lower: 'p50', upper: 'min' },
] as const;
const WAYS = 2 * SEPARATIONS.length;

const ranked = (value: 'min' | 'p50' | 'p95', size: number): Ranked => ({
  rank: value === 'min' ? 1 : rankOf(value === 'p50' ? 0.5 : 0.95, size),
  size,
});

function chances(lowerCount: number, upperCount: number): { chance: number; separation: (typeof SEPARATIONS)[number] }[] {
  return SEPARATIONS.map((separation) => {
    const { lower, upper } = separation;
    return { chance: Math.min(1, WAYS * precedence(ranked(lower, lowerCount), ranked(upper, upperCount))), separation };
  });
}

const leastChance = (a: number, b: number): number => Math.min(...[...chances(a, b), ...chances(b, a)].map(({ chance }) => chance));

/** Values are rounded up to a thousandth (the least is not), which only brings them nearer; a spray's are all rounded alike. */
function rttMoved(a: RttSummary, aCount: number, b: RttSummary, bCount: number): RttMoved {
  const seen = [
    ...chances(aCount, bCount).filter(({ separation: { lower, upper } }) => a[lower] < b[upper]),
    ...chances(bCount, aCount).filter(({ separation: { lower, upper } }) => b[lower] < a[upper]),
  ];
  return { a: a.p50, b: b.p50, chance: seen.length === 0 ? null : Math.min(...seen.map(({ chance }) => chance)) };
}
