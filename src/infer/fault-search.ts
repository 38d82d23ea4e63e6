/** Searches for the sets of faulty components that explain the counts best, size by size. */

import { type Counted, MOST_BURDEN } from './counted.ts';
import { few, fitFew } from './few.ts';
import { type Bounds, type Fit, fit } from './likelihood.ts';

/** Components that may bear any burden; all others are good. */
export interface Candidate {
  readonly faults: readonly number[];
  readonly fit: Fit;
}

/** Larger sets are grown from so many of the best of one fewer. */
const BEAM = 12;
/** Pairs are looked at one and all up to this many components. */
const MOST_FOR_PAIRS = 300;
/** Of so many sets each fault is exchanged for two others, in networks up to this size. */
const SWAPPED = 2;
const MOST_FOR_SWAPS = 120;
const MOST_FAULTS = 8;

export interface Search {
  /** The most burden of a good component. */
  readonly good: number;
  /** Within so much deviance of the best of its size a set fits. */
  readonly within: number;
  /** One fault more is needed where it gains more deviance than this. */
  readonly gain: number;
}

/** Good components bear up to `good`, faults anything. */
export function boundsOf(data: Counted, faults: readonly number[], good: number): Bounds {
  const high = new Float64Array(data.columns.length).fill(good);
  for (const fault of faults) high[fault] = MOST_BURDEN;
  return { low: new Float64Array(high.length), high };
}

/** Faults start here, for from 0 the way up is long. */
const FIRST = 0.02;
/** Where nothing is counted a component stays where it starts: as good as none. */
const START = 0.01;

export function fitWith(data: Counted, faults: readonly number[], good: number, start?: Float64Array): Fit {
  const first = start?.slice() ?? new Float64Array(data.columns.length).fill(good * START);
  for (const fault of faults) first[fault] = Math.max(first[fault]!, FIRST);
  return fit(data, boundsOf(data, faults, good), first);
}

/**
 * All sets of the smallest size that is enough; then those of one more, where one of these is likelier by more than `within`. Each list
 * is sorted, the likeliest first. A size is enough where one fault more gains at most `gain`.
 */
export function searchFaults(data: Counted, search: Search): Candidate[] {
  const owed = owedOf(data, search.good);
  let level: Candidate[] = [{ faults: [], fit: fitWith(data, [], search.good) }];
  for (let size = 1; ; size += 1) {
    const deviance = level[0]!.fit.deviance;
    if (deviance <= search.within || size > MOST_FAULTS) return level;
    const next = grown(data, search, owed, level, size);
    const gained = deviance - (next[0]?.fit.deviance ?? deviance);
    if (gained <= search.within) return level;
    const better = next.filter((candidate) => candidate.fit.deviance < deviance - search.within);
    if (gained <= search.gain) return [...level, ...better];
    level = next;
  }
}

/** The deviance that each walk keeps unless a fault is on it. */
function owedOf({ columns, received, lost }: Counted, good: number): Float64Array {
  const length = new Float64Array(lost.length);
  for (const { walks, times } of columns) for (const [place, walk] of walks.entries()) length[walk]! += times[place]!;
  return length.map((crossings, walk) => {
    const [got, gone] = [received[walk]!, lost[walk]!];
    const load = crossings * good;
    if (gone === 0 || (got > 0 && Math.log1p(gone / got) <= load)) return 0;
    const cost = got * load - gone * Math.log(-Math.expm1(-load));
    return 2 * (cost + gone * Math.log(gone / (got + gone)) + (got > 0 ? got * Math.log(got / (got + gone)) : 0));
  });
}

/** No set of faults has less deviance than the walks owe that none of them is on. */
function leastDeviance({ columns }: Counted, owed: Float64Array, faults: readonly number[]): number {
  const crossed = new Set(faults.flatMap((fault) => columns[fault]!.walks));
  return owed.reduce((sum, each, walk) => (crossed.has(walk) ? sum : sum + each), 0);
}

function grown(data: Counted, search: Search, owed: Float64Array, from: readonly Candidate[], size: number): Candidate[] {
  const sets = setsOf(data, from, size)
    .map(({ faults, start }) => ({ faults, start, least: leastDeviance(data, owed, faults) }))
    .sort((one, other) => one.least - other.least);
  // first all others as one, which is quick and never likelier; then those that come near, as they are
  const uniform = new Float64Array(data.columns.length).fill(search.good);
  const rough: (Grown & { readonly deviance: number })[] = [];
  let best = Number.POSITIVE_INFINITY;
  for (const { faults, start, least } of sets) {
    if (least > best + search.within + SLACK) break;
    const { deviance } = fitFew(
      few(data, faults, uniform, 1),
      faults.map((fault) => Math.max(start[fault]!, FIRST)),
    );
    best = Math.min(best, deviance);
    rough.push({ faults, start, deviance });
  }
  const near = rough
    .filter(({ deviance }) => deviance <= best + search.within + SLACK)
    .sort((one, other) => one.deviance - other.deviance)
    .slice(0, MOST_FITTED);
  const fitted = ({ faults, start }: Grown): Candidate => ({ faults, fit: fitWith(data, faults, search.good, start) });
  const found = near.slice(0, FIRST_FITTED).map(fitted);
  const isBetter = found.some((candidate) => candidate.fit.deviance < from[0]!.fit.deviance - search.within);
  if (isBetter) found.push(...near.slice(FIRST_FITTED).map(fitted));
  found.sort((one, other) => one.fit.deviance - other.fit.deviance);
  return found.filter(({ fit: { deviance } }) => deviance <= found[0]!.fit.deviance + search.within);
}

/** How much likelier a set may be than it looks with all others as one. */
const SLACK = 8;
const MOST_FITTED = 64;
/** Where none of the nearest gains enough the others do not matter. */
const FIRST_FITTED = 6;

interface Grown {
  readonly faults: readonly number[];
  readonly start: Float64Array;
}

function setsOf({ columns }: Counted, from: readonly Candidate[], size: number): Grown[] {
  const covered = columns.flatMap(({ walks }, component) => (walks.length > 0 ? [component] : []));
  const start = from[0]!.fit.burdens;
  if (size === 1) return covered.map((one) => ({ faults: [one], start }));
  if (size === 2 && covered.length <= MOST_FOR_PAIRS) {
    return covered.flatMap((one, place) => covered.slice(place + 1).map((other) => ({ faults: [one, other], start })));
  }
  const sets = new Map<string, Grown>();
  const take = (chosen: readonly number[], burdens: Float64Array): void => {
    const faults = [...new Set(chosen)].sort((a, b) => a - b);
    if (faults.length === size) sets.set(faults.join(), { faults, start: burdens });
  };
  for (const [place, { faults, fit: known }] of from.slice(0, BEAM).entries()) {
    for (const one of covered) {
      take([...faults, one], known.burdens);
      // a fault that was only standing in for two others gives way to them
      if (place < SWAPPED && covered.length <= MOST_FOR_SWAPS) {
        for (const gone of faults) {
          const left = faults.filter((fault) => fault !== gone);
          for (const other of covered) take([...left, one, other], known.burdens);
        }
      }
    }
  }
  return [...sets.values()];
}
