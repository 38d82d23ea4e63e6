/** The state of a joint fit: the components' present odds of loss, and what the paths that lost something make of them. */
import type { PathTallies } from './path-tallies.ts';

/** The odds of a component that lets nothing pass; more would not show in any tally. */
export const DEAD_ODDS = 1e9;

export interface Fit {
  readonly tallies: PathTallies;
  readonly components: number;
  /** What is iterated: only paths with loss. Of lossy path i, its number … */
  readonly paths: Uint32Array;
  /** … and side by side for the cache: its survival by the present odds, and how many it lost. */
  readonly state: Float64Array;
  /** How many links each crosses. */
  readonly linkCrossings: Uint16Array;
  readonly mostLinks: number;
  /** Component c is crossed by lossy paths `entries[first[c]]` to `entries[first[c + 1] - 1]`; by one twice: twice, in a row. */
  readonly first: Uint32Array;
  readonly entries: Uint32Array;
  /** 1 where a path crosses the component more than once. */
  readonly recurs: Uint8Array;
  /** By component, over all its paths, clean ones too: probes that arrived, and those that did not, each crossing counted. */
  readonly arrived: Float64Array;
  readonly lost: Float64Array;
  /** Crossings of links by all probes that arrived. */
  readonly linksPassed: number;
  /** Components that lossy paths cross. */
  readonly crossed: number;
  /** By component: loss / (1 − loss), above the loss of good links; 0: a good one. */
  readonly odds: Float64Array;
  /** By component, when all were looked at last: how much losses speak for more of it, and how sharply (see `tomography-look.ts`). */
  readonly pull: Float64Array;
  readonly information: Float64Array;
  /** Room for what the rest of one component's paths loses, and losses, side by side. */
  readonly rest: Float64Array;
}

/** The fit in which every component is good, a good link losing so much. */
export function startFit(tallies: PathTallies, goodRate: number): Fit {
  const sums = sumsOf(tallies);
  const { start, crossings, lost, links } = tallies;
  const paths = lossyPaths(lost);
  const state = new Float64Array(2 * paths.length);
  const linkCrossings = new Uint16Array(paths.length);
  const { first } = sums;
  const entries = new Uint32Array(first[sums.components]!);
  const next = first.slice();
  let mostLinks = 0;
  for (let i = 0; i < paths.length; i += 1) {
    const path = paths[i]!;
    let crossed = 0;
    for (let at = start[path]!; at < start[path + 1]!; at += 1) {
      const component = crossings[at]!;
      if (component < links) crossed += 1;
      entries[next[component]!] = i;
      next[component]! += 1;
    }
    linkCrossings[i] = crossed;
    mostLinks = Math.max(mostLinks, crossed);
    state[2 * i] = (1 - goodRate) ** crossed;
    state[2 * i + 1] = lost[path]!;
  }
  return {
    ...sums,
    tallies,
    paths,
    state,
    linkCrossings,
    mostLinks,
    entries,
    odds: new Float64Array(sums.components),
    pull: new Float64Array(sums.components),
    information: new Float64Array(sums.components),
    rest: new Float64Array(2 * mostEntries(sums.first)),
  };
}

function lossyPaths(lost: Uint32Array): Uint32Array {
  let many = 0;
  for (let path = 0; path < lost.length; path += 1) if (lost[path]! > 0) many += 1;
  const paths = new Uint32Array(many);
  let at = 0;
  for (let path = 0; path < lost.length; path += 1) {
    if (lost[path]! === 0) continue;
    paths[at] = path;
    at += 1;
  }
  return paths;
}

type Sums = Pick<Fit, 'components' | 'first' | 'recurs' | 'arrived' | 'lost' | 'linksPassed' | 'crossed'>;

function sumsOf({ links, devices, start, crossings, sent, lost }: PathTallies): Sums {
  const components = links + devices;
  const first = new Uint32Array(components + 1);
  const recurs = new Uint8Array(components);
  const last = new Int32Array(components).fill(-1);
  const [arrived, lostBy] = [new Float64Array(components), new Float64Array(components)];
  for (let path = 0; path < sent.length; path += 1) {
    const losses = lost[path]!;
    const passed = sent[path]! - losses;
    const [from, to] = [start[path]!, start[path + 1]!];
    for (let at = from; at < to; at += 1) arrived[crossings[at]!]! += passed;
    if (losses === 0) continue;
    for (let at = from; at < to; at += 1) {
      const component = crossings[at]!;
      lostBy[component]! += losses;
      first[component + 1]! += 1;
      if (last[component] === path) recurs[component] = 1;
      last[component] = path;
    }
  }
  for (let component = 0; component < components; component += 1) first[component + 1]! += first[component]!;
  const linksPassed = arrived.subarray(0, links).reduce((sum, each) => sum + each, 0);
  const crossed = lostBy.reduce((many, each) => many + Number(each > 0), 0);
  return { components, first, recurs, arrived, lost: lostBy, linksPassed, crossed };
}

/** Gives a component other odds, and its paths the survival that follows. */
export function setOdds({ odds, first, entries, state }: Fit, component: number, next: number): void {
  const change = (1 + odds[component]!) / (1 + next);
  odds[component] = next;
  if (change === 1) return;
  for (let at = first[component]!; at < first[component + 1]!; at += 1) state[2 * entries[at]!]! *= change;
}

/** The log likelihood of all tallies, but for what no loss changes. */
export function likelihoodOf({ state, odds, arrived, linksPassed }: Fit, goodRate: number): number {
  let sum = linksPassed * Math.log1p(-goodRate);
  for (let component = 0; component < odds.length; component += 1) sum -= arrived[component]! * Math.log1p(odds[component]!);
  for (let at = 0; at < state.length; at += 2) sum += state[at + 1]! * Math.log(Math.max(1 - state[at]!, 1e-12));
  return sum;
}

function mostEntries(first: Uint32Array): number {
  let most = 0;
  for (let component = 1; component < first.length; component += 1) most = Math.max(most, first[component]! - first[component - 1]!);
  return most;
}
