/** One look at all paths, clean ones too, once a fit stands: what reached each component, how good links spread, whether losses come in bursts. */
import type { Fit } from './tomography-state.ts';

export interface Census {
  /** By component: 1 where a probe came as far as it. */
  readonly reached: Uint8Array;
  /** Variance of good links' rates, in units of their mean's square. */
  readonly spread: number;
  /** Losses from which the good links' rate was taken. */
  readonly counted: number;
  /** Variance of what a path loses, in units of what independent losses have; at least 1. */
  readonly overdispersion: number;
}

/** Paths looked at, at most: more would not change the figures. */
const ENOUGH = 1_000_000;

export function takeCensus(fit: Fit, goodRate: number): Census {
  const { tallies, odds } = fit;
  const { start, crossings, sent, lost, links } = tallies;
  const passing = odds.map((each, component) => (component < links ? 1 - goodRate : 1) / (1 + each));
  const quiet = nothingQuiet(links);
  const loud = { paths: 0, squares: 0 };
  const rare: Rare = { lost: 0, pairs: 0, expectedPairs: 0 };
  const stride = Math.ceil(sent.length / ENOUGH) | 1; // odd, so that it falls in step with no plan of even sides
  for (let path = 0; path < sent.length; path += stride) {
    const [from, to] = [start[path]!, start[path + 1]!];
    let survival = 1;
    let isQuiet = true;
    for (let at = from; at < to; at += 1) {
      const component = crossings[at]!;
      survival *= passing[component]!;
      if (odds[component]! > 0) isQuiet = false;
    }
    const expected = sent[path]! * (1 - survival);
    if (isQuiet) addQuiet(quiet, crossings, from, to, lost[path]!, expected, sent[path]! * goodRate);
    const variance = expected * survival;
    if (variance < LEAST_VARIANCE) {
      rare.lost += lost[path]!;
      rare.pairs += lost[path]! * (lost[path]! - 1);
      rare.expectedPairs += expected * expected;
    } else {
      loud.paths += 1;
      loud.squares += (lost[path]! - expected) ** 2 / variance;
    }
  }
  const overdispersion = Math.max(1, loudFactor(loud), rareFactor(rare));
  return { reached: reachedBy(fit, passing), spread: spreadOf(quiet), counted: quiet.lost * stride, overdispersion };
}

/** Less than half a probe is nothing. */
const LEAST_REACHED = 0.5;

/** 1 where something came as far as a component: what arrived did; of what was lost a part. */
function reachedBy({ components, arrived, paths, tallies }: Fit, passing: Float64Array): Uint8Array {
  const { start, crossings, sent } = tallies;
  const came = new Float64Array(components);
  for (let i = 0; i < paths.length; i += 1) {
    const path = paths[i]!;
    let probes = sent[path]!;
    for (let at = start[path]!; at < start[path + 1]!; at += 1) {
      came[crossings[at]!]! += probes;
      probes *= passing[crossings[at]!]!;
    }
  }
  return Uint8Array.from(came, (each, component) => (arrived[component]! > 0 || each >= LEAST_REACHED ? 1 : 0));
}

/** Sums over the paths on which nothing is blamed. */
interface Quiet {
  lost: number;
  /** By link: losses and expected ones; and, to be left out, their pairs on one path; and how many of the expected are its own. */
  readonly linkLost: Float64Array;
  readonly linkLostSquares: Float64Array;
  readonly linkExpected: Float64Array;
  readonly linkExpectedSquares: Float64Array;
  readonly linkOwn: Float64Array;
}

const nothingQuiet = (links: number): Quiet => ({
  lost: 0,
  linkLost: new Float64Array(links),
  linkLostSquares: new Float64Array(links),
  linkExpected: new Float64Array(links),
  linkExpectedSquares: new Float64Array(links),
  linkOwn: new Float64Array(links),
});

function addQuiet(quiet: Quiet, crossings: Int32Array, from: number, to: number, lost: number, expected: number, own: number): void {
  quiet.lost += lost;
  const { linkLost, linkLostSquares, linkExpected, linkExpectedSquares, linkOwn } = quiet;
  for (let at = from; at < to; at += 1) {
    const link = crossings[at]!;
    if (link >= linkLost.length) continue;
    linkExpected[link]! += expected;
    linkExpectedSquares[link]! += expected * expected;
    linkOwn[link]! += own;
    if (lost === 0) continue;
    linkLost[link]! += lost;
    linkLostSquares[link]! += lost * lost;
  }
}

/** As if so many pairs had been seen that speak for rates spread like an exponential variable. */
const PRIOR_PAIRS = 5;

/**
 * Losses on two paths of one link are seen together more often than one common rate makes them, by the relative variance of the links'
 * rates. Pairs on one path count for nothing, so bursts are no spread.
 */
function spreadOf({ linkLost, linkLostSquares, linkExpected, linkExpectedSquares, linkOwn }: Quiet): number {
  let excess = 0;
  let own = 0;
  for (let link = 0; link < linkLost.length; link += 1) {
    excess += linkLost[link]! ** 2 - linkLostSquares[link]! - linkExpected[link]! ** 2 + linkExpectedSquares[link]!;
    own += linkOwn[link]! ** 2;
  }
  return (Math.max(excess, 0) + PRIOR_PAIRS) / (own + PRIOR_PAIRS);
}

/** A path whose losses vary less than this says little by their square. */
const LEAST_VARIANCE = 0.5;

/** So many standard errors above 1 a factor is believed. */
const BELIEVED = 3;

/** Pearson's statistic of the paths on which losses are expected. */
function loudFactor({ paths, squares }: { paths: number; squares: number }): number {
  if (paths === 0) return 1;
  const factor = squares / paths;
  return factor > 1 + BELIEVED * Math.sqrt((2 + 1 / LEAST_VARIANCE) / paths) ? factor : 1;
}

/** Sums over the paths on which hardly any loss is expected. */
interface Rare {
  lost: number;
  /** Ordered pairs of losses on one path, and those expected. */
  pairs: number;
  expectedPairs: number;
}

/** A loss on such a path comes with so many more than independent ones would. */
function rareFactor({ lost, pairs, expectedPairs }: Rare): number {
  const excess = pairs - expectedPairs;
  return excess > 2 * BELIEVED * Math.sqrt(2 * expectedPairs + 2) ? 1 + excess / lost : 1;
}
