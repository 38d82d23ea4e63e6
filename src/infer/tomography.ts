/**
 * Which links and devices lose packets, from what probes over many paths came to. A component loses what it loses by itself, so a path's
 * survival is the product of its components'. All losses are fitted together by maximum likelihood, most of them to nothing: one is above
 * that of good links only where the likelihood gains by it more than a component costs. So a device stands for the loss that all
 * its links share. What remains is judged one by one (`tomography-judge.ts`).
 */
import { type Component, checkTallies, type PathTallies, partOf } from './path-tallies.ts';
import { believed, judge } from './tomography-judge.ts';
import { polish, type Settled, settle } from './tomography-settle.ts';
import { likelihoodOf, setOdds, startFit } from './tomography-state.ts';

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

/** In a network of more paths than this what loses much is found on a part of them first. */
const MANY = 2_000_000;
const PART = 500_000;
/** A network of more crossings has good links enough to find their rate from wherever the search starts. */
const SMALL = 100_000;
const FROM_BELOW = 0.01;

/** In a small network, where one lossy link can make all look lossy, the search starts from above and from below; the likelier end counts. */
function settledFrom(tallies: PathTallies, known: number | null, atMost: number, rate: number): Settled {
  if (tallies.sent.length > MANY) return settledByPart(tallies, known, atMost, rate);
  const from = (first: number): Settled => settle({ fit: startFit(tallies, first), known, atMost }, first);
  const above = from(rate);
  if (known !== null || tallies.crossings.length > SMALL) return above;
  const below = from(rate * FROM_BELOW);
  const factor = Math.max(above.census.overdispersion, below.census.overdispersion);
  const worth = ({ search, goodRate, cost }: Settled): number =>
    likelihoodOf(search.fit, goodRate) / factor - cost * search.fit.odds.reduce((many, odds) => many + Number(odds > 0), 0);
  return worth(below) > worth(above) ? below : above;
}

/** Starts from where a part of the paths settles. */
function settledByPart(tallies: PathTallies, known: number | null, atMost: number, rate: number): Settled {
  const part = settle({ fit: startFit(partOf(tallies, PART), rate), known, atMost }, rate);
  const fit = startFit(tallies, part.goodRate);
  for (const [component, odds] of part.search.fit.odds.entries()) setOdds(fit, component, odds);
  return settle({ fit, known, atMost }, part.goodRate, part.census.overdispersion);
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
