/** When the next probes are due: evenly spaced from a start, catching up after a stall but never with a flood. */

export interface Pace {
  /** How many probes may go now, at most `most`. */
  due(nowNs: number, most: number): number;
  /** How many went; where a queue was full, when it refused the rest. */
  sent(count: number, refusedNs: number | null): void;
  /** When to look again whether one is due. */
  nextNs(nowNs: number): number;
}

/** After a longer stall than this the lost time is not made up: a burst of thousands would itself be dropped. */
const CATCH_UP_NS = 100_000_000;
/** What waits for a queue that was full is tried again after this. */
const RETRY_NS = 1_000_000;
/** A timer's step. Probes that are closer together leave in small bursts, rather than keep a core busy with waiting. */
const STEP_NS = 1_000_000;

/** A gap is rarely a whole number of nanoseconds: what is due by a hair is due. */
const ROUNDING = 1e-6;

/** `everyNs()` is the gap before the probe that goes next; read anew at each look, since an asker may learn that it need not wait. */
export function createPace(everyNs: () => number, startNs: number): Pace {
  let lastDueNs = Number.NEGATIVE_INFINITY; // the first goes at once
  let lookedNs = startNs;
  let retryNs = 0;
  const nextDueNs = (): number => Math.max(startNs, lastDueNs + everyNs());
  return {
    due(nowNs, most) {
      if (nowNs < retryNs || nowNs < nextDueNs()) return 0;
      lookedNs = nowNs;
      const gapNs = everyNs();
      if (gapNs === 0) return most;
      lastDueNs = Math.max(lastDueNs, startNs - gapNs, nowNs - CATCH_UP_NS - gapNs);
      return Math.min(most, Math.floor((nowNs - lastDueNs) / gapNs + ROUNDING));
    },
    sent(count, refusedNs) {
      lastDueNs = everyNs() === 0 ? lookedNs : lastDueNs + count * everyNs();
      retryNs = refusedNs === null ? 0 : refusedNs + RETRY_NS;
    },
    nextNs(nowNs) {
      const dueNs = Math.max(nextDueNs(), retryNs);
      return dueNs <= nowNs || everyNs() >= STEP_NS ? dueNs : Math.max(dueNs, nowNs + STEP_NS);
    },
  };
}
