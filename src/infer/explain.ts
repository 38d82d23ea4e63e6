/** Which components lose, told from counts of walks: every smallest set of faults that fits, with intervals. */

import { backgroundOf } from './background.ts';
import { burdenOf, type Counted, counted, lossOf } from './counted.ts';
import type { Diagnosis, Explanation } from './diagnosis.ts';
import { type Candidate, fitWith, searchFaults } from './fault-search.ts';
import { few, fitFew } from './few.ts';
import { judge } from './judge.ts';
import { likewise } from './likewise.ts';
import { normalQuantile } from './normal.ts';
import { overdispersionOf } from './overdispersion.ts';
import { lowerEnd, upperEnd } from './profile.ts';
import { boundFor } from './rivals.ts';
import { stoppedLimit } from './stopped-interval.ts';
import type { Walk, WalkCounts } from './walk.ts';

export type { Diagnosis, Explanation, Fault, Judgement } from './diagnosis.ts';

export interface ExplainOptions {
  readonly components: number;
  /** A component is faulty above this loss, 0–1. */
  readonly threshold: number;
  /** What a good component loses at most, 0–1. Default: estimated from the counts, at most a quarter of the threshold. */
  readonly background?: number;
  /** Of intervals and of the bound within which an explanation fits; 0.99. */
  readonly confidence?: number;
  /** Chance that a network without faults gets a suspect; 1e-3. */
  readonly falseAlarms?: number;
  /** How much more the counts vary than independent losses would, 1 or above. Default: estimated from `rounds`, else 1. */
  readonly overdispersion?: number;
  /** Counts of each round, each in the order of walks. Their sums are the counts. */
  readonly rounds?: readonly (readonly WalkCounts[])[];
  /** The numbers of probes were settled before the first was sent. Default: what was seen decided, and intervals are wider for it. */
  readonly fixed?: boolean;
}

/** More explanations than this are as good as none. */
const MOST_TOLD = 32;

/**
 * Explains the counts by as few faults as they allow. A good component loses at most the background; a set of faults fits where the
 * likelihood, with the faults free and all others good, is near enough to that of the best set. Throws RangeError for counts that are no
 * counts, or options out of range.
 */
export function explain(walks: readonly Walk[], counts: readonly WalkCounts[], options: ExplainOptions): Diagnosis {
  const { components, threshold, confidence = 0.99, falseAlarms = 1e-3, rounds = [], fixed = false } = checked(options);
  const overdispersion = options.overdispersion ?? overdispersionOf(rounds);
  const data = counted(walks, counts, components, overdispersion);
  const gain = chiSquare(1 - falseAlarms / (SAFETY * Math.max(1, components)));
  const most = burdenOf(threshold);
  const good = options.background === undefined ? Math.min(most * GOOD_SHARE, backgroundOf(data)) : burdenOf(options.background);
  const limits = data.columns.map(({ walks: crossing }) => {
    const [lost, sent] = [sumOf(crossing, (walk) => counts[walk]!.lost), sumOf(crossing, (walk) => counts[walk]!.sent)];
    return fixed ? chiSquare(confidence) : stoppedLimit(lost, sent, confidence);
  });
  const found = searchFaults(data, { good, gain, within: boundFor(confidence) }).slice(0, MOST_TOLD);
  const least = Math.min(...found.map((candidate) => candidate.fit.deviance));
  const told = (candidate: Candidate): Explanation => explanationOf(data, candidate, { limits, least });
  const explanations = found.map(told);
  return {
    explanations,
    larger: likewise(walks, found).map((faults) => told({ faults, fit: fitWith(data, faults, good) })),
    judgements: judge(data, counts, found, explanations, { limits, most }),
    background: lossOf(good),
    overdispersion,
    fit: chanceOf(least, counts.filter(({ sent }) => sent > 0).length - found[0]!.faults.length),
  };
}

const sumOf = (walks: readonly number[], of: (walk: number) => number): number => walks.reduce((sum, walk) => sum + of(walk), 0);

/** A component that loses more than this share of the threshold is not good without being told so. */
const GOOD_SHARE = 1 / 4;

/** Counts are small, so that the deviance of a good network passes the quantiles of χ² a few times too often. */
const SAFETY = 4;
/** One degree of freedom. */
const chiSquare = (confidence: number): number => normalQuantile(0.5 + confidence / 2) ** 2;

function explanationOf(
  data: Counted,
  { faults, fit: known }: Candidate,
  { limits, least }: { limits: readonly number[]; least: number },
): Explanation {
  const { data: reduced, bounds } = few(data, faults, known.burdens, 1);
  const best = fitFew(
    { data: reduced, bounds },
    faults.map((component) => known.burdens[component]!),
  );
  return {
    faults: faults.map((component, place) => ({
      component,
      loss: lossOf(best.burdens[place]!),
      low: lossOf(lowerEnd(reduced, bounds, place, best, limits[component]!)),
      high: lossOf(upperEnd(reduced, bounds, place, best, limits[component]!)),
    })),
    deviance: Math.max(0, known.deviance - least),
  };
}

/** That χ² with so many degrees of freedom (made even, upwards) is above the deviance. */
function chanceOf(deviance: number, freedom: number): number {
  let term = Math.exp(-deviance / 2);
  let sum = 0;
  for (let k = 0; k < Math.max(1, Math.ceil(freedom / 2)); k += 1) {
    sum += term;
    term *= deviance / 2 / (k + 1);
  }
  return Math.min(1, sum);
}

function checked(options: ExplainOptions): ExplainOptions {
  const { threshold, background, confidence = 0.99, falseAlarms = 1e-3, overdispersion = 1 } = options;
  if (!(threshold > 0 && threshold < 1)) throw new RangeError(`A threshold lies between 0 and 1, got ${threshold}`);
  if (background !== undefined && !(background >= 0 && background <= threshold)) {
    throw new RangeError(`A background lies between 0 and the threshold of ${threshold}, got ${background}`);
  }
  for (const chance of [confidence, falseAlarms]) {
    if (!(chance > 0 && chance < 1)) throw new RangeError(`A confidence or a chance lies between 0 and 1, got ${chance}`);
  }
  if (!(overdispersion >= 1)) throw new RangeError(`An overdispersion is 1 or above, got ${overdispersion}`);
  return options;
}
