/** When to stop probing: a sequential test of each component between an acceptable and an unacceptable loss. */
import { backgroundOf } from './background.ts';
import { boundsOf, type Candidate, searchFaults } from './fault-search.ts';
import { burdenOf, type Counted, counted, fit, lossOf } from './likelihood.ts';
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
  /** Log likelihood ratio of bad against good, under the explanation that speaks least for a decision. */
  readonly evidence: number;
  /** Probes that crossed it. */
  readonly probes: number;
  /** The most likely loss, 0–1. */
  readonly loss: number;
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

/** Explanations within so much deviance of the best must agree: three in ten thousand. */
const WITHIN = 13;
/** One fault more is reckoned with where it gains so much. */
const GAIN = 20;
const MOST_ASKED = 8;

/**
 * Decides each component from the counts of all walks so far: it is bad, or good, where it is under each explanation of the counts that
 * fits, its own burden aside. One a component, by index. Throws RangeError for counts that are no counts, or a test that is none.
 */
export function decide(walks: readonly Walk[], counts: readonly WalkCounts[], components: number, test: LossTest): Decision[] {
  const { acceptable, unacceptable } = checked(test);
  const data = counted(walks, counts, components);
  const [least, most] = [burdenOf(acceptable), burdenOf(unacceptable)];
  const good = Math.max(least, Math.min(most / 2, backgroundOf(data, GAIN)));
  const found = searchFaults(data, { good, within: WITHIN, gain: GAIN }).slice(0, MOST_ASKED);
  const ends = endsOf(test);
  return data.columns.map(({ walks: crossing }, component) => {
    const probes = crossing.reduce((sum, walk) => sum + counts[walk]!.sent, 0);
    const loss = lossOf(found[0]!.fit.burdens[component]!);
    if (probes === 0) return { component, state: 'open', evidence: 0, probes, loss: 0 };
    const each = found.map((candidate) => evidenceOf(data, candidate, component, { good, least, most }));
    const [low, high] = [Math.min(...each), Math.max(...each)];
    const state = low >= ends.bad ? 'bad' : high <= ends.good ? 'good' : 'open';
    return { component, state, evidence: low >= 0 ? low : high <= 0 ? high : 0, probes, loss };
  });
}

interface Levels {
  /** Burdens: of other good components at most, and of this one if it is good and if it is bad. */
  readonly good: number;
  readonly least: number;
  readonly most: number;
}

function evidenceOf(data: Counted, { faults, fit: known }: Candidate, component: number, { good, least, most }: Levels): number {
  const others = boundsOf(
    data,
    faults.filter((fault) => fault !== component),
    good,
  );
  const devianceAt = (burden: number): number => {
    const [low, high] = [others.low.slice(), others.high.slice()];
    [low[component], high[component]] = [burden, burden];
    return fit(data, { low, high }, known.burdens).deviance;
  };
  return (devianceAt(least) - devianceAt(most)) / 2;
}

/** A component that is still open after so many times the packets of a fixed size lies between, or no walk tells it. */
const GIVE_UP = 8;
/** A walk on which fewer probes than this arrive tells too little of the rest. */
const LEAST_ARRIVING = 0.05;

/**
 * How many more probes on each walk would settle what is open if they go as the first ones did, few in sum; 0 for all where nothing is
 * open or no walk helps. At most `budget` in sum.
 */
export function nextRound(walks: readonly Walk[], decisions: readonly Decision[], test: LossTest, budget: number): number[] {
  const needs = needsOf(decisions, test);
  const yields = walks.map((walk) => yieldsOf(walk, decisions));
  const planned = walks.map(() => 0);
  for (let left = Math.floor(budget); left > 0; ) {
    const worth = yields.map((shares) => [...shares].reduce((sum, [component, share]) => sum + (needs[component]! > 0 ? share : 0), 0));
    const best = worth.reduce((at, each, walk) => (each > worth[at]! + 1e-9 ? walk : at), 0);
    if (!(worth[best]! > 0)) break;
    const shares = [...yields[best]!].filter(([component]) => needs[component]! > 0);
    const probes = Math.min(
      left,
      Math.max(1, Math.ceil(Math.min(...shares.map(([component, share]) => needs[component]! / share)) - 1e-9)),
    );
    for (const [component, share] of shares) needs[component]! -= probes * share;
    planned[best]! += probes;
    left -= probes;
  }
  return planned;
}

/** Probes that must still cross each component; 0 where it is decided or given up. */
function needsOf(decisions: readonly Decision[], test: LossTest): number[] {
  const { acceptable, unacceptable } = checked(test);
  const ends = endsOf(test);
  const most = GIVE_UP * testCost(test).fixed;
  const falling = burdenOf(unacceptable) - burdenOf(acceptable);
  const rising = unacceptable * Math.log(unacceptable / acceptable) - (1 - unacceptable) * falling;
  return decisions.map(({ state, evidence, probes }) => {
    if (state !== 'open' || probes > most) return 0;
    const need = evidence > 0 ? Math.max(0, ends.bad - evidence) / rising : Math.max(0, evidence - ends.good) / falling;
    return Math.max(1, need);
  });
}

/** How much one probe tells of each component that it crosses: how often it does, as far as it is not lost elsewhere. */
function yieldsOf({ crossings }: Walk, decisions: readonly Decision[]): Map<number, number> {
  const arriving = crossings.map((component) => 1 - decisions[component]!.loss);
  const yields = new Map<number, number>();
  for (const component of new Set(crossings)) {
    const share = arriving.reduce((product, each, place) => (crossings[place] === component ? product : product * each), 1);
    if (share >= LEAST_ARRIVING) yields.set(component, share * crossings.filter((other) => other === component).length);
  }
  return yields;
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
