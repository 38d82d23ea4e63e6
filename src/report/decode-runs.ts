/** The runs whose probes a recording holds: by its plan where it has one, else as far as the probes themselves tell. */
import type { PlanMessage } from '../engine/recording/message.ts';
import { type SipKey, sipKey } from '../wire/siphash.ts';

export interface KnownRun {
  readonly number: number;
  /** Null: without the plan nothing proves that a probe is genuine. */
  key: SipKey | null;
  /** What a probe's IP IDs were scattered with; null until a whole probe or the plan has shown it. */
  idKey: number | null;
  /** The highest sequence seen, or -1. */
  newest: number;
}

export interface Runs {
  /** Whether or not it was seen before. */
  of(number: number): KnownRun;
  all(): Iterable<KnownRun>;
  learn(plan: PlanMessage['run']): void;
}

/** Each short quote is tried on every run, so their number is bounded; the oldest goes. */
const MOST_RUNS = 16;

export function createRuns(): Runs {
  const known = new Map<number, KnownRun>();
  let last: KnownRun | null = null;
  const of = (number: number): KnownRun => {
    if (last?.number === number) return last;
    let run = known.get(number);
    if (run === undefined) {
      if (known.size === MOST_RUNS) known.delete(known.keys().next().value!);
      run = { number, key: null, idKey: null, newest: -1 };
      known.set(number, run);
    }
    last = run;
    return run;
  };
  return {
    of,
    all: () => known.values(),
    learn({ number, key, idKey }) {
      const run = of(number);
      run.key = sipKey(key);
      run.idKey = idKey;
    },
  };
}
