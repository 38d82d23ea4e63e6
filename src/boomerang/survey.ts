/**
 * Before a sweep each hop is asked once whether a boomerang can turn there: it may be silent, it may not decapsulate, and the way
 * home may need another of its neighbour's addresses than the one a trace showed, or take other hops than the path whatever is tried.
 */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import { FAR, type Flow } from '../probe/itinerary.ts';
import type { Outcome } from '../probe/observation.ts';
import type { Address } from '../wire/address.ts';
import { isAnsweredFor } from './answered-for.ts';
import { type Asker, askUntilHeard, type Heard, isExpired, isRefusalOf, patienceFor } from './asker.ts';
import type { Landing, Waypoint } from './itinerary.ts';
import { type LayerSource, US } from './layer-source.ts';
import { type Leg, legTo } from './legs.ts';
import { addressAt, type ProbedPath, positionsOf, visitsAt } from './path.ts';
import { proofOf } from './proof.ts';
import { explain } from './silence.ts';
import { allowingUniform, silentUniform } from './uniform.ts';
import { type Way, waysTo } from './ways.ts';

export interface SurveyOptions {
  readonly flow: Flow;
  readonly landing: Landing;
  readonly timeoutNs: number;
  /** The longest round trip known so far, or null: what a hop may need before it counts as silent. */
  readonly rttNs: number | null;
  /** Whose address the headers carry as source: the first, and where that does not come home the others in turn. `us` where left out. */
  readonly sources?: readonly LayerSource[];
  /** Whether a probe may visit an address that is not of the path itself; any where left out. */
  readonly mayVisit?: (address: Address) => boolean;
  /** Whether each hop is to be told from one before it that answers in its place; a probe more for each. */
  readonly tellsApart?: boolean;
}

/**
 * `detour`: legs as long as the path says do not get there and home, or not to a hop before. `filtered`: it answers, and nothing that
 * turns there comes home, whatever its source. What is missed then is no loss of the path's links.
 */
export type HopState = 'visited' | 'silent' | 'does not decapsulate' | 'detour' | 'filtered';

export interface SurveyedHop {
  readonly position: number;
  readonly address: Address | null;
  readonly state: HopState;
  /** The hops that a boomerang to this one visits, nearest first, itself last. Empty where nothing is to be measured. */
  readonly waypoints: readonly Waypoint[];
  /** What is known of the way from the hop visited before; null where nothing is to be measured. */
  readonly leg: Leg | null;
  /** Whose address its probes carry as source. */
  readonly source: LayerSource;
  /** What came instead of the first probe, whichever way home was tried; null where it landed or nothing came. */
  readonly trouble: (Outcome & { readonly kind: 'answered' }) | null;
  /** The ttl with which a probe that turned there came home; null where none did. */
  readonly homeTtl: number | null;
  /** The hop before, which turns what is addressed to this one; where nobody does, or nobody asked, it is left out. */
  readonly answeredBy?: Address;
}

/** A loss must not look like a detour: where longer legs come home, the path's own are asked this often again before they are given up. */
const DOUBTS = 20;
const DOUBT_GAP_NS = 10_000_000;

/** A hop that stays silent may not decapsulate, and not say so: so often deeper hops are asked past it too. */
const MOST_PASSES = 3;

/** Yields each hop in the order of the path. Throws BeaconError ERR_MTU where a boomerang becomes too large for the first link. */
export async function* survey(engine: Engine, asking: Asking, path: ProbedPath, options: SurveyOptions): AsyncGenerator<SurveyedHop> {
  let before: readonly Waypoint[] = [];
  let heard: readonly Waypoint[] = []; // `before` as it was with the last hop that came home
  let passes = 0;
  let rttNs = options.rttNs;
  let anySilent = false;
  let barrier: 'detour' | 'filtered' | null = null; // no deeper probe comes home either, and asking would only use up what routers answer
  const all = options.sources ?? [US];
  let source = all[0] ?? US;
  for (const position of positionsOf(path)) {
    const address = addressAt(path, position);
    if (address === null) {
      yield { ...nothing, position, address, state: 'silent', source };
      continue;
    }
    if (barrier !== null) {
      yield { ...nothing, position, address, state: barrier, source };
      continue;
    }
    if (visitsAt(path, position).length === 0) {
      yield { ...nothing, position, address, state: 'does not decapsulate', source };
      continue;
    }
    const { timeoutNs, flow, landing } = options;
    const patienceNs = Math.min(timeoutNs, patienceFor(rttNs, anySilent));
    const others = all.filter((other) => other.kind !== source.kind);
    const asker = { engine, asking, path, flow, landing, source, patienceNs, timeoutNs, rttNs, others, doubtful: !anySilent };
    const mayGo = ({ waypoints }: Way): boolean => waypoints.every(({ home }) => options.mayVisit?.(home) ?? true);
    let visit = await tryVisits(asker, waysTo(path, before, position).filter(mayGo));
    if (isUnheard(visit) && heard.length < before.length && passes < MOST_PASSES) {
      passes += 1;
      const past = await tryVisits({ ...asker, doubtful: false }, waysTo(path, heard, position).filter(mayGo));
      if (!isUnheard(past)) visit = past;
    }
    const { state, waypoints, outcome } = visit;
    if (options.tellsApart && outcome?.kind === 'landed' && (await isAnsweredFor({ ...asker, source: visit.source }, waypoints))) {
      yield { ...nothing, position, address, state: 'does not decapsulate', source, answeredBy: waypoints.at(-2)!.out };
      continue;
    }
    source = visit.source;
    if (outcome?.kind === 'landed') rttNs = Math.max(rttNs ?? 0, outcome.rttNs);
    anySilent ||= state === 'visited' && outcome === null;
    const trouble = outcome?.kind === 'answered' ? outcome : null;
    if (state === 'detour' || state === 'filtered') barrier = state;
    if (state === 'visited')
      before = before.length === 0 && outcome?.kind === 'landed' ? [fromHome(waypoints[0]!, outcome.ttl)] : waypoints;
    if (state === 'visited' && outcome?.kind === 'landed') heard = before;
    const homeTtl = outcome?.kind === 'landed' ? outcome.ttl : null;
    const leg = legTo(path, waypoints, homeTtl);
    const known = { position, address, state, source, trouble, homeTtl };
    yield { ...known, ...(state === 'visited' ? { waypoints, leg } : { waypoints: [], leg: null }) };
  }
}

