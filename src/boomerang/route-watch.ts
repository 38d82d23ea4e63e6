/**
 * Notices in the middle of a sweep that probes no longer fare as they did, as when a route changes: legs have exact ttls, so that a
 * new way shows as an error of a router that was not on the old one, as silence where routers tell nothing, or, since nothing steers
 * the last leg, as another ttl at home. What is noticed is a reason to look at the path again, no verdict.
 */
import type { Answered, Observation } from '../probe/observation.ts';
import type { Tally } from './tally.ts';

/** Since when a position's probes fare otherwise, and how. */
export interface Sign {
  readonly kind: 'error' | 'silence' | 'home';
  readonly position: number;
  /** On the engine's clock. */
  readonly sinceNs: bigint;
  /** The first error of those that came in place of landings; null where nothing was told. */
  readonly answer: Answered | null;
  /** The ttls that landings had at home, before and now; null where that is not the sign. */
  readonly ttls: readonly [before: number, now: number] | null;
}

export interface RouteWatch {
  seen(observation: Observation, nowNs: bigint): void;
  /** Looks for silence; called now and then. */
  look(tallies: readonly Tally[], nowNs: bigint): void;
  sign(): Sign | null;
  /** What became of the probes that were sent to a position after the last that landed. */
  since(position: number): Since;
  /** The path was looked at again and is what it was: the same error is no sign any more, and silence is none until then. */
  dismiss(untilNs: bigint): void;
}

export interface Since {
  readonly lost: number;
  /** Answered with an error. */
  readonly told: number;
}

/** A run of failures is a sign where chance would make it once in so many. */
const CHANCE = 1e-6;
/** Routers in the middle of a change of routes may let a few probes go astray. */
const LEAST_ERRORS = 3;
const LEAST_HOME = 5;
const LEAST_MISSING = 20;
const SILENCE_NS = 1_000_000_000;
const RTTS = 3;
/** A hop whose probes landed within this answers still; tallies are looked at ten times a second. */
const ALIVE_NS = 300_000_000n;

/** What is known of the probes to one position. */
interface Way {
  landed: number;
  /** The sequence of the last probe that landed, and how many of those sent after it were lost or told of. */
  lastLanded: number;
  missing: number;
  told: number;
  rttNs: number;
  /** Errors before the present run of them. */
  errors: number;
  run: number;
  first: { readonly answer: Answered; readonly atNs: bigint } | null;
  /** When the last error came. */
  toldNs: bigint;
  readonly dismissed: Set<string>;
  home: number | null;
  homes: number;
  strays: number;
  away: { ttl: number; count: number; sinceNs: bigint } | null;
  /** At the last look that found new landings. */
  alive: { readonly landed: number; readonly sent: number; readonly lost: number; readonly atNs: bigint } | null;
}

const newWay = (): Way => ({
  landed: 0,
  lastLanded: -1,
  missing: 0,
  told: 0,
  rttNs: 0,
  errors: 0,
  run: 0,
  first: null,
  toldNs: 0n,
  dismissed: new Set(),
  home: null,
  homes: 0,
  strays: 0,
  away: null,
  alive: null,
});

/** Of the chance that one more fails, where so many had failed and so many had not. */
const logChance = (failed: number, succeeded: number): number => Math.log((failed + 2) / (failed + succeeded + 3));

const isRun = (length: number, failed: number, succeeded: number, least: number): boolean =>
  length >= least && length * logChance(failed, succeeded) <= Math.log(CHANCE);

const keyOf = ({ from, icmp }: Answered): string => `${from} ${icmp.type}/${icmp.code}`;

