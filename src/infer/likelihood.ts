/** The most likely burdens of components between bounds. */
import { solve } from './cholesky.ts';
import type { Column } from './columns.ts';
import { type Counted, cost, LEAST_BURDEN, loadsOf, totalCost } from './counted.ts';

/** Lowest and highest burden of each component. */
export interface Bounds {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export interface Fit {
  /** Burden of each component. */
  readonly burdens: Float64Array;
  /** Twice the log likelihood that is missing to the best burdens of walks: 0 where the counts are met exactly. */
  readonly deviance: number;
}

const MOST_STEPS = 200;
/** In units of deviance, far below what any decision turns on. */
const PRECISION = 1e-6;
/** A step that must be cut shorter than this goes the wrong way. */
const SHORTEST = 1e-3;

/**
 * Most likely burdens between the bounds: Newton's method on those that no bound holds, projected (D. P. Bertsekas, "Projected Newton
 * methods for optimization problems with simple constraints", SIAM J. Control and Optimization 20, 1982).
 */
export function fit(data: Counted, bounds: Bounds, start: Float64Array): Fit {
  let state = stateOf(
    data,
    start.map((burden, component) => within(burden, bounds, component)),
  );
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const slopes = slopesOf(data, state.loads);
    const free = freeOf(state.burdens, slopes, bounds);
    const near = quadraticOf(data, state.loads, free);
    if (mostGain(near, state.burdens, slopes, bounds) < PRECISION) break;
    const next = newtonStep(data, bounds, state, slopes, near) ?? oneByOne(data, bounds, state);
    if (state.value - next.value < PRECISION / 100) break;
    state = next;
  }
  return { burdens: state.burdens, deviance: Math.max(0, 2 * (state.value - data.saturated)) };
}

interface State {
  readonly burdens: Float64Array;
  /** Burden of each walk. */
  readonly loads: Float64Array;
  /** Minus the log likelihood. */
  readonly value: number;
}

function stateOf(data: Counted, burdens: Float64Array): State {
  const loads = loadsOf(data, burdens);
  return { burdens, loads, value: totalCost(data, loads) };
}

/** What moving each free component alone, as far as its bound lets it, would gain in sum. */
function mostGain({ free, curvature }: Quadratic, burdens: Float64Array, slopes: Float64Array, { low, high }: Bounds): number {
  return free.reduce((sum, component, place) => {
    const slope = slopes[component]!;
    const room = slope > 0 ? burdens[component]! - Math.max(low[component]!, LEAST_BURDEN) : high[component]! - burdens[component]!;
    const step = Math.min(room, Math.abs(slope) / curvature[place * free.length + place]!);
    return sum + step * Math.abs(slope);
  }, 0);
}

/** All free components at once; null where that gains next to nothing. */
function newtonStep(data: Counted, bounds: Bounds, state: State, slopes: Float64Array, near: Quadratic): State | null {
  const move = newtonMove(near, state.burdens, slopes, bounds);
  const next = search(data, bounds, state, near.free, move, slopes);
  return next !== null && state.value - next.value >= PRECISION / 10 ? next : null;
}

/** Each component by itself in turn: slow, but it never stands still before the end, as a step that many bounds bend can. */
function oneByOne(data: Counted, bounds: Bounds, { burdens: before, loads: at }: State): State {
  const { columns } = data;
  const [burdens, loads] = [before.slice(), at.slice()];
  for (const [component, column] of columns.entries()) {
    const by = moveAlone(data, column, loads, (burden) => within(burden, bounds, component), burdens[component]!);
    if (by === 0) continue;
    burdens[component]! += by;
    for (let i = 0; i < column.walks.length; i += 1) loads[column.walks[i]!]! += column.times[i]! * by;
  }
  return stateOf(data, burdens); // anew, for the loads above have rounded
}

/** Newton's step of one component, quartered until it costs less; 0 where none does. */
function moveAlone(
  { received, lost }: Counted,
  { walks, times }: Column,
  loads: Float64Array,
  bound: (burden: number) => number,
  from: number,
): number {
  let [slope, bend] = [0, 0];
  for (let i = 0; i < walks.length; i += 1) {
    const walk = walks[i]!;
    const grown = Math.expm1(loads[walk]!);
    slope += times[i]! * (received[walk]! - (lost[walk]! > 0 ? lost[walk]! / grown : 0));
    bend += lost[walk]! > 0 ? (times[i]! ** 2 * lost[walk]! * (grown + 1)) / (grown * grown) : 0;
  }
  const costAfter = (by: number): number =>
    walks.reduce((sum, walk, i) => sum + cost(received[walk]!, lost[walk]!, loads[walk]! + times[i]! * by), 0);
  const standing = costAfter(0);
  for (let step = -slope / (bend + 1e-9); Math.abs(step) > 1e-13; step /= 4) {
    const by = bound(from + step) - from;
    if (by !== 0 && costAfter(by) < standing) return by;
  }
  return 0;
}

