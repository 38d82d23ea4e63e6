/** Which closed walks to probe: first each component once, then what adds rank, then what adds most information. */
import { candidateWalks } from './candidate-walks.ts';
import { type Column, directionKey } from './columns.ts';
import { type Basis, createBasis } from './cone.ts';
import type { Walk } from './walk.ts';

/**
 * One leg that the network lets a probe be steered over: from a node to the next waypoint, and the components crossed on the way (the
 * device at its end too). A router between that does not decapsulate makes a leg of several links.
 */
export interface Move {
  readonly from: number;
  readonly to: number;
  readonly crossings: readonly number[];
  /** The move over the same links the other way, by index; null where there is none. Default: any from the one end to the other. */
  readonly opposite?: number | null;
}

export interface PlannedWalk extends Walk {
  /** The waypoints, from the vantage back to the vantage. */
  readonly nodes: readonly number[];
  /** The moves, by index, one fewer than nodes. */
  readonly moves: readonly number[];
}

export interface PlanOptions {
  readonly vantage: number;
  readonly components: number;
  /** At most so many walks. Default: as many as coverage and rank need. */
  readonly walks?: number;
  /** A walk crosses one component at most so often; 4. */
  readonly maxCrossings?: number;
  /** A walk has at most so many waypoints, both ends left out; 32. */
  readonly maxWaypoints?: number;
}

/**
 * Chooses walks over these moves: palindromes, circuits through each move and round each cycle either way. First those that cover the
 * components, the most at once; then those that add rank, the shortest; then those without which two components would fail the same walks if
 * they lost all; then, up to `walks`, those that add most information (D-optimal:
 * the largest determinant of AᵀA + I). Empty where no closed walk exists. Deterministic. Throws RangeError for options out of range.
 */
export function planWalks(moves: readonly Move[], options: PlanOptions): PlannedWalk[] {
  const { vantage, components, walks = Number.POSITIVE_INFINITY, maxCrossings = 4, maxWaypoints = 32 } = options;
  for (const [name, value] of Object.entries({ components, maxCrossings, maxWaypoints })) {
    if (!(Number.isSafeInteger(value) && value >= 1)) throw new RangeError(`${name} is a count of 1 or more, got ${value}`);
  }
  const beyond = moves.flatMap(({ crossings }) => crossings).find((one) => !(one >= 0 && one < components));
  if (beyond !== undefined) throw new RangeError(`A move crosses components 0 to ${components - 1}, got ${beyond}`);
  const lacking = moves.find(({ opposite = null }) => opposite !== null && moves[opposite] === undefined);
  if (lacking !== undefined) throw new RangeError(`An opposite is one of ${moves.length} moves, got ${lacking.opposite}`);
  const pool = candidateWalks(moves, { vantage, maxCrossings, maxWaypoints });
  const columns = pool.map(rowOf);
  const chosen = forCoverage(pool, walks);
  const basis = createBasis(components);
  for (const index of chosen) basis.add(columns[index]!);
  chosen.push(...forRank(columns, chosen, basis, walks));
  chosen.push(...forDeadOnes(pool, chosen, walks));
  if (Number.isFinite(walks)) chosen.push(...forInformation(columns, chosen, components, walks));
  return chosen.map((index) => pool[index]!);
}

/** How often a walk crosses each component: a row of the matrix whose columns are components. */
function rowOf({ crossings }: Walk): Column {
  const times = new Map<number, number>();
  for (const component of crossings) times.set(component, (times.get(component) ?? 0) + 1);
  const walks = [...times.keys()].sort((a, b) => a - b);
  return { walks, times: walks.map((component) => times.get(component)!) };
}

function forCoverage(pool: readonly PlannedWalk[], most: number): number[] {
  const open = new Set(pool.flatMap(({ crossings }) => crossings));
  const chosen: number[] = [];
  while (open.size > 0 && chosen.length < most) {
    const gains = pool.map(({ crossings }) => new Set(crossings.filter((component) => open.has(component))).size);
    const best = gains.reduce((at, gain, index) => (gain > gains[at]! ? index : at), 0);
    for (const component of pool[best]!.crossings) open.delete(component);
    chosen.push(best);
  }
  return chosen;
}