export function createRouteWatch(): RouteWatch {
  const ways = new Map<number, Way>();
  let sign: Sign | null = null;
  let quietUntilNs = 0n;

  const wayOf = (position: number): Way => {
    const known = ways.get(position);
    if (known !== undefined) return known;
    const way = newWay();
    ways.set(position, way);
    return way;
  };
  const notice = (position: number, part: Omit<Sign, 'position'>): void => {
    sign ??= { ...part, position };
  };

  return {
    seen(seen, nowNs) {
      const { sequence, question } = seen.probe;
      if (seen.kind === 'lost') {
        const way = wayOf(question.path);
        if (sequence > way.lastLanded) way.missing += 1;
      } else if (seen.kind === 'landed') {
        const way = wayOf(question.path);
        land(way, sequence, seen.rttNs);
        const turned = homecoming(way, seen.ttl, nowNs);
        if (turned !== null) notice(question.path, { kind: 'home', answer: null, ...turned });
      } else if (seen.kind === 'held') {
        const way = wayOf(question.path);
        way.toldNs = nowNs;
        if (sequence > way.lastLanded) way.told += 1;
        if (sequence < way.lastLanded || way.landed === 0 || way.dismissed.has(keyOf(seen.answer))) return;
        way.run += 1;
        way.first ??= { answer: seen.answer, atNs: nowNs };
        const failing = [...ways].filter(([, { run }]) => run > 0);
        if (!isUnlikely(failing.map(([, one]) => one))) return;
        const [position, { first }] = failing.reduce((one, other) => (other[0] < one[0] ? other : one));
        notice(position, { kind: 'error', sinceNs: first!.atNs, answer: first!.answer, ttls: null });
      }
    },
    look(tallies, nowNs) {
      for (const tally of tallies) refresh(wayOf(tally.position), tally, nowNs);
      const silent = tallies.find((tally) => isSilent(wayOf(tally.position), tally, nowNs));
      if (silent === undefined || nowNs < quietUntilNs) return;
      const { alive, first } = wayOf(silent.position);
      const nearer = tallies.filter(({ position }) => position < silent.position);
      if (!nearer.some(({ position }) => nowNs - (wayOf(position).alive?.atNs ?? 0n) < ALIVE_NS)) return;
      notice(silent.position, { kind: 'silence', sinceNs: alive!.atNs, answer: first?.answer ?? null, ttls: null });
    },
    sign: () => sign,
    since: (position) => {
      const { missing: lost, told } = ways.get(position) ?? newWay();
      return { lost, told };
    },
    dismiss(untilNs) {
      for (const way of ways.values()) {
        if (way.first !== null) way.dismissed.add(keyOf(way.first.answer));
        Object.assign(way, { errors: way.errors + way.run, run: 0, first: null, away: null });
      }
      quietUntilNs = untilNs;
      sign = null;
    },
  };
}

/** Taken together: a change of the route meets many positions at once, and routers tell of few probes. */
const isUnlikely = (failing: readonly Way[]): boolean =>
  failing.reduce((sum, { run }) => sum + run, 0) >= LEAST_ERRORS &&
  failing.reduce((sum, { run, errors, landed }) => sum + run * logChance(errors, landed), 0) <= Math.log(CHANCE);

function land(way: Way, sequence: number, rttNs: number): void {
  way.landed += 1;
  if (sequence > way.lastLanded) {
    way.lastLanded = sequence;
    way.missing = 0;
    way.told = 0;
  }
  way.rttNs = Math.max(way.rttNs, rttNs);
  if (way.run > 0) Object.assign(way, { errors: way.errors + way.run, run: 0, first: null });
  if (way.dismissed.size > 0) way.dismissed.clear();
}

/** The ttl at home changed and stays changed; where it wavers from the start, ways home of unlike length are shared out. */
function homecoming(way: Way, ttl: number, nowNs: bigint): Pick<Sign, 'sinceNs' | 'ttls'> | null {
  way.home ??= ttl;
  if (ttl === way.home) {
    way.homes += 1;
    if (way.away !== null) Object.assign(way, { strays: way.strays + way.away.count, away: null });
    return null;
  }
  if (way.away?.ttl === ttl) way.away.count += 1;
  else Object.assign(way, { strays: way.strays + (way.away?.count ?? 0), away: { ttl, count: 1, sinceNs: nowNs } });
  const { count, sinceNs } = way.away!;
  return isRun(count, way.strays, way.homes, LEAST_HOME) ? { sinceNs, ttls: [way.home, ttl] } : null;
}

function refresh(way: Way, { sent, lost }: Tally, nowNs: bigint): void {
  if (way.landed > (way.alive?.landed ?? 0)) way.alive = { landed: way.landed, sent, lost, atNs: nowNs };
}

function isSilent({ alive, rttNs, toldNs }: Way, { sent }: Tally, nowNs: bigint): boolean {
  if (alive === null) return false;
  const heardNs = toldNs > alive.atNs ? toldNs : alive.atNs;
  if (nowNs - heardNs < BigInt(Math.round(SILENCE_NS + RTTS * rttNs))) return false;
  return isRun(sent - alive.sent, alive.lost, alive.landed, LEAST_MISSING);
}
