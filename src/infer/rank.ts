/** What a set of walks can tell apart, before a probe is sent. */
import { type Column, columnsOf, directionKey, supportKey } from './columns.ts';
import { conesMeet, inCone, rankOfColumns } from './cone.ts';
import type { Walk } from './walk.ts';

export interface Rank {
  /** Independent equations among the walks: so many numbers can be told of the components, not more. */
  readonly rank: number;
  /** Components that no walk crosses. */
  readonly uncovered: readonly number[];
  /**
   * Covered components whose faults look alike in every walk, whatever they lose: both directions of a bridge. One that is told from all
   * others stands alone.
   */
  readonly classes: readonly (readonly number[])[];
  /** Covered components that fail the same walks when they lose everything. */
  readonly failingAlike: readonly (readonly number[])[];
  /** Each covered component is crossed by at least so many walks; 0 where none is covered. */
  readonly coverage: number;
  /** Any faults of at most so many (up to 2) groups of `failingAlike` fail a set of walks that no other so many fail. */
  readonly identifiability: 0 | 1 | 2;
}

/**
 * Analyses walks over `components` components. The log of a walk's survival is the sum of those of its crossings, so what can be told is
 * linear algebra over how often each walk crosses each component. Throws RangeError for a crossing that is no index below `components`.
 */
export function rankOf(walks: readonly Walk[], components: number): Rank {
  const columns = columnsOf(walks, components);
  const covered = columns.flatMap((column, component) => (column.walks.length > 0 ? [component] : []));
  const failingAlike = grouped(covered, (component) => supportKey(columns[component]!));
  return {
    rank: rankOfColumns(columns, walks.length),
    uncovered: columns.flatMap((column, component) => (column.walks.length > 0 ? [] : [component])),
    classes: grouped(covered, (component) => directionKey(columns[component]!)),
    failingAlike,
    coverage: covered.length === 0 ? 0 : Math.min(...covered.map((component) => columns[component]!.walks.length)),
    identifiability: identifiabilityOf(failingAlike.map(([first]) => columns[first!]!)),
  };
}

/**
 * Whether the walks tell all faults of just the components `first` from all faults of just `second`: no losses of the ones look like any
 * losses of the others. Where they do for some ratio of losses only (equal losses in opposite directions on a cycle of four) it is false.
 * Losses are below 1: what loses all hides what it loses with.
 */
export function tellsApart(walks: readonly Walk[], first: readonly number[], second: readonly number[]): boolean {
  const [one, other] = [new Set(first), new Set(second)];
  const columns = columnsOf(walks, 1 + Math.max(-1, ...first, ...second, ...walks.flatMap(({ crossings }) => crossings)));
  const pick = (chosen: Iterable<number>): Column[] => [...chosen].map((component) => columns[component]!);
  return !conesMeet(
    pick([...one].filter((component) => !other.has(component))),
    pick([...other].filter((component) => !one.has(component))),
    pick([...one].filter((component) => other.has(component))),
    walks.length,
  );
}

/** Whether whatever losses `first` have, some losses of `second` look the same: a device against its two links on a chain. */
export function mimics(walks: readonly Walk[], first: readonly number[], second: readonly number[]): boolean {
  const columns = columnsOf(walks, 1 + Math.max(-1, ...first, ...second, ...walks.flatMap(({ crossings }) => crossings)));
  const others = second.map((component) => columns[component]!);
  return first.every((component) => inCone(columns[component]!, others, walks.length));
}

function grouped(components: readonly number[], keyOf: (component: number) => string): number[][] {
  const groups = new Map<string, number[]>();
  for (const component of components) {
    const key = keyOf(component);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [component]);
    else group.push(component);
  }
  return [...groups.values()];
}

/** Columns differ in the walks that they cross, so one fault is always identified. */
function identifiabilityOf(columns: readonly Column[]): 0 | 1 | 2 {
  if (columns.length === 0) return 0;
  const failing = new Set(columns.map(supportKey));
  for (const [place, one] of columns.entries()) {
    for (const other of columns.slice(0, place)) {
      const key = [...new Set([...one.walks, ...other.walks])].sort((a, b) => a - b).join();
      if (failing.has(key)) return 1;
      failing.add(key);
    }
  }
  return 2;
}
