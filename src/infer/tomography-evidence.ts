/** Is a component that a fit made lossy so, or a good one with bad luck? The probability by empirical Bayes. */
import { logFactorial } from './log-factorial.ts';
import type { Census } from './tomography-census.ts';
import { gainOf } from './tomography-component.ts';
import type { Fit } from './tomography-state.ts';

/** What bears on one component, all others held. */
interface Evidence {
  /** −ln of its survival. */
  readonly decay: number;
  /** Log likelihood ratio of its loss against none, and of a good link's luck against a good link of the common rate. */
  readonly gain: number;
  readonly luck: number;
  /** Standard error of the decay; infinite where nothing passes. */
  readonly error: number;
  readonly isLink: boolean;
}

/**
 * For each candidate the probability that it is good: its local false-discovery rate (B. Efron, "Large-Scale Inference", 2010). The
 * prior share of lossy components, of links and of devices, and how much these lose (a gamma variable of the decay) are taken from the
 * candidates, each counted by its probability. The likelihood of a lossy component is Laplace's: its maximum, times prior, times spread.
 */
export function falseShares(fit: Fit, candidates: readonly number[], census: Census, good: GoodLinks): Float64Array {
  const scratch = new Uint32Array(fit.tallies.links);
  const evidence = candidates.map((component) => evidenceOf(fit, component, census, good, scratch));
  const { links, devices } = fit.tallies;
  const shares = new Float64Array(candidates.length).fill(0.5);
  for (let round = 0; round < ROUNDS; round += 1) {
    const prior = priorOf(evidence, shares);
    const many = { links: 0.5, devices: 0.5 };
    evidence.forEach(({ isLink }, i) => {
      many[isLink ? 'links' : 'devices'] += 1 - shares[i]!;
    });
    const odds = { links: many.links / (links + 1 - many.links), devices: many.devices / (devices + 1 - many.devices) };
    evidence.forEach((each, i) => {
      const logOdds = Math.log(odds[each.isLink ? 'links' : 'devices']) + each.gain - each.luck + logOccam(each, prior);
      shares[i] = 1 / (1 + Math.exp(logOdds));
    });
  }
  return shares;
}

const ROUNDS = 6;

function evidenceOf(fit: Fit, component: number, census: Census, good: GoodLinks, scratch: Uint32Array): Evidence {
  const { losses, background, information } = lookAt(fit, component);
  const { overdispersion } = census;
  const gain = gainOf(fit, component, fit.odds[component]!);
  const mostLuck = losses * Math.log(good.atMost / good.rate);
  // what no luck explains needs no closer look
  const luck = gain - mostLuck > SURE * overdispersion ? mostLuck : luckOf(fit, component, { losses, background }, census, good, scratch);
  return {
    decay: Math.log1p(fit.odds[component]!),
    gain: gain / overdispersion,
    luck: luck / overdispersion,
    error: Math.sqrt(overdispersion / information),
    isLink: component < fit.tallies.links,
  };
}

/** A log likelihood ratio that no prior outweighs. */
const SURE = 100;

export interface GoodLinks {
  /** What a good link loses, and the most that one may lose. */
  readonly rate: number;
  readonly atMost: number;
}

/** How much likelier a good component's luck makes these losses, whose paths lose by these odds. */
function luckOf(
  fit: Fit,
  component: number,
  { losses, background }: { losses: number; background: number },
  { spread, counted }: Census,
  good: GoodLinks,
  scratch: Uint32Array,
): number {
  const { perPath, shared } = kinship(fit, component, scratch);
  // only what good links lose is in doubt
  const part = Math.min((perPath * good.rate) / background, 1);
  const expected = background * (fit.arrived[component]! + fit.lost[component]!);
  return logLuck(losses, expected, part ** 2 * (spread * shared + 1 / (counted + 0.5)), 1 + part * (good.atMost / good.rate - 1));
}

interface Kinship {
  /** Links a path. */
  readonly perPath: number;
  /** The probability that two losses of good links, on two paths, are of one link. */
  readonly shared: number;
}

/** Paths of a component that are looked at for the links that they share. */
const SAMPLE = 300;

/**
 * How much of the spread of good links' rates is left in what a component's paths lose together. With k links a path it is 1 / k² of the
 * own link, and little where many other links share in it.
 */