function within(burden: number, { low, high }: Bounds, component: number): number {
  return Math.min(Math.max(burden, low[component]!, LEAST_BURDEN), Math.max(high[component]!, LEAST_BURDEN));
}

function slopesOf({ columns, received, lost }: Counted, loads: Float64Array): Float64Array {
  const bends = loads.map((load, walk) => received[walk]! - (lost[walk]! > 0 ? lost[walk]! / Math.expm1(load) : 0));
  return Float64Array.from(columns, ({ walks, times }) => {
    let slope = 0;
    for (let i = 0; i < walks.length; i += 1) slope += times[i]! * bends[walks[i]!]!;
    return slope;
  });
}

function freeOf(burdens: Float64Array, slopes: Float64Array, { low, high }: Bounds): number[] {
  const free: number[] = [];
  for (let component = 0; component < burdens.length; component += 1) {
    const [burden, slope] = [burdens[component]!, slopes[component]!];
    const [least, most] = [Math.max(low[component]!, LEAST_BURDEN), high[component]!];
    if (most <= least || slope === 0) continue;
    if ((slope > 0 && burden > least) || (slope < 0 && burden < most)) free.push(component);
  }
  return free;
}

/** The cost near a point, as far as it is quadratic in the free components: `curvature` by rows. */
interface Quadratic {
  readonly free: readonly number[];
  readonly curvature: Float64Array;
}

function quadraticOf({ columns, lost }: Counted, loads: Float64Array, free: readonly number[]): Quadratic {
  const size = free.length;
  const rows: { places: number[]; times: number[] }[] = Array.from({ length: lost.length }, () => ({ places: [], times: [] }));
  for (const [place, component] of free.entries()) {
    const { walks, times } = columns[component]!;
    for (let i = 0; i < walks.length; i += 1) {
      const row = rows[walks[i]!]!;
      row.places.push(place);
      row.times.push(times[i]!);
    }
  }
  const curvature = new Float64Array(size * size);
  for (let walk = 0; walk < rows.length; walk += 1) {
    if (lost[walk] === 0) continue;
    const { places, times } = rows[walk]!;
    const grown = Math.expm1(loads[walk]!);
    const bend = (lost[walk]! * (grown + 1)) / (grown * grown);
    for (let i = 0; i < places.length; i += 1) {
      for (let k = 0; k < places.length; k += 1) curvature[places[i]! * size + places[k]!]! += bend * times[i]! * times[k]!;
    }
  }
  // walks without losses bend nothing: the slope alone then says where to go, and the bound where to stop
  for (let a = 0; a < size; a += 1) curvature[a * size + a]! += 1e-9 * curvature[a * size + a]! + 1e-6;
  return { free, curvature };
}

/** The move of each free component to where its slope would be 0. One that a bound stops short is held there, and the others reckon with it. */
function newtonMove({ free, curvature }: Quadratic, burdens: Float64Array, slopes: Float64Array, bounds: Bounds): Float64Array {
  const size = free.length;
  const move = new Float64Array(size);
  let loose = free.map((_, place) => place);
  const held: number[] = [];
  while (loose.length > 0) {
    const matrix = new Float64Array(loose.length ** 2);
    for (const [i, a] of loose.entries()) for (const [k, b] of loose.entries()) matrix[i * loose.length + k] = curvature[a * size + b]!;
    const right = Float64Array.from(loose, (a) => held.reduce((sum, b) => sum - curvature[a * size + b]! * move[b]!, -slopes[free[a]!]!));
    for (const [i, by] of solve(matrix, right).entries()) move[loose[i]!] = by;
    const stopped = loose.filter((place) => {
      const component = free[place]!;
      const [from, to] = [burdens[component]!, burdens[component]! + move[place]!];
      const end = within(to, bounds, component);
      if (end !== to) move[place] = end - from;
      return end !== to;
    });
    if (stopped.length === 0) break;
    held.push(...stopped);
    loose = loose.filter((place) => !stopped.includes(place));
  }
  return move;
}

/** Halves the move until it costs less, as Armijo asks; null where none does. */
function search(
  data: Counted,
  bounds: Bounds,
  { burdens, value }: State,
  free: readonly number[],
  move: Float64Array,
  slopes: Float64Array,
): State | null {
  for (let share = 1; share > SHORTEST; share /= 2) {
    const next = burdens.slice();
    let promised = 0;
    for (const [place, component] of free.entries()) {
      next[component] = within(burdens[component]! + share * move[place]!, bounds, component);
      promised += slopes[component]! * (next[component]! - burdens[component]!);
    }
    const reached = stateOf(data, next);
    if (reached.value <= value + 1e-4 * promised && reached.value < value) return reached;
  }
  return null;
}
