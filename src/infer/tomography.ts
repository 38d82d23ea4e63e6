/**
 * Which links and devices lose packets, from what probes over many paths came to. A component loses what it loses by itself, so a path's
 * survival is the product of its components'. All losses are fitted together by maximum likelihood, most of them to nothing: one is above
 * that of good links only where the likelihood gains by it more than a component costs. So a device stands for the loss that all
 * its links share. What remains is judged one by one (`tomography-judge.ts`).
 */
import { type Component, checkTallies, type PathTallies } from './path-tallies.ts';
import { fitGoodRate } from './tomography-background.ts';
import { type Census, takeCensus } from './tomography-census.ts';
import { poissonGain, sweep } from './tomography-component.ts';
import { believed, judge } from './tomography-judge.ts';
import { mergeIntoDevices } from './tomography-merge.ts';
import { type Fit, likelihoodOf, startFit } from './tomography-state.ts';

export interface LocalizeOptions {
  /** Loss of a good link, where it is known; else it is estimated. */
  readonly goodRate?: number;
  /** A link that loses more is not good, even if all do; 0.001 where not given. */
  readonly goodRateAtMost?: number;
  /** Of the intervals, and of the likelihood bound within which another explanation fits too; 0.99 where not given. */
  readonly confidence?: number;
  /** Of what is blamed so large a share is good on average, at most, and never more than 0.2 components: 0.01 where not given. */
  readonly falseShare?: number;
}

export interface Suspect extends Component {
  /** Fractions; the interval is a profile likelihood's. */
  readonly loss: number;
  readonly low: number;
  readonly high: number;
  /** Probes sent across it, each crossing counted. */
  readonly sent: number;
}

/**
 * `same-probes`: one of these loses, and the probes cannot tell which. `faint`: likelier to lose than not, but not by enough. `behind`:
 * nothing came as far as these. `not-crossed`: no probe was sent over these.
 */
export interface Undecided {
  readonly components: readonly Component[];
  readonly why: 'same-probes' | 'faint' | 'behind' | 'not-crossed';
}

export interface Localization {
  readonly suspects: readonly Suspect[];
  readonly undecided: readonly Undecided[];
  /** Loss of a good link. */
  readonly goodRate: number;
  /** How much more losses vary than independent ones: 1, or more where they come in bursts. */
  readonly overdispersion: number;
}

const ROUNDS = 20;
const BURST_ROUNDS = 4;
/** So small a share of the lossy components turns in a round whose rate for good links can be believed. */
const SETTLED = 0.1;
/** What a lossy component costs at least, in log likelihood; in large networks more, since there is more to choose from. */
const LEAST_GAIN = 4;
const FAR = 4;
/** Odds within a round, as a share of themselves: the next round moves them anyway. */
const COARSE = 1e-2;
const STILL = 0.1;
const FINE = 1e-6;
const FINAL = 1e-4;

/** Throws RangeError for tallies that do not fit together, and for options outside 0–1. */
export function localize(tallies: PathTallies, options: LocalizeOptions = {}): Localization {
  const { goodRateAtMost = 1e-3, confidence = 0.99, falseShare = 0.01 } = options;
  for (const [name, value] of Object.entries({ goodRate: 0.5, goodRateAtMost, confidence, falseShare, ...options })) {
    if (!(value > 0 && value < 1)) throw new RangeError(`${name} lies between 0 and 1, got ${value}`);
  }
  checkTallies(tallies);
  const known = options.goodRate ?? null;
  const rate = known ?? Math.min(goodRateAtMost, crudeRate(tallies));
  const { search, goodRate, census } = settledFrom(tallies, known, goodRateAtMost, rate);
  const beliefs = believed(search.fit, census, { rate: goodRate, atMost: Math.max(goodRateAtMost, goodRate) }, falseShare);
  const last = polish(search, beliefs.blamed, goodRate);
  const verdicts = judge(search.fit, census, beliefs, { goodRate: last, confidence });
  return { ...verdicts, goodRate: last, overdispersion: census.overdispersion };
}

interface Search {
  readonly fit: Fit;
  /** The good links' rate, or null where it is to be found. */
  readonly known: number | null;
  readonly atMost: number;
}

interface Settled {
  readonly search: Search;
  readonly goodRate: number;
  readonly census: Census;
  readonly cost: number;
}

