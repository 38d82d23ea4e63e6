/** Rounds of a joint fit, in which all components and the good links' rate find their most likely values: from none lossy to rest. */
import { stepGoodRate } from './tomography-background.ts';
import { type Census, takeCensus } from './tomography-census.ts';
import { leastGain, sweep } from './tomography-component.ts';
import { crudeGain, isAtRest, look } from './tomography-look.ts';
import { mergeIntoDevices } from './tomography-merge.ts';
import type { Fit } from './tomography-state.ts';

export interface Search {
  readonly fit: Fit;
  /** The good links' rate, or null where it is to be found. */
  readonly known: number | null;
  readonly atMost: number;
}

export interface Settled {
  readonly search: Search;
  readonly goodRate: number;
  readonly census: Census;
  /** What a lossy component costs, in log likelihood. */
  readonly cost: number;
}

const ROUNDS = 40;
const BURST_ROUNDS = 4;
/** So small a share of the lossy components turns in a round whose rate for good links can be believed. */
const SETTLED = 0.1;
/** What a lossy component costs at least; in large networks more, since there is more to choose from. */
const LEAST_GAIN = 4;
/** A good component whose crude gain is so many times less than that is not visited. */
const FAR = 4;
/** One whose crude gain is so many times less than the best one's waits: it may only share the best one's paths. */
const REACH = 32;
/** Odds and rate within a round, as a share of themselves: the next round moves them anyway. */
const COARSE = 1e-2;
/** A component whose odds would move by a smaller share is not visited; where none moved by more than the second, nothing follows. */
const RESTING = 3e-2;
const STILL = 0.1;
/** A rate that changes by more changes what all paths tell: they are looked at again before any component is visited. */
const NEW = 0.3;
/** Of what is blamed: the odds of a visit, and those that stay. */
const FINE = 1e-6;
const FINAL = 1e-4;

/** From the fit's odds and this rate on. Where losses come in bursts the fit is done again: a component then costs so many times more. */
export function settle(search: Search, first: number, bursts = 1): Settled {
  const { fit } = search;
  const cost = Math.max(LEAST_GAIN, 0.75 * Math.log(Math.max(fit.crossed, 1)));
  let factor = bursts;
  let goodRate = rounds(search, cost * factor, first);
  let census = takeCensus(fit, goodRate);
  for (let round = 0; round < BURST_ROUNDS && census.overdispersion > 1.2 * factor; round += 1) {
    factor = census.overdispersion;
    goodRate = rounds(search, cost * factor, goodRate);
    census = takeCensus(fit, goodRate);
  }
  return { search, goodRate, census, cost };
}

/** Until none turns from good to lossy or back and the rest stands still; gives the good links' rate. */
function rounds({ fit, known, atMost }: Search, atLeast: number, first: number): number {
  let goodRate = first;
  let [isSettled, wasSettled] = [false, false];
  for (let round = 0; round < ROUNDS; round += 1) {
    const good = look(fit);
    const before = goodRate;
    if (known === null && isSettled) goodRate = stepGoodRate(fit, good, before, atMost);
    const change = Math.abs(goodRate - before) / goodRate;
    if (change > NEW) continue;
    const { components, lossy, isAll } = toVisit(fit, atLeast);
    const { turned, moved } = sweep(fit, components, atLeast, COARSE);
    // before causes are told from what shares their paths, too much is taken for lossy, and nothing is left for good links
    [isSettled, wasSettled] = [isAll && turned <= SETTLED * lossy + 10, isSettled];
    const merged = isSettled ? mergeIntoDevices(fit, atLeast) : 0;
    if (wasSettled && isSettled && turned + merged === 0 && moved < STILL && change < COARSE) break;
  }
  return goodRate;
}

interface Visit {
  readonly components: readonly number[];
  /** How many are lossy now, visited or not. */
  readonly lossy: number;
  /** Whether none waits. */
  readonly isAll: boolean;
}

/**
 * Components that are not at rest: lossy ones, then good ones, those first that explain the most, so that a cause comes before what only
 * shares its paths; among equals devices, then what comes first.
 */
function toVisit(fit: Fit, atLeast: number): Visit {
  const { odds, tallies } = fit;
  const [moving, turning]: [number[], number[]] = [[], []];
  const gains = new Float64Array(fit.components);
  let [lossy, best] = [0, 0];
  for (let component = 0; component < fit.components; component += 1) {
    if (odds[component]! > 0) {
      lossy += 1;
      if (!isAtRest(fit, component, RESTING) || leastGain(fit, component, odds[component]!) < atLeast) moving.push(component);
    } else {
      const gain = crudeGain(fit, component);
      if (gain <= atLeast / FAR) continue;
      gains[component] = gain;
      best = Math.max(best, gain);
      turning.push(component);
    }
  }
  const near = turning.filter((component) => gains[component]! > best / REACH);
  near.sort((a, b) => gains[b]! - gains[a]! || Number(b >= tallies.links) - Number(a >= tallies.links) || a - b);
  return { components: [...moving, ...near], lossy, isAll: near.length === turning.length };
}

/** The odds of what is blamed, and the good links' rate, to the end; the last look is at them. */
export function polish({ fit, known, atMost }: Search, blamed: readonly number[], first: number): number {
  let goodRate = first;
  let moving = blamed;
  for (let round = 0; round < ROUNDS; round += 1) {
    sweep(fit, moving, 0, FINE);
    const good = look(fit);
    const before = goodRate;
    if (known === null) goodRate = stepGoodRate(fit, good, before, atMost);
    moving = blamed.filter((component) => fit.odds[component]! > 0 && !isAtRest(fit, component, FINAL));
    if (moving.length === 0 && Math.abs(goodRate - before) <= COARSE * goodRate) break;
  }
  return goodRate;
}
