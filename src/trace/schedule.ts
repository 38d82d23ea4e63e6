/**
 * Which ttl a trace asks next. Round 1 asks each ttl once, 20 ms apart, and stops at the first answer that ends the path;
 * further rounds ask only ttls up to it, each hop one probe at a time, since a router answers bursts badly. Once the end is
 * known a silent hop is asked again. Where the end stays silent, rounds go on for the hops that answered, and nothing else. A hop
 * that is silent even so is asked a last time when a second has passed: many routers answer once a second and no more.
 */
import type { Meaning } from './hop.ts';

export interface ScheduleOptions {
  readonly firstTtl: number;
  readonly lastTtl: number;
  /** Rounds. */
  readonly count: number;
  /** How often a hop that stays silent is asked, before the last time. */
  readonly silentTries: number;
}

export interface Schedule {
  /** The ttl to ask now; `wait`: after the next outcome, or later; `done`: nothing more will be asked. */
  next(nowNs: number): number | 'wait' | 'done';
  /** `told`: where the answer says that its sender stands. Returns where it is counted: there, if all who were asked from there on are silent so far. */
  heard(ttl: number, meaning: Meaning, told?: number | null): number;
  /** The hop has all its answers. */
  isFinal(ttl: number): boolean;
  /** The last ttl that belongs to the path, as far as it is known. */
  end(): number;
  /** Round 1 is still being sent. */
  isFirstRound(): boolean;
  ended(): boolean;
}

/** A limit of one answer a second (Linux's icmp_ratelimit, most policers) has let go of whatever used it up. */
const REST_NS = 1_050_000_000;

/** Where the end is silent there is time for this many, while others are waited for. */
const MOST_RESTS = 3;

interface Tries {
  asked: number;
  answered: number;
  outstanding: number;
  askedNs: number;
  /** How often it was asked again when a second had passed. */
  rested: number;
}

const NEVER: Tries = { asked: 0, answered: 0, outstanding: 0, askedNs: 0, rested: 0 };

export function createSchedule({ firstTtl, lastTtl, count, silentTries }: ScheduleOptions): Schedule {
  const tries = new Map<number, Tries>();
  let frontier = firstTtl;
  let end: number | null = null;

  const lastHeard = (): number => Math.max(0, ...[...tries].filter(([, { answered }]) => answered > 0).map(([ttl]) => ttl));
  const firstRound = (): boolean => frontier <= (end ?? lastTtl);

  function wants(ttl: number): boolean {
    const { asked, answered, outstanding, rested } = tries.get(ttl)!;
    if (outstanding > 0) return false;
    if (answered > 0) return asked < count && rested === 0; // one that had to rest would be silent again
    return end !== null && asked < silentTries;
  }

  /** It answers nothing, and will be asked once more. Where the end is silent too it may be the next hop, so that one is tried. */
  function rests(ttl: number): boolean {
    const { answered, rested } = tries.get(ttl)!;
    return answered === 0 && rested < (end === null ? MOST_RESTS : 1) && ttl <= (end ?? Math.max(lastHeard() + 1, firstTtl)) && !wants(ttl);
  }

  function ask(ttl: number, nowNs: number): number {
    const { asked, answered, outstanding, askedNs, rested } = tries.get(ttl) ?? NEVER;
    const isRested = asked > 0 && nowNs - askedNs >= REST_NS;
    tries.set(ttl, { asked: asked + 1, answered, outstanding: outstanding + 1, askedNs: nowNs, rested: rested + (isRested ? 1 : 0) });
    return ttl;
  }

  const change = (ttl: number, by: (known: Tries) => Partial<Tries>): void => {
    const known = tries.get(ttl)!;
    tries.set(ttl, { ...known, ...by(known) });
  };

  const isRested = ({ askedNs, outstanding }: Tries, nowNs: number): boolean =>
    nowNs - askedNs >= REST_NS && (end === null || outstanding === 0);
  const inPlay = (): number[] => [...tries.keys()].filter((ttl) => ttl <= (end ?? lastHeard()));
  /** Where the end is silent nobody waits for last tries: they have the time that others are waited for. */
  const isAwaited = ([ttl, { outstanding, rested }]: [number, Tries]): boolean =>
    ttl <= (end ?? lastTtl) && outstanding > (end === null ? rested : 0);

  return {
    next(nowNs) {
      if (firstRound()) return ask(frontier++, nowNs);
      const eager = inPlay().filter(wants);
      const fewest = eager.toSorted((a, b) => tries.get(a)!.asked - tries.get(b)!.asked || a - b)[0];
      if (fewest !== undefined) return ask(fewest, nowNs);
      const resting = [...tries.keys()].filter(rests);
      const rested = resting.find((ttl) => isRested(tries.get(ttl)!, nowNs)); // the nearest first: an end may answer at many ttls
      if (rested !== undefined) return ask(rested, nowNs);
      const waits = [...tries].some(isAwaited) || (end !== null && resting.length > 0);
      return waits ? 'wait' : 'done';
    },
    heard(ttl, meaning, told = null) {
      const place = told !== null && told >= firstTtl && told > lastHeard() ? told : ttl;
      change(ttl, ({ asked, outstanding }) => ({ asked: asked - (place === ttl ? 0 : 1), outstanding: outstanding - 1 }));
      if (meaning !== 'silent')
        change(place, ({ asked, answered }) => ({ asked: asked + (place === ttl ? 0 : 1), answered: answered + 1 }));
      if (meaning === 'reached' || meaning === 'error') end = Math.min(end ?? place, place);
      return place;
    },
    isFinal(ttl) {
      const known = tries.get(ttl);
      if (firstRound() || known === undefined || wants(ttl)) return false;
      if (known.answered > 0) return known.outstanding === 0;
      return !isAwaited([ttl, known]) && (end === null || !rests(ttl));
    },
    end: () => end ?? lastTtl,
    isFirstRound: firstRound,
    ended: () => end !== null,
  };
}
