/**
 * Routers that copy the outer ttl inwards (the uniform model of RFC 3443): a leg that is just long enough leaves the header inside
 * nothing to go on with. They are found by that, and the legs to them made longer.
 */
import { isOutcome } from '../probe/observation.ts';
import { type Asker, askUntilHeard, type Heard, isExpired, questionOf, TRIES } from './asker.ts';
import { boomerang, type Waypoint } from './itinerary.ts';
import { unwrapperOf } from './legs.ts';

export interface Tried {
  readonly waypoints: readonly Waypoint[];
  readonly outcome: Heard;
}

/**
 * What comes of a boomerang once each router that is found out so is allowed for. A header that expires behind the one that was
 * stripped last did so at the router that stripped it, or took a detour from there: a longer leg to that router helps against the
 * one, and never against the other, since the header inside stays as it was.
 */
export async function allowingUniform(asker: Asker, waypoints: readonly Waypoint[], outcome: Heard): Promise<Tried> {
  const suspect = outcome.kind === 'answered' && isExpired(outcome) ? suspectOf(waypoints, outcome.leg) : null;
  if (suspect === null) return { waypoints, outcome };
  const allowed = waypoints.map((waypoint) => (waypoint === suspect ? { ...waypoint, uniform: true } : waypoint));
  const next = await askUntilHeard(asker, allowed);
  const helped = next !== null && (next.kind === 'landed' || next.leg === null || next.leg > outcomeLeg(outcome));
  return helped ? allowingUniform(asker, allowed, next) : { waypoints, outcome };
}

const outcomeLeg = (outcome: Heard): number => (outcome.kind === 'answered' ? (outcome.leg ?? 0) : 0);

/** Who stripped the header around the one that expired; null where it was the outermost, or that router is allowed for already. */
function suspectOf(waypoints: readonly Waypoint[], leg: number | null): Waypoint | null {
  const unwrapper = leg === null || leg < 1 ? null : unwrapperOf(waypoints, leg - 1);
  return unwrapper === null || unwrapper.uniform ? null : unwrapper;
}

/**
 * The same where nobody tells that a ttl ran out, for the last two waypoints: the others have been there before. Null where neither
 * copies ttls, or allowing for it does not help.
 */
export async function silentUniform(asker: Asker, waypoints: readonly Waypoint[]): Promise<Tried | null> {
  const copying = new Set<Waypoint>();
  for (const count of [waypoints.length - 1, waypoints.length]) {
    const turn = waypoints[count - 1];
    if (turn !== undefined && !turn.uniform && (await copiesTtl(asker, waypoints.slice(0, count)))) copying.add(turn);
  }
  if (copying.size === 0) return null;
  const allowed = waypoints.map((waypoint) => (copying.has(waypoint) ? { ...waypoint, uniform: true } : waypoint));
  const outcome = await askUntilHeard(asker, allowed);
  return outcome?.kind === 'landed' ? { waypoints: allowed, outcome } : null;
}

/** Both are more than any way is long. */
const TTLS = [32, 128] as const;

/** Straight home from there: the ttl with which it comes home follows that of the way out only where it was copied. */
async function copiesTtl(asker: Asker, waypoints: readonly Waypoint[]): Promise<boolean> {
  const { engine, asking, path, flow, landing, source, patienceNs } = asker;
  const itinerary = boomerang(path, waypoints, landing, flow, source);
  const out = itinerary.layers.slice(0, waypoints.length);
  const home = itinerary.layers.slice(2 * waypoints.length - 1);
  const asked = await Promise.all(
    TTLS.map((ttl) => questionOf(engine, { ...itinerary, layers: [...out.map((layer) => ({ ...layer, ttl })), ...home] }, waypoints)),
  );
  const seen = new Map<number, number>();
  const options = { everyNs: () => GAP_NS, timeoutNs: () => patienceNs, settle: 'first' } as const;
  for await (const outcome of asking.ask(Array(TRIES).fill(asked).flat(), options)) {
    if (isOutcome(outcome) && outcome.kind === 'landed') seen.set(asked.indexOf(outcome.probe.question), outcome.ttl);
  }
  return seen.size === TTLS.length && seen.get(0) !== seen.get(1);
}

const GAP_NS = 10_000_000;
