/**
 * One component of a joint fit, all others held: its likelihood. With odds o of loss at the component (loss o / (1 + o)) and survival R of
 * the rest of a path, a path that lost l of n has the log-likelihood l ln(1 − R / (1 + o)) + (n − l) ln(R / (1 + o)), which is concave
 * in ln(1 + o). Its maximum solves Σ l R / (1 − R + o) = Σ (n − l), a secular equation: Newton on the reciprocals of both sides
 * closes in from below in two or three steps.
 */
import { DEAD_ODDS, type Fit, setOdds } from './tomography-state.ts';

/** Below it a path would be sure to arrive, and a loss impossible. */
const LEAST_LOSS = 1e-12;

const STEPS = 60;

/** The most likely odds of a component, 0 included, to this share of itself, looked for from here on. From 0 on it leaves a crude gain. */
export function likeliestOdds(fit: Fit, component: number, tolerance: number, from = 0): number {
  const { first, entries, state, arrived, odds, crudeGains } = fit;
  const passed = arrived[component]!;
  const [begin, end] = [first[component]!, first[component + 1]!];
  if (begin === end) return 0;
  crudeGains[component] = Number.NaN;
  if (fit.recurs[component] === 1) return searchedOdds(fit, component, tolerance);
  if (passed === 0) return DEAD_ODDS;
  const without = 1 + odds[component]!;
  let at = from;
  for (let step = 0; step < STEPS; step += 1) {
    let sum = 0;
    let slope = 0;
    for (let i = begin; i < end; i += 1) {
      const place = 2 * entries[i]!;
      const rest = state[place]! * without;
      const share = 1 / Math.max(1 - rest + at, LEAST_LOSS);
      const term = state[place + 1]! * rest * share;
      sum += term;
      slope += term * share;
    }
    if (at === 0) {
      if (sum <= passed) {
        crudeGains[component] = 0;
        return 0;
      }
      crudeGains[component] = poissonGain((sum * sum) / slope, (passed * sum) / slope);
    }
    let next = Math.min(Math.max(at + ((sum / passed - 1) * sum) / slope, 0), DEAD_ODDS);
    if (Math.abs(next - at) <= tolerance * next) return next;
    // where it stood is nearer than what the first step, from 0, makes of a mixture of paths
    if (step === 0 && at === 0) next = Math.max(next, odds[component]!);
    at = next;
  }
  return at;
}

/** Log likelihood ratio of a Poisson count at its own mean against another. */
export const poissonGain = (count: number, mean: number): number => count * Math.log(count / mean) - count + mean;

/** How much likelier so much loss at a component makes what was seen than none: the logarithm of the ratio. */
export function gainOf(fit: Fit, component: number, odds: number): number {
  const { first, entries, state, recurs } = fit;
  if (recurs[component] === 1) return likelihoodAt(fit, component, odds) - likelihoodAt(fit, component, 0);
  const without = 1 + fit.odds[component]!;
  let gain = 0;
  let lost = 0;
  for (let i = first[component]!; i < first[component + 1]!; i += 1) {
    const place = 2 * entries[i]!;
    const losses = state[place + 1]!;
    gain += losses * Math.log(1 + odds / Math.max(1 - state[place]! * without, LEAST_LOSS));
    lost += losses;
  }
  return gain - (fit.arrived[component]! + lost) * Math.log(1 + odds);
}

/** Likelihood of a component that paths cross more than once, as a function of its odds. */
function likelihoodAt(fit: Fit, component: number, odds: number): number {
  const { first, entries, state } = fit;
  const change = (1 + fit.odds[component]!) / (1 + odds);
  let sum = -fit.arrived[component]! * Math.log(1 + odds);
  const to = first[component + 1]!;
  for (let i = first[component]!; i < to; ) {
    const entry = entries[i]!;
    let survival = state[2 * entry]!;
    for (; i < to && entries[i] === entry; i += 1) survival *= change;
    sum += state[2 * entry + 1]! * Math.log(Math.max(1 - survival, LEAST_LOSS));
  }
  return sum;
}

/** Golden section over ln(1 + o), in which the likelihood is concave. */
function searchedOdds(fit: Fit, component: number, tolerance: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  const value = (x: number): number => likelihoodAt(fit, component, Math.expm1(x));
  let [low, high] = [0, Math.log1p(DEAD_ODDS)];
  let [left, right] = [high * (1 - golden), high * golden];
  let [atLeft, atRight] = [value(left), value(right)];
  for (let step = 0; step < STEPS + 20 && high - low > tolerance * 0.1 * high; step += 1) {
    if (atLeft >= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = value(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = value(right);
    }
  }
  const best = (low + high) / 2;
  if (high >= Math.log1p(DEAD_ODDS) * 0.999) return DEAD_ODDS;
  return value(best) > value(0) ? Math.expm1(best) : 0;
}

export interface Swept {
  /** Components that changed between good and lossy. */
  readonly turned: number;
  /** By how much odds that stayed above 0 moved at most, as a share. */
  readonly moved: number;
  readonly lossy: number;
}

/** A crude gain that is so many times what a component costs needs no closer look; nor does one that is so much below. */
const CERTAIN = 5;

/**
 * Visits components in turn and gives each its most likely odds; those for which the likelihood gains less than `atLeast` are good (odds
 * 0).
 */
export function sweep(fit: Fit, order: ArrayLike<number>, atLeast: number, tolerance: number): Swept {
  let [turned, moved, lossy] = [0, 0, 0];
  for (let turn = 0; turn < order.length; turn += 1) {
    const component = order[turn]!;
    const before = fit.odds[component]!;
    let next = likeliestOdds(fit, component, tolerance, atLeast > 0 ? 0 : before);
    if (next > 0 && atLeast > 0 && !isWorth(fit, component, next, atLeast)) next = 0;
    if (next > 0 !== before > 0) turned += 1;
    else if (next > 0) moved = Math.max(moved, Math.abs(next - before) / Math.max(next, before));
    if (next > 0) lossy += 1;
    setOdds(fit, component, next);
  }
  return { turned, moved, lossy };
}

function isWorth(fit: Fit, component: number, odds: number, atLeast: number): boolean {
  const crude = fit.crudeGains[component]!;
  if (crude > CERTAIN * atLeast) return true;
  if (CERTAIN * crude < atLeast) return false;
  return gainOf(fit, component, odds) >= atLeast;
}
