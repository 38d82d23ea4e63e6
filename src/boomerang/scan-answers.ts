/**
 * How often a router tells that a ttl ran out, and whether what it does not tell is a limit or loss: beside the probes that expire there
 * go others that are steered through it and come home (the policing meter). No more than 50 packets.
 */
import { wilson } from '../infer/interval.ts';
import type { Itinerary } from '../probe/itinerary.ts';
import type { Outcome } from '../probe/observation.ts';
import type { Question } from '../probe/question.ts';
import { type Fact, INTERRUPTED, known, notKnown } from './fact.ts';
import { outcomesOf, questionsOf, type Scanner } from './scan-ask.ts';

/** Of probes whose outcome is known; the interval is Wilson's, 95 %. */
export interface Share {
  readonly sent: number;
  readonly heard: number;
  readonly low: number;
  readonly high: number;
}

export interface Answers {
  readonly limited: Fact<boolean>;
  /** Of 20 at once so many were answered. */
  readonly burst: number | null;
  /** Of 20 more, in a second. A bucket that was just filled or just empty makes one more or less. */
  readonly perSecond: number | null;
  /** Probes that ran out of ttl at it. */
  readonly expired: Share | null;
  /** Probes through it that came home; null: none are known to. */
  readonly steered: Share | null;
}

export const noAnswers = (fact: Fact<never>): Answers => ({ limited: fact, burst: null, perSecond: null, expired: null, steered: null });

const AT_ONCE = 20;
const STEERED = 10;
const AFTERWARDS = 20;
const BURST_GAP_NS = 2_000_000;
const SECOND_NS = 1e9;

/** `isTold`: an outcome of `expiring` is the router's answer. `steered`: null where no probe through it is known to come home. */
export async function answersOf(
  scanner: Scanner,
  expiring: Itinerary,
  isTold: (outcome: Outcome) => boolean,
  steered: Itinerary | null,
): Promise<Answers> {
  const [expires, passes] = await questionsOf(scanner, steered === null ? [expiring] : [expiring, steered]);
  const pair = passes === undefined ? [expires!, expires!] : [expires!, passes, expires!];
  const atOnce = Array.from({ length: STEERED }, () => pair).flat();
  let drawn = 0;
  const counted = function* (): Generator<Question> {
    for (const question of [...atOnce, ...Array<Question>(AFTERWARDS).fill(expires!)]) {
      drawn += 1;
      yield question;
    }
  };
  const gapNs = (): number => (drawn < atOnce.length ? BURST_GAP_NS : SECOND_NS / AFTERWARDS);
  const outcomes = await outcomesOf(scanner, counted(), gapNs); // no pause between, in which a bucket would fill
  if (scanner.isOver()) return noAnswers(INTERRUPTED);
  const [first, later] = [outcomes.slice(0, atOnce.length), outcomes.slice(atOnce.length)];
  const about = (outcomes: readonly Outcome[]): Outcome[] =>
    outcomes.filter(({ kind, probe }) => kind !== 'unknown' && probe.question === expires);
  const through = first.filter(({ kind, probe }) => kind !== 'unknown' && probe.question === passes);
  const expired = shareOf(about([...first, ...later]), isTold);
  const home = shareOf(through, ({ kind }) => kind === 'landed');
  const burst = about(first).filter(isTold).length;
  const perSecond = about(later).filter(isTold).length;
  return { limited: limitedBy(expired, home), burst, perSecond, expired, steered: home };
}

function shareOf(outcomes: readonly Outcome[], isHeard: (outcome: Outcome) => boolean): Share | null {
  const heard = outcomes.filter(isHeard).length;
  const interval = wilson(heard, outcomes.length);
  return interval === null ? null : { sent: outcomes.length, heard, ...interval };
}

function limitedBy(expired: Share | null, steered: Share | null): Fact<boolean> {
  if (expired === null) return notKnown('this machine lost packets meanwhile');
  if (expired.heard === expired.sent) return known(false, `none up to ${AT_ONCE} at once and ${AFTERWARDS} a second`);
  if (expired.heard === 0) return notKnown('it tells of no expired ttl, or not to us');
  if (steered === null) return notKnown('no probe through it is known to come home, so it may be loss');
  return expired.high < steered.low ? known(true) : notKnown('probes through it are lost as well');
}
