/** Between which losses a component's lies: profile likelihood, widened by what its neighbours leave open. */
import { gainOf } from './tomography-component.ts';
import { DEAD_ODDS, type Fit } from './tomography-state.ts';

/** By component, how much the tallies say about its decay (−ln of its survival), with all others held; 0 for good ones. */
export function informationOf(fit: Fit): Float64Array {
  const information = new Float64Array(fit.components);
  for (let component = 0; component < fit.components; component += 1) {
    if (fit.odds[component] === 0) continue;
    for (let i = fit.first[component]!; i < fit.first[component + 1]!; i += 1) information[component]! += weightOf(fit, fit.entries[i]!);
  }
  return information;
}

const weightOf = ({ state }: Fit, entry: number): number => {
  const survival = state[2 * entry]!;
  return (state[2 * entry + 1]! * survival) / (1 - survival) ** 2;
};

/** Neighbours taken as independent of each other are no guide below this. */
const LEAST_SHARE = 0.01;

/**
 * The share of a component's information that stays where its lossy neighbours are free: a Schur complement in which these are
 * taken as independent of each other.
 */
export function shareLeft(fit: Fit, information: Float64Array, component: number): number {
  const { tallies, paths, first, entries, odds } = fit;
  const common = new Map<number, number>();
  for (let i = first[component]!; i < first[component + 1]!; i += 1) {
    const path = paths[entries[i]!]!;
    for (let at = tallies.start[path]!; at < tallies.start[path + 1]!; at += 1) {
      const other = tallies.crossings[at]!;
      if (other === component || odds[other]! === 0) continue;
      common.set(other, (common.get(other) ?? 0) + weightOf(fit, entries[i]!));
    }
  }
  let left = information[component]!;
  if (left === 0) return 1;
  for (const [other, weight] of common) if (information[other]! > 0) left -= weight ** 2 / information[other]!;
  return Math.max(left / information[component]!, LEAST_SHARE);
}

/** The odds on both sides at which the log likelihood has dropped by so much. */
export function oddsWithin(fit: Fit, component: number, drop: number): { low: number; high: number } {
  const best = fit.odds[component]!;
  const most = gainOf(fit, component, best);
  // the root of the drop is close to a line in the logarithm of the odds
  const excess = (x: number): number => Math.sqrt(Math.max(most - gainOf(fit, component, Math.exp(x)), 0)) - Math.sqrt(drop);
  const low = crossing(excess, Math.log(best), -1, Math.log(LEAST_ODDS));
  const high = crossing(excess, Math.log(best), 1, Math.log(DEAD_ODDS));
  return { low: low === null ? 0 : Math.exp(low), high: high === null ? DEAD_ODDS : Math.exp(high) };
}

const LEAST_ODDS = 1e-12;
const FIRST_STEP = 0.1;
const PRECISION = 1e-3;

/** Where a function that is negative here rises through 0 in this direction: steps that double, then false position (Illinois). */
function crossing(excess: (x: number) => number, from: number, direction: 1 | -1, end: number): number | null {
  let [inside, outside] = [from, from];
  let [below, above] = [excess(from), -1];
  for (let step = FIRST_STEP; above < 0; step *= 2) {
    if (outside === end) return null;
    if (outside !== from) [inside, below] = [outside, above];
    outside = direction > 0 ? Math.min(outside + step, end) : Math.max(outside - step, end);
    above = excess(outside);
  }
  for (let turn = 0; turn < 40; turn += 1) {
    const middle = (inside * above - outside * below) / (above - below);
    const value = excess(middle);
    if (Math.abs(value) < PRECISION || Math.abs(outside - inside) < 1e-9) return middle;
    if (value < 0) {
      [inside, below] = [middle, value];
      above /= 2;
    } else {
      [outside, above] = [middle, value];
      below /= 2;
    }
  }
  return outside;
}
