/** When this machine's own drops and disturbances are looked at, and what silence they excuse. */
import type { Disturbance, Engine } from '../engine/engine.ts';
import { createDropWindows } from './drop-windows.ts';

/** Drop counters are read, and an interruption is noticed, at least this often. */
export const LOOK_NS = 100_000_000;
/** Before silence is judged they are read again, where that was longer ago than this: reading them takes 0.1 ms. */
const FRESH_NS = 5_000_000;

export interface Looks {
  /** Looks at what this machine itself lost or suffered, when it is time; the time of the last look. */
  look(anyDue: boolean): number;
  /** The earliest time at which silence may be judged by a fresh look. */
  nextNs(): number;
  /** True where the answer awaited in this span may have been lost by ourselves. */
  excuse(fromNs: number, toNs: number): boolean;
}

/** An engine that is only computed is looked at each time, which costs nothing there. */
export function createLooks(engine: Engine, sinceNs: (timeNs: bigint) => number): Looks {
  const [everyNs, freshNs] = engine.can.realTime ? [LOOK_NS, FRESH_NS] : [0, 0];
  const windows = createDropWindows(engine.drops(), 0);
  let disturbances: readonly Disturbance[] = [];
  let lookedNs = 0;
  return {
    look(anyDue) {
      const nowNs = sinceNs(engine.nowNs());
      if (nowNs - lookedNs < (anyDue ? freshNs : everyNs)) return lookedNs;
      windows.look(engine.drops(), nowNs);
      disturbances = engine.disturbances?.() ?? [];
      lookedNs = nowNs;
      return lookedNs;
    },
    nextNs: () => lookedNs + freshNs,
    excuse: (fromNs, toNs) =>
      disturbances.some((one) => sinceNs(one.fromNs) <= toNs && (one.untilNs === null || sinceNs(one.untilNs) >= fromNs)) ||
      windows.excuses(fromNs, toNs),
  };
}
