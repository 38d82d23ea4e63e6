/**
 * Which ttl a trace asks next. Round 1 asks each ttl once, 20 ms apart, and stops at the first answer that ends the path;
 * further rounds ask only ttls up to it, each hop one probe at a time, since a router answers bursts badly. Once the end is
 * known a silent hop is asked again. Where the end stays silent, rounds go on for the hops that answered, and nothing else.
 */
import type { Meaning } from './hop.ts';

export interface ScheduleOptions {
  readonly firstTtl: number;
  readonly lastTtl: number;
  /** Rounds. */
  readonly count: number;
  /** How often a hop that stays silent is asked in all. */
  readonly silentTries: number;
}

export interface Schedule {
  /** The ttl to ask now; `wait`: after the next outcome; `done`: nothing more will be asked. */
  next(): number | 'wait' | 'done';
  heard(ttl: number, meaning: Meaning): void;
  /** The hop has all its answers. */
  isFinal(ttl: number): boolean;
  /** The last ttl that belongs to the path, as far as it is known. */
  end(): number;
  /** Round 1 is still being sent. */
  isFirstRound(): boolean;
  ended(): boolean;
}

interface Tries {
  asked: number;
  answered: number;
  outstanding: number;
}

export function createSchedule({ firstTtl, lastTtl, count, silentTries }: ScheduleOptions): Schedule {
  const tries = new Map<number, Tries>();
  let frontier = firstTtl;
  let end: number | null = null;

  const lastHeard = (): number => Math.max(0, ...[...tries].filter(([, { answered }]) => answered > 0).map(([ttl]) => ttl));
  const firstRound = (): boolean => frontier <= (end ?? lastTtl);

  function wants(ttl: number): boolean {
    const { asked, answered, outstanding } = tries.get(ttl)!;
    if (outstanding > 0) return false;
    return answered > 0 ? asked < count : end !== null && asked < silentTries;
  }

  function ask(ttl: number): number {
    const known = tries.get(ttl) ?? { asked: 0, answered: 0, outstanding: 0 };
    tries.set(ttl, { ...known, asked: known.asked + 1, outstanding: known.outstanding + 1 });
    return ttl;
  }

  const inPlay = (): number[] => [...tries.keys()].filter((ttl) => ttl <= (end ?? lastHeard()));

  return {
    next() {
      if (firstRound()) return ask(frontier++);
      const eager = inPlay().filter(wants);
      const fewest = eager.toSorted((a, b) => tries.get(a)!.asked - tries.get(b)!.asked || a - b)[0];
      if (fewest !== undefined) return ask(fewest);
      return [...tries].some(([ttl, { outstanding }]) => outstanding > 0 && ttl <= (end ?? lastTtl)) ? 'wait' : 'done';
    },
    heard(ttl, meaning) {
      const known = tries.get(ttl)!;
      tries.set(ttl, { ...known, outstanding: known.outstanding - 1, answered: known.answered + (meaning === 'silent' ? 0 : 1) });
      if (meaning === 'reached' || meaning === 'error') end = Math.min(end ?? ttl, ttl);
    },
    isFinal: (ttl) => !firstRound() && tries.get(ttl)?.outstanding === 0 && !wants(ttl),
    end: () => end ?? lastTtl,
    isFirstRound: firstRound,
    ended: () => end !== null,
  };
}
