/** When to stop probing: a sequential test of each component between an acceptable and an unacceptable loss. */
import { backgroundOf } from './background.ts';
import { burdenOf, type Counted, counted, loadsOf, lossOf, MOST_BURDEN } from './counted.ts';
import { divergence } from './divergence.ts';
import { type Candidate, searchFaults } from './fault-search.ts';
import { few, fitFew } from './few.ts';
import { normalQuantile } from './normal.ts';
import type { Walk, WalkCounts } from './walk.ts';

export { stoppedInterval } from './stopped-interval.ts';

export interface LossTest {
  /** Loss of a good component at most, 0–1. */
  readonly acceptable: number;
  /** Loss of a bad component at least, 0–1, above `acceptable`. */
  readonly unacceptable: number;
  /** Chance to call a good component bad; 1e-3. */
  readonly alpha?: number;
  /** Chance to call a bad component good; 1e-3. */
  readonly beta?: number;
}

/** What the test says of one component. */
export interface Decision {
  readonly component: number;
  readonly state: 'good' | 'bad' | 'open';
  /** Log likelihood ratio of the best explanation in which it is bad against the best in which it is good. */
  readonly evidence: number;
  /** Probes that crossed it. */
  readonly probes: number;
  /** How much evidence one more probe over each walk adds, if what is likelier now is true. */
  readonly telling: readonly number[];
  /** As much evidence as the probes so far should have brought by that. */
  readonly due: number;
}

/** Packets that Wald's test needs in the mean on a good and on a bad link, and those of a test of fixed size with the same errors. */
export interface TestCost {
  readonly good: number;
  readonly bad: number;
  readonly fixed: number;
}

/** The evidence at which the test ends (A. Wald, "Sequential Tests of Statistical Hypotheses", Annals of Mathematical Statistics 16, 1945). */
export interface Ends {
  readonly good: number;
  readonly bad: number;
}

export function endsOf(test: LossTest): Ends {
  const { alpha, beta } = checked(test);
  return { good: Math.log(beta / (1 - alpha)), bad: Math.log((1 - beta) / alpha) };
}

/** Wald's approximation, and that of the normal distribution for the fixed size. Throws RangeError for a test that is none. */
export function testCost(test: LossTest): TestCost {
  const { acceptable: p, unacceptable: q, alpha, beta } = checked(test);
  const ends = endsOf(test);
  const drift = (loss: number): number => loss * Math.log(q / p) + (1 - loss) * Math.log((1 - q) / (1 - p));
  const spread = -normalQuantile(alpha) * Math.sqrt(p * (1 - p)) - normalQuantile(beta) * Math.sqrt(q * (1 - q));
  return {
    good: ((1 - alpha) * ends.good + alpha * ends.bad) / drift(p),
    bad: (beta * ends.good + (1 - beta) * ends.bad) / drift(q),
    fixed: (spread / (q - p)) ** 2,
  };
}

/** Explanations further than this from the best are out of the question: three in ten thousand. */
const WITHIN = 13;
/** One fault more is reckoned with where it gains so much. */
const GAIN = 20;
const MOST_ASKED = 8;

/**
 * Decides each component from the counts of all walks so far: the likelihood of the best explanation in which it is bad, against that of
 * the best in which it is good, by Wald's ends. One a component, by index. Throws RangeError for counts that are no counts, or a test
 * that is none.
 */
export function decide(walks: readonly Walk[], counts: readonly WalkCounts[], components: number, test: LossTest): Decision[] {
  const { acceptable, unacceptable } = checked(test);
  const data = counted(walks, counts, components);
  const [least, most] = [burdenOf(acceptable), burdenOf(unacceptable)];
  const good = Math.max(least, Math.min(most / 4, backgroundOf(data)));
  const found = searchFaults(data, { good, within: WITHIN, gain: GAIN }).slice(0, MOST_ASKED);
  const ends = endsOf(test);
  return data.columns.map(({ walks: crossing }, component) => {
    const probes = crossing.reduce((sum, walk) => sum + counts[walk]!.sent, 0);
    const ifGood = likeliest(found.map((candidate) => caseOf(data, candidate, component, [0, least])));
    const ifBad = likeliest(found.map((candidate) => caseOf(data, candidate, component, [most, MOST_BURDEN])));
    const evidence = probes === 0 ? 0 : (ifGood.deviance - ifBad.deviance) / 2;
    const state = evidence >= ends.bad ? 'bad' : evidence <= ends.good ? 'good' : 'open';
    const telling = tellingOf(ifGood.loads, ifBad.loads, evidence);
    const due = telling.reduce((sum, each, walk) => sum + each * counts[walk]!.sent, 0);
    return { component, state, evidence, probes, telling, due };
  });
}

