/** How often each walk crosses each component, by component: the columns of the matrix that inference works on. */
import type { Walk } from './walk.ts';

/** The walks that cross one component, by index and ascending, and how often each does. */
export interface Column {
  readonly walks: readonly number[];
  readonly times: readonly number[];
}

/** One column a component. Throws RangeError for a crossing that is no index below `components`. */
export function columnsOf(walks: readonly Walk[], components: number): Column[] {
  const columns = Array.from({ length: components }, () => ({ walks: [] as number[], times: [] as number[] }));
  for (const [walk, { crossings }] of walks.entries()) {
    for (const [component, times] of timesOf(crossings)) {
      const column = columns[component];
      if (column === undefined) throw new RangeError(`A walk crosses components 0 to ${components - 1}, got ${component}`);
      column.walks.push(walk);
      column.times.push(times);
    }
  }
  return columns;
}

function timesOf(crossings: readonly number[]): Map<number, number> {
  const times = new Map<number, number>();
  for (const component of crossings) times.set(component, (times.get(component) ?? 0) + 1);
  return times;
}

/** Two columns have one key where one is a multiple of the other. */
export function directionKey({ walks, times }: Column): string {
  const common = times.reduce(greatestDivisor, 0);
  return walks.map((walk, place) => `${walk}x${times[place]! / common}`).join();
}

export const supportKey = ({ walks }: Column): string => walks.join();

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));
