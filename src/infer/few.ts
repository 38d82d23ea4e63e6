/** The same counts with a few components free and all others as one: intervals and searches take hundreds of fits, and those cost by components. */
import type { Column } from './columns.ts';
import { type Counted, MOST_BURDEN } from './counted.ts';
import { type Bounds, type Fit, fit } from './likelihood.ts';

export interface Few {
  /** Columns of the free components in their order, then that of the others. */
  readonly data: Counted;
  readonly bounds: Bounds;
}

/**
 * The others bear up to `most` times the burdens of `pattern`, all in one ratio: so losses may move from them to a free component and
 * back, which is nearly as much as if each could move alone.
 */
export function few(data: Counted, free: readonly number[], pattern: Float64Array, most: number): Few {
  const loads = new Float64Array(data.lost.length);
  for (const [component, { walks, times }] of data.columns.entries()) {
    if (free.includes(component)) continue;
    for (let i = 0; i < walks.length; i += 1) loads[walks[i]!]! += times[i]! * pattern[component]!;
  }
  const crossing = [...loads.keys()].filter((walk) => loads[walk]! > 0);
  const others: Column = { walks: crossing, times: crossing.map((walk) => loads[walk]!) };
  const high = new Float64Array(free.length + 1).fill(MOST_BURDEN);
  high[free.length] = most;
  return {
    data: { ...data, columns: [...free.map((component) => data.columns[component]!), others] },
    bounds: { low: new Float64Array(free.length + 1), high },
  };
}

/** `start`: burdens of the free components; those of 0 are moved off it, for from there the way up is long. */
export function fitFew({ data, bounds }: Few, start: readonly number[]): Fit {
  const most = bounds.high.at(-1)!;
  return fit(data, bounds, Float64Array.from([...start.map((burden) => Math.max(burden, FIRST)), most]));
}

const FIRST = 1e-3;