/** The pool is sorted, short walks first. */
function forRank(rows: readonly Column[], chosen: readonly number[], basis: Basis, most: number): number[] {
  const added: number[] = [];
  const seen = new Set(chosen.map((index) => directionKey(rows[index]!)));
  for (const [index, row] of rows.entries()) {
    if (chosen.length + added.length >= most) break;
    if (!seen.has(directionKey(row)) && basis.add(row)) added.push(index);
  }
  return added;
}

/** Walks that part components which all walks chosen so far cross, or none of them: always the one that parts most pairs. */
function forDeadOnes(pool: readonly PlannedWalk[], chosen: readonly number[], most: number): number[] {
  const crossed = pool.map(({ crossings }) => new Set(crossings));
  const added: number[] = [];
  let groups = [[...new Set(pool.flatMap(({ crossings }) => crossings))]].filter(({ length }) => length > 1);
  const split = (index: number): number[][] =>
    groups.flatMap((group) => [group.filter((one) => crossed[index]!.has(one)), group.filter((one) => !crossed[index]!.has(one))]);
  const pairs = (index: number): number => split(index).reduce((sum, { length }) => sum - length ** 2, 0);
  const parted = (index: number): number[][] => split(index).filter(({ length }) => length > 1);
  for (const index of chosen) groups = parted(index);
  while (groups.length > 0 && chosen.length + added.length < most) {
    const together = groups.reduce((sum, { length }) => sum - length ** 2, 0);
    const gains = pool.map((_, index) => pairs(index) - together);
    const best = gains.reduce((at, gain, index) => (gain > gains[at]! ? index : at), 0);
    if (gains[best]! <= 0) break;
    groups = parted(best);
    added.push(best);
  }
  return added;
}

/** One more walk multiplies det(AᵀA + I) by 1 + aᵀM⁻¹a. What a walk adds only falls as others are chosen, so an old sum bounds the new one. */
function forInformation(rows: readonly Column[], chosen: readonly number[], components: number, most: number): number[] {
  const inverse = Array.from({ length: components }, (_, at) => Float64Array.from({ length: components }, (__, k) => (k === at ? 1 : 0)));
  for (const index of chosen) absorb(inverse, rows[index]!);
  const taken = new Set(chosen);
  const bounds = rows.map(() => Number.POSITIVE_INFINITY);
  const added: number[] = [];
  while (chosen.length + added.length < most && taken.size < rows.length) {
    let best = -1;
    for (const [index, row] of rows.entries()) {
      if (taken.has(index) || (best >= 0 && bounds[index]! <= bounds[best]!)) continue;
      bounds[index] = gainOf(inverse, row);
      if (best < 0 || bounds[index]! > bounds[best]! + 1e-12) best = index;
    }
    absorb(inverse, rows[best]!);
    taken.add(best);
    added.push(best);
  }
  return added;
}

function gainOf(inverse: readonly Float64Array[], { walks: at, times }: Column): number {
  let sum = 0;
  for (let i = 0; i < at.length; i += 1) for (let k = 0; k < at.length; k += 1) sum += times[i]! * times[k]! * inverse[at[i]!]![at[k]!]!;
  return sum;
}

/** The inverse after one more walk, by Sherman and Morrison's formula. */
function absorb(inverse: readonly Float64Array[], row: Column): void {
  const weighted = inverse.map((line) => row.walks.reduce((sum, at, i) => sum + line[at]! * row.times[i]!, 0));
  const scale = 1 + gainOf(inverse, row);
  for (const [at, line] of inverse.entries()) {
    if (weighted[at] !== 0) for (let k = 0; k < line.length; k += 1) line[k]! -= (weighted[at]! * weighted[k]!) / scale;
  }
}
