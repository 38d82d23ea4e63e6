/**
 * Packets are stamped by a clock that somebody may set while we measure. The engine's time begins as that clock's and then goes on
 * by the monotonic one, and stamps are moved over to it: a clock that is set changes no round trip and no deadline.
 */

export interface Clocks {
  readonly monotonicNs: () => bigint;
  /** How far the stamps' clock is ahead of the monotonic one. */
  readonly aheadNs: () => bigint;
}

export interface ClockStep {
  readonly fromNs: bigint;
  readonly untilNs: bigint;
  /** Positive where the clock was set forward. */
  readonly byNs: bigint;
}

export interface SteadyClock {
  nowNs(): bigint;
  /** Looks whether the clock was set since the last look. To be called before packets are taken, and after. */
  look(): void;
  /** Nothing waits: every later stamp is of the clock as it is now. */
  drained(): void;
  /** A stamp of a packet taken between the last two looks, in the engine's time. Called in the order of the queue. */
  timeOf(stampNs: bigint): bigint;
  readonly steps: readonly ClockStep[];
}

/** Reading two clocks one after the other is never exact; less than this is no step. */
const LEAST_STEP_NS = 1_000_000n;
/** A stamp may be a little ahead of our own look, where another processor made it. */
const AHEAD_NS = 1_000_000n;

export function steadyClock({ monotonicNs, aheadNs }: Clocks): SteadyClock {
  const firstAheadNs = aheadNs();
  const nowNs = (): bigint => monotonicNs() + firstAheadNs;
  const steps: ClockStep[] = [];
  let current = firstAheadNs;
  let former: bigint[] = []; // of stamps that may still wait
  let lookedNs = nowNs();
  let lastNs = lookedNs;

  function look(): void {
    const ahead = aheadNs();
    const byNs = ahead - current;
    const atNs = nowNs();
    if (byNs > LEAST_STEP_NS || byNs < -LEAST_STEP_NS) {
      steps.push({ fromNs: lookedNs, untilNs: atNs, byNs });
      former.push(current);
      current = ahead;
    }
    lookedNs = atNs;
  }

  /** Among the times that the stamp may mean, the one next to that of the packet before it, and not in the future. */
  function timeAmong(stampNs: bigint): bigint {
    const latestNs = lookedNs + AHEAD_NS;
    const times = [current, ...former].map((ahead) => stampNs - ahead + firstAheadNs).filter((time) => time <= latestNs);
    return times.length === 0
      ? stampNs - current + firstAheadNs
      : times.reduce((best, time) => (apart(time, lastNs) < apart(best, lastNs) ? time : best));
  }

  return {
    nowNs,
    look,
    drained() {
      former = [];
      lastNs = lookedNs;
    },
    timeOf(stampNs) {
      if (steps.length === 0) return stampNs;
      lastNs = former.length === 0 ? stampNs - current + firstAheadNs : timeAmong(stampNs);
      return lastNs;
    },
    steps,
  };
}

const apart = (one: bigint, other: bigint): bigint => (one > other ? one - other : other - one);