function kinship({ tallies, paths, first, entries }: Fit, component: number, scratch: Uint32Array): Kinship {
  const { start, crossings, links } = tallies;
  const [from, to] = [first[component]!, first[component + 1]!];
  const stride = Math.ceil((to - from) / SAMPLE);
  const seen: number[] = [];
  let looked = 0;
  for (let i = from; i < to; i += stride) {
    const path = paths[entries[i]!]!;
    looked += 1;
    for (let at = start[path]!; at < start[path + 1]!; at += 1) {
      const link = crossings[at]!;
      if (link >= links) continue;
      seen.push(link);
      scratch[link]! += 1;
    }
  }
  let pairs = 0;
  for (const link of seen) {
    pairs += scratch[link]! * (scratch[link]! - 1);
    scratch[link] = 0;
  }
  const perPath = seen.length / looked;
  if (perPath === 0) return { perPath, shared: 0 };
  return { perPath, shared: looked === 1 ? 1 / perPath : pairs / (looked * (looked - 1) * perPath ** 2) };
}

/**
 * If the component were good: the losses that speak of it, and the odds of loss on its paths, as far as one number can say (from the
 * likelihood's first two derivatives there). And the information about its decay where it stands.
 */
function lookAt(fit: Fit, component: number): { losses: number; background: number; information: number } {
  const { first, entries, state } = fit;
  const without = 1 + fit.odds[component]!;
  let [sum, slope, information] = [0, 0, 0];
  for (let i = first[component]!; i < first[component + 1]!; i += 1) {
    const survival = state[2 * entries[i]!]!;
    const lost = state[2 * entries[i]! + 1]!;
    const rest = Math.min(survival * without, 1 - 1e-12);
    sum += (lost * rest) / (1 - rest);
    slope += (lost * rest) / (1 - rest) ** 2;
    information += (lost * survival) / (1 - survival) ** 2;
  }
  return { losses: slope > 0 ? (sum * sum) / slope : 0, background: slope > 0 ? sum / slope : 1, information };
}

/**
 * How much likelier so many losses are where the number expected is a gamma variable of that relative variance, against a fixed one; but it
 * is not more than so many times the expected one.
 */
function logLuck(losses: number, expected: number, variance: number, most: number): number {
  const shape = 1 / variance;
  const rise = logGamma(shape + losses) - logGamma(shape) - losses * Math.log(shape);
  const free = expected + rise - (shape + losses) * Math.log1p(expected / shape);
  const times = Math.min(Math.max(losses / expected, 1), most);
  return Math.max(0, Math.min(free, losses * Math.log(times) - expected * (times - 1)));
}

/** Of a gamma variable; and the logarithm of what its density is divided by. */
interface Prior {
  readonly shape: number;
  readonly rate: number;
  readonly logNorm: number;
}

/** What lossy components lose, by moments; as if one had been seen beforehand, of an exponential variable of 10 %. */
function priorOf(evidence: readonly Evidence[], shares: Float64Array): Prior {
  let [weight, sum, squares] = [1, 0.1, 0.02];
  evidence.forEach(({ decay }, i) => {
    const value = Math.min(decay, MOST_DECAY);
    weight += 1 - shares[i]!;
    sum += (1 - shares[i]!) * value;
    squares += (1 - shares[i]!) * value * value;
  });
  const mean = sum / weight;
  const shape = Math.min(Math.max((mean * mean) / Math.max(squares / weight - mean * mean, 1e-12), 0.5), 4);
  const rate = shape / mean;
  return { shape, rate, logNorm: logGamma(shape) - shape * Math.log(rate) };
}

/** A decay beyond is as good as death. */
const MOST_DECAY = 4;

/** What a free parameter costs: the share of its prior that the data leave. */
function logOccam({ decay, error }: Evidence, { shape, rate, logNorm }: Prior): number {
  const value = Math.min(decay, MOST_DECAY);
  const density = (shape - 1) * Math.log(value) - rate * value - logNorm;
  return Math.min(0, density + Math.log(error) + 0.5 * Math.log(2 * Math.PI));
}

/** ln Γ(x) for x > 0, by Stirling's series further up. */
function logGamma(x: number): number {
  let [shift, at] = [0, x];
  for (; at < 17; at += 1) shift += Math.log(at);
  return logFactorial(at - 1) - shift;
}