interface Case {
  readonly deviance: number;
  /** The burden of each walk. */
  readonly loads: Float64Array;
}

const likeliest = (cases: readonly Case[]): Case => cases.reduce((one, other) => (other.deviance < one.deviance ? other : one));

/** The component's burden in a range, and the faults of an explanation free. */
function caseOf(data: Counted, { faults, fit }: Candidate, component: number, [least, most]: readonly [number, number]): Case {
  const free = [...faults.filter((fault) => fault !== component), component];
  const reduced = few(data, free, fit.burdens, 1);
  reduced.bounds.low[free.length - 1] = least;
  reduced.bounds.high[free.length - 1] = most;
  const { deviance, burdens } = fitFew(
    reduced,
    free.map((one) => fit.burdens[one]!),
  );
  return { deviance, loads: loadsOf(reduced.data, burdens) };
}

/** Losses that are this many times rarer than those of the other case are not reckoned with: the first probes mostly come home. */
const RARER = 5;

function tellingOf(loadsIfGood: Float64Array, loadsIfBad: Float64Array, evidence: number): number[] {
  return Array.from(loadsIfGood, (load, walk) => {
    const [isSo, isNot] = evidence > 0 ? [loadsIfBad[walk]!, load] : [load, loadsIfBad[walk]!];
    return isNot > RARER * isSo ? isNot - isSo : divergence(lossOf(isSo), lossOf(isNot));
  });
}

/** A walk that would have to be sent so many times the packets of a fixed size tells nothing. */
const MOST_TIMES = 4;
/** A component that is still open when so many times the evidence is due lies between good and bad. */
const MOST_DUE = 8;

/**
 * How many more probes on each walk would settle what is open if they go as is likeliest now, few in sum; 0 for all where nothing is open
 * or no walk helps. At most `budget` in sum.
 */
export function nextRound(walks: readonly Walk[], decisions: readonly Decision[], test: LossTest, budget: number): number[] {
  const needs = needsOf(decisions, test);
  const planned = walks.map(() => 0);
  for (let left = Math.floor(budget); left > 0; ) {
    const open = decisions.filter(({ component }) => needs[component]! > 0);
    const worth = walks.map((_, walk) => open.reduce((sum, { telling }) => sum + telling[walk]!, 0));
    const best = worth.reduce((at, each, walk) => (each > worth[at]! * (1 + 1e-9) ? walk : at), 0);
    if (!(worth[best]! > 0)) break;
    const told = open.filter(({ component, telling }) => telling[best]! > needs[component]! / mostOf(test));
    const probes = Math.min(left, ...told.map(({ component, telling }) => Math.ceil(needs[component]! / telling[best]! - 1e-9)));
    for (const { component, telling } of open) needs[component]! -= probes * telling[best]!;
    planned[best]! += probes;
    left -= probes;
  }
  return planned;
}

const mostOf = (test: LossTest): number => MOST_TIMES * testCost(test).fixed;

/** Evidence that each component still lacks; 0 where it is decided, or no walk would bring it in reasonable time. */
function needsOf(decisions: readonly Decision[], test: LossTest): number[] {
  const ends = endsOf(test);
  const most = mostOf(test);
  return decisions.map(({ state, evidence, telling, due }) => {
    const need = evidence > 0 ? ends.bad - evidence : evidence - ends.good;
    const isHopeless = due > MOST_DUE * (ends.bad - ends.good) || Math.max(0, ...telling) * most <= need;
    return state !== 'open' || isHopeless ? 0 : need;
  });
}

function checked({ acceptable, unacceptable, alpha = 1e-3, beta = 1e-3 }: LossTest): Required<LossTest> {
  if (!(acceptable > 0 && acceptable < unacceptable && unacceptable < 1)) {
    throw new RangeError(`A test needs 0 < acceptable < unacceptable < 1, got ${acceptable} and ${unacceptable}`);
  }
  for (const chance of [alpha, beta]) {
    if (!(chance > 0 && chance < 0.5)) throw new RangeError(`A chance of error lies between 0 and a half, got ${chance}`);
  }
  return { acceptable, unacceptable, alpha, beta };
}