/** A network of more crossings has good links enough to find their rate from wherever the search starts. */
const SMALL = 100_000;
const FROM_BELOW = 0.01;

/** In a small network, where one lossy link can make all look lossy, the search starts from above and from below; the likelier end counts. */
function settledFrom(tallies: PathTallies, known: number | null, atMost: number, rate: number): Settled {
  const from = (first: number): Settled => settleWithBursts({ fit: startFit(tallies, first), known, atMost }, first);
  const above = from(rate);
  if (known !== null || tallies.crossings.length > SMALL) return above;
  const below = from(rate * FROM_BELOW);
  const factor = Math.max(above.census.overdispersion, below.census.overdispersion);
  const worth = ({ search, goodRate, cost }: Settled): number =>
    likelihoodOf(search.fit, goodRate) / factor - cost * search.fit.odds.reduce((many, odds) => many + Number(odds > 0), 0);
  return worth(below) > worth(above) ? below : above;
}

/** Where losses come in bursts the fit is done again: a component then costs so many times more. */
function settleWithBursts(search: Search, first: number): Settled {
  const { fit } = search;
  const order = byCrudeGain(fit, first);
  const cost = Math.max(LEAST_GAIN, 0.75 * Math.log(Math.max(order.length, 1)));
  let goodRate = settle(search, order, cost, first);
  let census = takeCensus(fit, goodRate);
  for (let round = 0, factor = 1; round < BURST_ROUNDS && census.overdispersion > 1.2 * factor; round += 1) {
    factor = census.overdispersion;
    goodRate = settle(search, order, cost * factor, goodRate);
    census = takeCensus(fit, goodRate);
  }
  return { search, goodRate, census, cost };
}

/** Rounds of components and the good links' rate, until none turns from good to lossy or back and the rest stands still. */
function settle({ fit, known, atMost }: Search, all: Uint32Array, atLeast: number, first: number): number {
  let goodRate = first;
  let order = all;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { turned, moved, lossy } = sweep(fit, order, atLeast, COARSE);
    const before = goodRate;
    // before causes are told from what shares their paths, too much is taken for lossy, and nothing is left for good links
    const isSettled = turned <= SETTLED * lossy + 10;
    if (known === null && isSettled) goodRate = fitGoodRate(fit, goodRate, atMost);
    const merged = isSettled ? mergeIntoDevices(fit, atLeast) : 0;
    const isStill = turned + merged === 0 && moved < STILL && Math.abs(goodRate - before) < COARSE * goodRate;
    if (isStill && order === all) break;
    // in between, what is far from being lossy is left out
    const isNews = round === 0 || isStill || goodRate < before / 2;
    order = isNews ? all : all.filter((component) => fit.odds[component]! > 0 || fit.crudeGains[component]! > atLeast / FAR);
  }
  return goodRate;
}

/** The odds of what is blamed, and the good links' rate, to the end. */
function polish({ fit, known, atMost }: Search, blamed: readonly number[], first: number): number {
  const goodRate = known ?? fitGoodRate(fit, first, atMost);
  for (let round = 0; round < ROUNDS; round += 1) if (sweep(fit, blamed, 0, FINE).moved < FINAL) break;
  return goodRate;
}

/** As if every loss were a good link's: an estimate from above. */
function crudeRate({ start, sent, lost }: PathTallies): number {
  let [losses, passed] = [0.5, 1];
  for (let path = 0; path < sent.length; path += 1) {
    losses += lost[path]!;
    passed += (sent[path]! - lost[path]!) * (start[path + 1]! - start[path]!);
  }
  return losses / passed;
}

/**
 * Components that lost something, those first that alone would explain the most, so that a cause comes before what only shares its paths;
 * among equals devices, then what comes first.
 */
function byCrudeGain({ components, first, arrived, lost, tallies }: Fit, goodRate: number): Uint32Array {
  const gains = new Float64Array(components);
  for (let component = 0; component < components; component += 1) {
    const expected = 3 * goodRate * arrived[component]!;
    if (lost[component]! > expected) gains[component] = poissonGain(lost[component]!, expected);
  }
  const crossed = Uint32Array.from(gains.keys()).filter((component) => first[component]! < first[component + 1]!);
  return crossed.sort((a, b) => gains[b]! - gains[a]! || Number(b >= tallies.links) - Number(a >= tallies.links) || a - b);
}
