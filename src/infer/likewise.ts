/** Explanations of one fault more that these walks can never tell from a simpler one. */
import { type Column, columnsOf } from './columns.ts';
import { inCone } from './cone.ts';
import type { Walk } from './walk.ts';

const MOST = 24;

/** Sets in which two other faults together do exactly what one fault of a known set does: a device and its two links on a chain. */
export function likewise(walks: readonly Walk[], known: readonly { readonly faults: readonly number[] }[]): number[][] {
  const components = 1 + Math.max(-1, ...walks.flatMap(({ crossings }) => crossings));
  const columns = columnsOf(walks, components);
  const simplest = known.filter(({ faults }) => faults.length === known[0]?.faults.length);
  const sets = new Map<string, number[]>();
  for (const { faults } of simplest) {
    for (const fault of faults) {
      const others = faults.filter((one) => one !== fault);
      for (const pair of pairsFor(columns, fault, others, walks.length)) {
        const set = [...others, ...pair].sort((a, b) => a - b);
        if (sets.size < MOST) sets.set(set.join(), set);
      }
    }
  }
  // with a fault more than one that is enough by itself, nothing is explained
  return [...sets.values()].filter((set) => !known.some(({ faults }) => faults.every((fault) => set.includes(fault))));
}

function pairsFor(columns: readonly Column[], fault: number, others: readonly number[], walks: number): number[][] {
  const crossed = new Set(columns[fault]!.walks);
  const parts = columns.flatMap((column, component) => {
    const isPart = component !== fault && !others.includes(component) && column.walks.every((walk) => crossed.has(walk));
    return isPart && column.walks.length > 0 && !inCone(columns[fault]!, [column], walks) ? [component] : [];
  });
  return parts
    .flatMap((one, place) => parts.slice(place + 1).map((other) => [one, other]))
    .filter((pair) => new Set(pair.flatMap((component) => columns[component]!.walks)).size === crossed.size)
    .filter((pair) =>
      inCone(
        columns[fault]!,
        pair.map((component) => columns[component]!),
        walks,
      ),
    );
}