/** Behind the first hop it is known how far home is from there: a header needs one more than that, which the hop itself takes. */
const fromHome = (first: Waypoint, ttl: number): Waypoint => ({ ...first, homeTtl: FAR - ttl + 1 });

const nothing = { waypoints: [], leg: null, trouble: null, homeTtl: null } as const;

interface Visit {
  readonly state: Exclude<HopState, 'silent'>;
  readonly waypoints: readonly Waypoint[];
  readonly source: LayerSource;
  readonly outcome: Heard | null;
}

const isUnheard = ({ state, outcome }: Visit): boolean => state === 'visited' && outcome === null;

/** What every question about one hop needs. */
interface SurveyAsker extends Asker {
  readonly timeoutNs: number;
  readonly rttNs: number | null;
  /** The sources that are tried where the first stays silent. */
  readonly others: readonly LayerSource[];
  /** Silence may still be a detour past routers that do not tell, or a filter: not so behind a hop that no leg reached, however long. */
  readonly doubtful: boolean;
}

async function tryVisits(asker: SurveyAsker, ways: readonly Way[]): Promise<Visit> {
  const { source, path } = asker;
  const known = ways.find(({ guessed }) => !guessed)!.waypoints;
  let first: Heard | null = null;
  let detour = false;
  let refused: Visit | null = null;
  let guessing = asker.doubtful;
  for (const way of ways) {
    if (way.guessed && !guessing) continue;
    const proof = way.guessed ? await proofOf(asker, way.waypoints) : null;
    if (proof?.kind === 'landed') return { state: 'visited', waypoints: way.waypoints, source, outcome: proof.outcome };
    if (proof?.kind === 'silent') guessing = false;
    if (proof !== null && proof.kind !== 'own') continue;
    const asked = (await askUntilHeard(asker, way.waypoints)) ?? (await doubt(asker, way.waypoints));
    if (asked === 'detour') {
      const tried = await silentUniform(asker, way.waypoints);
      if (tried !== null) return { state: 'visited', source, ...tried };
      detour = true;
      continue;
    }
    if (asked === null && way.guessed) continue;
    const unheard = asked === null && first === null && refused === null && !detour;
    const heard = unheard ? await explained(asker, way.waypoints) : asked;
    if (heard === null) break; // silence on one way home says nothing against it
    if ('state' in heard) return heard;
    const { waypoints, outcome } = await allowingUniform(asker, way.waypoints, heard);
    if (outcome.kind === 'landed') return { state: 'visited', waypoints, source, outcome };
    if (isRefusalOf(outcome, waypoints.length - 1)) refused ??= { state: 'does not decapsulate', waypoints, source, outcome };
    if (refused !== null && path.map === undefined) return refused; // without a map there is no other address to visit it at
    first ??= outcome;
    detour ||= isExpired(outcome) && !path.loose;
  }
  return refused ?? { state: detour ? 'detour' : 'visited', waypoints: known, source, outcome: first };
}

/** What a hop is whose probes do not come home, or what came of them as other flows. Loss is what remains. */
async function explained(asker: SurveyAsker, waypoints: readonly Waypoint[]): Promise<Visit | Heard> {
  const lost: Visit = { state: 'visited', waypoints, source: asker.source, outcome: null };
  if (!asker.doubtful) return lost;
  const patienceNs = Math.min(asker.patienceNs, patienceFor(asker.rttNs, true));
  const silence = await explain({ ...asker, patienceNs }, waypoints, asker.others);
  if (silence.kind === 'heard') return silence.outcome;
  if (silence.kind === 'passes') return { ...lost, source: silence.source, outcome: silence.outcome };
  if (silence.kind === 'refuses') return { ...lost, state: 'does not decapsulate', outcome: silence.outcome };
  return silence.kind === 'filtered' ? { ...lost, state: 'filtered' } : lost;
}

/**
 * After silence: lost on the path, or expired on a longer way at a router that does not tell? Null where longer legs are not heard of
 * either. Where they come home, the path's own are asked often, so that loss does not pass for a detour.
 */
async function doubt(asker: SurveyAsker, waypoints: readonly Waypoint[]): Promise<Heard | 'detour' | null> {
  const { path, timeoutNs, rttNs, doubtful } = asker;
  if (path.loose || !doubtful) return null;
  const patienceNs = Math.min(asker.patienceNs, patienceFor(rttNs, true));
  const longer = await askUntilHeard({ ...asker, path: { ...path, loose: true }, patienceNs }, waypoints);
  if (longer?.kind !== 'landed') return longer !== null && isRefusalOf(longer, waypoints.length - 1) ? longer : null;
  const enoughNs = Math.min(timeoutNs, patienceFor(longer.rttNs, true));
  const gapNs = Math.max(DOUBT_GAP_NS, longer.rttNs); // one at a time: none is still on its way once one is heard of
  const again = await askUntilHeard({ ...asker, patienceNs: enoughNs }, waypoints, DOUBTS, gapNs);
  return again ?? 'detour';
}
