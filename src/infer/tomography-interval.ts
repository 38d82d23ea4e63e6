/** Between which losses a component's lies: profile likelihood, widened by what its neighbours leave open. */
import { ALIKE, gainsOf } from './tomography-component.ts';
import { DEAD_ODDS, type Fit } from './tomography-state.ts';

/** Neighbours taken as independent of each other are no guide below this. */
const LEAST_SHARE = 0.01;

/**
 * The share of a component's information, at the last look, that stays where its lossy neighbours are free: a Schur complement in which
 * these are taken as independent of each other.
 */
export function shareLeft(fit: Fit, component: number, information: Float64Array): number {
  const { tallies, paths, first, entries, odds, state } = fit;
  const own = information[component]!;
  const common = new Map<number, number>();
  let alone = Number.NaN;
  for (let i = first[component]!; i < first[component + 1]!; i += 1) {
    const place = 2 * entries[i]!;
    const survival = state[place]!;
    // where it survives as on a path without lossy neighbours, there are none
    if (Math.abs(survival - alone) <= ALIKE * (1 - survival)) continue;
    const weight = (state[place + 1]! * survival) / (1 - survival) ** 2;
    const path = paths[entries[i]!]!;
    let isAlone = true;
    for (let at = tallies.start[path]!; at < tallies.start[path + 1]!; at += 1) {
      const other = tallies.crossings[at]!;
      if (other === component || odds[other] === 0) continue;
      common.set(other, (common.get(other) ?? 0) + weight);
      isAlone = false;
    }
    if (isAlone) alone = survival;
  }
  let left = own;
  if (left === 0) return 1;
  for (const [other, weight] of common) if (information[other]! > 0) left -= weight ** 2 / information[other]!;
  return Math.max(left / own, LEAST_SHARE);
}

/** The odds on both sides at which the log likelihood has dropped by so much, given the information about the decay. */
export function oddsWithin(fit: Fit, component: number, drop: number, information: number): { low: number; high: number } {
  const best = fit.odds[component]!;
  const gain = gainsOf(fit, component);
  const [at, most, root] = [Math.log(best), gain(best), Math.sqrt(drop)];
  // close to a line, whose slope the information tells
  const excess = (x: number): number => Math.sqrt(Math.max(most - gain(Math.exp(x)), 0)) - root;
  const step = Math.min((root * Math.SQRT2 * (1 + best)) / (best * Math.sqrt(information)), MOST_STEP);
  const low = crossing(excess, at, -root, -step, Math.log(LEAST_ODDS));
  const high = crossing(excess, at, -root, step, Math.log(DEAD_ODDS));
  return { low: low === null ? 0 : Math.exp(low), high: high === null ? DEAD_ODDS : Math.exp(high) };
}

const LEAST_ODDS = 1e-12;
const MOST_STEP = 1;
const PRECISION = 1e-3;

/** Where a function, this much below 0 here, rises through 0 that way: steps that double, then false position (Illinois). */
function crossing(excess: (x: number) => number, from: number, value: number, firstStep: number, end: number): number | null {
  let [inside, below] = [from, value];
  let [outside, above] = [from, value];
  for (let step = firstStep; above < 0; step *= 2) {
    if (outside === end) return null;
    [inside, below] = [outside, above];
    outside = firstStep > 0 ? Math.min(outside + step, end) : Math.max(outside + step, end);
    above = excess(outside);
    if (Math.abs(above) < PRECISION) return outside;
  }
  for (let turn = 0; turn < 40; turn += 1) {
    const middle = (inside * above - outside * below) / (above - below);
    const there = excess(middle);
    if (Math.abs(there) < PRECISION || Math.abs(outside - inside) < 1e-9) return middle;
    if (there < 0) {
      [inside, below] = [middle, there];
      above /= 2;
    } else {
      [outside, above] = [middle, there];
      below /= 2;
    }
  }
  return outside;
}
