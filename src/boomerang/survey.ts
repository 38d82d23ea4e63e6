/**
 * Before a sweep each hop is asked once whether a boomerang can turn there: it may be silent, it may not decapsulate, and the way
 * home may need another of its neighbour's addresses than the one a trace showed, or take other hops than the path whatever is tried.
 */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import type { Flow } from '../probe/itinerary.ts';
import { isOutcome, type Outcome } from '../probe/observation.ts';
import { LEAST_PATIENCE_NS, patienceNsFor } from '../probe/patience.ts';
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

/** `detour`: legs as long as the path says do not get there and home, or not to a hop before. What is missed is no loss of the path's links. */
export type HopState = 'visited' | 'silent' | 'does not decapsulate' | 'detour';

export interface SurveyedHop {
  readonly position: number;
  readonly address: Address | null;
  readonly state: HopState;
  /** The hops that a boomerang to this one visits, nearest first, itself last. Empty where nothing is to be measured. */
  readonly waypoints: readonly Waypoint[];
  /** What came instead of the first probe, whichever way home was tried; null where it landed or nothing came. */
  readonly trouble: (Outcome & { readonly kind: 'answered' }) | null;
}

/** A loss must not look like a hop that cannot be visited: one that stays silent is asked this often, then taken as it is. */
const TRIES = 3;
/** Nor must it look like a detour: where longer legs come home, the path's own are asked this often again before they are given up. */
const DOUBTS = 20;
const DOUBT_GAP_NS = 10_000_000;

/** Yields each hop in the order of the path. Throws BeaconError ERR_MTU where a boomerang becomes too large for the first link. */
export async function* survey(engine: Engine, asking: Asking, path: ProbedPath, options: SurveyOptions): AsyncGenerator<SurveyedHop> {
  let before: readonly Waypoint[] = [];
  let rttNs = options.rttNs;
  let anySilent = false;
  let anyDetour = false; // no deeper probe comes home either, and asking for each would only use up what a router may answer
  for (const position of positionsOf(path)) {
    const address = addressAt(path, position);
    if (address === null) {
      yield { position, address, state: 'silent', waypoints: [], trouble: null };
      continue;
    }
    if (anyDetour) {
      yield { position, address, state: 'detour', waypoints: [], trouble: null };
      continue;
    }
    const patienceNs = Math.min(options.timeoutNs, patienceFor(rttNs, anySilent));
    const asker = { engine, asking, path, options: { ...options, patienceNs }, doubtful: !anySilent };
    const { state, waypoints, outcome } = await tryVisits(asker, candidates(before, { position, out: address, home: address }));
    if (outcome?.kind === 'landed') rttNs = Math.max(rttNs ?? 0, outcome.rttNs);
    anySilent ||= state === 'visited' && outcome === null;
    const trouble = outcome?.kind === 'answered' ? outcome : null;
    anyDetour = state === 'detour';
    if (state === 'visited') before = waypoints;
    yield { position, address, state, waypoints: state === 'visited' ? waypoints : [], trouble };
  }
}

/** Behind a hop that was waited for in vain, little is waited any more. */
function patienceFor(rttNs: number | null, anySilent: boolean): number {
  if (rttNs !== null) return patienceNsFor(rttNs);
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
  readonly state: Exclude<HopState, 'silent'>;
  readonly waypoints: readonly Waypoint[];
  readonly outcome: Heard | null;
}

type Heard = Outcome & { readonly kind: 'landed' | 'answered' };

/** What every question about one hop needs. */
interface Asker {
  readonly engine: Engine;
  readonly asking: Asking;
  readonly path: ProbedPath;
  readonly options: SurveyOptions & { readonly patienceNs: number };
  /** Silence may still be a detour past routers that do not tell: not so behind a hop that no leg reached, however long. */
  readonly doubtful: boolean;
}

async function tryVisits(asker: Asker, ways: readonly (readonly Waypoint[])[]): Promise<Visit> {
  let first: Heard | null = null;
  let detour = false;
  for (const [index, waypoints] of ways.entries()) {
    if (index > 0 && !(await isSameRouter(asker, waypoints))) continue;
    const outcome = (await askUntilHeard(asker, waypoints)) ?? (await doubt(asker, waypoints));
    if (outcome === 'detour') {
      detour = true;
      continue;
    }
    if (outcome === null) break; // silence on one way home says nothing against it
    if (outcome.kind === 'landed') return { state: 'visited', waypoints, outcome };
    if (isRefusal(outcome, waypoints)) return { state: 'does not decapsulate', waypoints, outcome };
    first ??= outcome;
    detour ||= isExpired(outcome) && !asker.path.loose;
  }
  return { state: detour ? 'detour' : 'visited', waypoints: ways[0]!, outcome: first };
}

/**
 * After silence: lost on the path, or expired on a longer way at a router that does not tell? Null where longer legs are not heard of
 * either. Where they come home, the path's own are asked often, so that loss does not pass for a detour.
 */
async function doubt(asker: Asker, waypoints: readonly Waypoint[]): Promise<Heard | 'detour' | null> {
  const { path, options, doubtful } = asker;
  if (path.loose || !doubtful) return null;
  const patienceNs = Math.min(options.patienceNs, patienceFor(options.rttNs, true));
  const longer = await askUntilHeard({ ...asker, path: { ...path, loose: true }, options: { ...options, patienceNs } }, waypoints);
  if (longer?.kind !== 'landed') return longer !== null && isRefusal(longer, waypoints) ? longer : null;
  const enoughNs = Math.min(options.timeoutNs, patienceFor(longer.rttNs, true));
  const again = await askUntilHeard({ ...asker, options: { ...options, patienceNs: enoughNs } }, waypoints, DOUBTS, DOUBT_GAP_NS);
  return again ?? 'detour';
}

/**
 * A mate is a guess: where a hop answered from another link than the one it was reached by, it is a stranger's address, and the way
 * home would lead over that one. A leg of ttl 1 from the last hop to its own address lands; to anybody else it expires.
 */
async function isSameRouter(asker: Asker, waypoints: readonly Waypoint[]): Promise<boolean> {
  if (asker.path.loose) return true;
  const last = waypoints.at(-2)!;
  const known = { ...last, home: last.out };
  const guessed = { ...last, out: last.home };
  const outcome = await askUntilHeard(asker, [...waypoints.slice(0, -2), known, guessed]);
  return outcome?.kind === 'landed';
}

async function askUntilHeard(
  { engine, asking, path, options }: Asker,
  waypoints: readonly Waypoint[],
  times = TRIES,
  leastGapNs = LEAST_PATIENCE_NS,
): Promise<Heard | null> {
  const { landing, flow, patienceNs } = options;
  const asked = await question(engine, boomerang(path, waypoints, landing, flow), waypoints.at(-1)!.position);
  const gapNs = Math.min(patienceNs, leastGapNs);
  const tries = Array.from({ length: times }, () => asked);
  for await (const seen of asking.ask(tries, { everyNs: () => gapNs, timeoutNs: () => patienceNs, settle: 'first' })) {
    if (isOutcome(seen) && (seen.kind === 'landed' || seen.kind === 'answered')) return seen;
  }
  return null;
}

const isExpired = ({ icmp: { family, type } }: Heard & { kind: 'answered' }): boolean => type === FAMILIES[family].icmp.timeExceeded;

/** The hop itself said that it does not know the nested protocol. */
function isRefusal({ leg, icmp: { family, type, code } }: Heard & { kind: 'answered' }, waypoints: readonly Waypoint[]): boolean {
  return leg === waypoints.length - 1 && isKind(FAMILIES[family].icmp.protocolUnreachable, type, code);
}
