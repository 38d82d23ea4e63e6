/**
 * One component of a joint fit, all others held: its likelihood. With odds o of loss at the component (loss o / (1 + o)) and survival R of
 * the rest of a path, a path that lost l of n has the log-likelihood l ln(1 − R / (1 + o)) + (n − l) ln(R / (1 + o)), which is concave
 * in ln(1 + o). Its maximum solves Σ l R / (1 − R + o) = Σ (n − l), a secular equation: Newton on the reciprocals of both sides
 * closes in from below in two or three steps.
 */
import { DEAD_ODDS, type Fit, setOdds } from './tomography-state.ts';

/** Below it a path would be sure to arrive, and a loss impossible. */
export const LEAST_LOSS = 1e-12;

const STEPS = 60;

/** By no more than this share losses differ only by rounding. */
export const ALIKE = 1e-9;

/**
 * Fills the fit's `rest` with what the rest of each of a component's paths loses, 1 − R, and the path's losses. Paths in a row that are
 * alike become one; gives how many are left.
 */
function gather({ first, entries, state, odds, rest }: Fit, component: number): number {
  const without = 1 + odds[component]!;
  let many = 0;
  let [loss, losses] = [Number.NaN, 0];
  for (let i = first[component]!; i < first[component + 1]!; i += 1) {
    const place = 2 * entries[i]!;
    const next = Math.max(1 - state[place]! * without, LEAST_LOSS);
    if (Math.abs(next - loss) <= ALIKE * next) losses += state[place + 1]!;
    else {
      loss = next;
      losses = state[place + 1]!;
      many += 1;
      rest[2 * many - 2] = loss;
    }
    rest[2 * many - 1] = losses;
  }
  return many;
}

/** The most likely odds of a component, 0 included, to this share of itself, looked for from here on; sets the information there. */
export function likeliestOdds(fit: Fit, component: number, tolerance: number, from = 0): number {
  const { first, arrived, rest, information } = fit;
  const passed = arrived[component]!;
  if (first[component] === first[component + 1]) return 0;
  information[component] = 0;
  if (fit.recurs[component] === 1) return searchedOdds(fit, component, tolerance);
  if (passed === 0) return DEAD_ODDS;
  const many = 2 * gather(fit, component);
  let at = from;
  for (let step = 0; step < STEPS; step += 1) {
    let sum = 0;
    let slope = 0;
    for (let i = 0; i < many; i += 2) {
      const share = 1 / (rest[i]! + at);
      const term = rest[i + 1]! * (1 - rest[i]!) * share;
      sum += term;
      slope += term * share;
    }
    if (at === 0 && sum <= passed) return 0;
    information[component] = slope * (1 + at);
    const next = Math.min(Math.max(at + ((sum / passed - 1) * sum) / slope, 0), DEAD_ODDS);
    if (Math.abs(next - at) <= tolerance * next) return next;
    at = next;
  }
  return at;
}

/** How much likelier so much loss at a component makes what was seen than none: the logarithm of the ratio. */
export const gainOf = (fit: Fit, component: number, odds: number): number => gainsOf(fit, component)(odds);

/** The same for one odds after another, until another component is looked at. */
export function gainsOf(fit: Fit, component: number): (odds: number) => number {
  if (fit.recurs[component] === 1) {
    const without = likelihoodAt(fit, component, 0);
    return (odds) => likelihoodAt(fit, component, odds) - without;
  }
  const end = 2 * gather(fit, component);
  const sent = fit.arrived[component]! + fit.lost[component]!;
  const { rest } = fit;
  return (odds) => {
    let gain = -sent * Math.log(1 + odds);
    for (let i = 0; i < end; i += 2) gain += rest[i + 1]! * Math.log(1 + odds / rest[i]!);
    return gain;
  };
}

/** The gain is no less, by the information: away from its maximum in ln(1 + o) the likelihood falls ever more steeply. */
export const leastGain = ({ information }: Fit, component: number, odds: number): number =>
  (information[component]! * Math.log1p(odds) ** 2) / 2;

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
}

/**
 * Visits components in turn and gives each its most likely odds; those for which the likelihood gains less than `atLeast` are good (odds
 * 0).
 */
export function sweep(fit: Fit, order: ArrayLike<number>, atLeast: number, tolerance: number): Swept {
  let [turned, moved] = [0, 0];
  for (let turn = 0; turn < order.length; turn += 1) {
    const component = order[turn]!;
    const before = fit.odds[component]!;
    let next = likeliestOdds(fit, component, tolerance, before);
    if (next > 0 && leastGain(fit, component, next) < atLeast && gainOf(fit, component, next) < atLeast) next = 0;
    if (next > 0 !== before > 0) turned += 1;
    else if (next > 0) moved = Math.max(moved, Math.abs(next - before) / Math.max(next, before));
    setOdds(fit, component, next);
  }
  return { turned, moved };
}
