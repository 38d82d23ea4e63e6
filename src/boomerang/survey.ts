/**
 * Before a sweep each hop is asked once whether a boomerang can turn there: it may be silent, it may not decapsulate, and the way
 * home may need another of its neighbour's addresses than the one a trace showed.
 */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import type { Flow } from '../probe/itinerary.ts';
import { isOutcome, type Outcome } from '../probe/observation.ts';
import { question } from '../probe/question.ts';
import type { Address } from '../wire/address.ts';
import { FAMILIES, isKind } from '../wire/family.ts';
import { boomerang, type Landing, type Waypoint } from './itinerary.ts';
import { mates } from './mate.ts';
import { addressAt, type ProbedPath, positionsOf } from './path.ts';

export interface SurveyOptions {
  readonly flow: Flow;
  readonly landing: Landing;
  readonly timeoutNs: number;
  /** The longest round trip known so far, or null: what a hop may need before it counts as silent. */
  readonly rttNs: number | null;
}

export type HopState = 'visited' | 'silent' | 'does not decapsulate';

export interface SurveyedHop {
  readonly position: number;
  readonly address: Address | null;
  readonly state: HopState;
  /** The hops that a boomerang to this one visits, nearest first, itself last. Empty where it cannot be visited. */
  readonly waypoints: readonly Waypoint[];
  /** What came instead of the first probe, whichever way home was tried; null where it landed or nothing came. */
  readonly trouble: (Outcome & { readonly kind: 'answered' }) | null;
}

/** A loss must not look like a hop that cannot be visited: one that stays silent is asked this often, then taken as it is. */
const TRIES = 3;
const LEAST_PATIENCE_NS = 150_000_000;
const PATIENCE_RTTS = 3;

/** Yields each hop in the order of the path. Throws BeaconError ERR_MTU where a boomerang becomes too large for the first link. */
export async function* survey(engine: Engine, asking: Asking, path: ProbedPath, options: SurveyOptions): AsyncGenerator<SurveyedHop> {
  let before: readonly Waypoint[] = [];
  let rttNs = options.rttNs;
  let anySilent = false;
  for (const position of positionsOf(path)) {
    const address = addressAt(path, position);
    if (address === null) {
      yield { position, address, state: 'silent', waypoints: [], trouble: null };
      continue;
    }
    const patienceNs = Math.min(options.timeoutNs, patienceFor(rttNs, anySilent));
    const visit = await tryVisits(engine, asking, path, candidates(before, { position, out: address, home: address }), {
      ...options,
      patienceNs,
    });
    if (visit.outcome?.kind === 'landed') rttNs = Math.max(rttNs ?? 0, visit.outcome.rttNs);
    anySilent ||= visit.outcome === null && !visit.refused;
    const trouble = visit.outcome?.kind === 'answered' ? visit.outcome : null;
    if (visit.refused) {
      yield { position, address, state: 'does not decapsulate', waypoints: [], trouble };
      continue;
    }
    before = visit.waypoints;
    yield { position, address, state: 'visited', waypoints: before, trouble };
  }
}

/** Behind a hop that was waited for in vain, little is waited any more. */
function patienceFor(rttNs: number | null, anySilent: boolean): number {
  if (rttNs !== null) return Math.max(LEAST_PATIENCE_NS, PATIENCE_RTTS * rttNs);
  return anySilent ? LEAST_PATIENCE_NS : Number.POSITIVE_INFINITY;
}

/** The ways home worth trying: over the last hop's known address, and over what may be its address on the link to this one. */
function candidates(before: readonly Waypoint[], hop: Waypoint): Waypoint[][] {
  const last = before.at(-1);
  if (last === undefined) return [[hop]];
  const homes = last.position === hop.position - 1 ? [last.out, ...mates(hop.out)] : [last.out];
  return [...new Set(homes)].map((home) => [...before.slice(0, -1), { ...last, home }, hop]);
}

interface Visit {
  readonly waypoints: readonly Waypoint[];
  readonly outcome: Outcome | null;
  /** The hop itself said that it does not know the nested protocol. */
  readonly refused: boolean;
}

async function tryVisits(
  engine: Engine,
  asking: Asking,
  path: ProbedPath,
  ways: readonly (readonly Waypoint[])[],
  options: SurveyOptions & { patienceNs: number },
): Promise<Visit> {
  let first: Outcome | null = null;
  for (const waypoints of ways) {
    if (first !== null && !(await isSameRouter(engine, asking, path, waypoints, options))) continue;
    const outcome = await askUntilHeard(engine, asking, path, waypoints, options);
    if (outcome?.kind === 'landed') return { waypoints, outcome, refused: false };
    if (outcome?.kind === 'answered' && outcome.leg === waypoints.length - 1 && isRefusal(outcome))
      return { waypoints, outcome, refused: true };
    if (outcome?.kind !== 'answered') break; // silence on one way home says nothing against it
    first ??= outcome;
  }
  return { waypoints: ways[0]!, outcome: first, refused: false };
}

/**
 * A mate is a guess: where a hop answered from another link than the one it was reached by, it is a stranger's address, and the way
 * home would lead over that one. A leg of ttl 1 from the last hop to its own address lands; to anybody else it expires.
 */
async function isSameRouter(
  engine: Engine,
  asking: Asking,
  path: ProbedPath,
  waypoints: readonly Waypoint[],
  options: SurveyOptions & { patienceNs: number },
): Promise<boolean> {
  if (path.loose) return true;
  const last = waypoints.at(-2)!;
  const known = { ...last, home: last.out };
  const guessed = { ...last, out: last.home };
  const outcome = await askUntilHeard(engine, asking, path, [...waypoints.slice(0, -2), known, guessed], options);
  return outcome?.kind === 'landed';
}

async function askUntilHeard(
  engine: Engine,
  asking: Asking,
  path: ProbedPath,
  waypoints: readonly Waypoint[],
  { landing, flow, patienceNs }: SurveyOptions & { patienceNs: number },
): Promise<Outcome | null> {
  const asked = await question(engine, boomerang(path, waypoints, landing, flow), waypoints.at(-1)!.position);
  const gapNs = Math.min(patienceNs, LEAST_PATIENCE_NS);
  const tries = Array.from({ length: TRIES }, () => asked);
  for await (const seen of asking.ask(tries, { everyNs: () => gapNs, timeoutNs: () => patienceNs, settle: 'first' })) {
    if (isOutcome(seen) && (seen.kind === 'landed' || seen.kind === 'answered')) return seen;
  }
  return null;
}

function isRefusal(outcome: Outcome & { kind: 'answered' }): boolean {
  const { family, type, code } = outcome.icmp;
  return isKind(FAMILIES[family].icmp.protocolUnreachable, type, code);
}
