/** Asks one hop until something is heard of it: what a survey needs for each of its questions. */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import type { Flow, Itinerary } from '../probe/itinerary.ts';
import { isOutcome, type Outcome } from '../probe/observation.ts';
import { LEAST_PATIENCE_NS, patienceNsFor } from '../probe/patience.ts';
import { type Question, question } from '../probe/question.ts';
import { FAMILIES, isNestingRefused } from '../wire/family.ts';
import { boomerang, type Landing, type Waypoint } from './itinerary.ts';
import type { LayerSource } from './layer-source.ts';
import type { ProbedPath } from './path.ts';

export interface Asker {
  readonly engine: Engine;
  readonly asking: Asking;
  readonly path: ProbedPath;
  readonly flow: Flow;
  readonly landing: Landing;
  /** Whose addresses the headers carry as source. */
  readonly source: LayerSource;
  readonly patienceNs: number;
}

export type Heard = Outcome & { readonly kind: 'landed' | 'answered' };

/** A loss must not look like a hop that cannot be visited: one that stays silent is asked this often, then taken as it is. */
export const TRIES = 3;

/** The first that comes of so many boomerangs over these waypoints; null where nothing does. */
export async function askUntilHeard(
  asker: Asker,
  waypoints: readonly Waypoint[],
  times: number = TRIES,
  leastGapNs: number = LEAST_PATIENCE_NS,
): Promise<Heard | null> {
  return await heardOf(asker, await questionOver(asker, waypoints), times, leastGapNs);
}

/** The same of any question. */
export async function heardOf(
  { asking, patienceNs }: Asker,
  asked: Question,
  times: number = TRIES,
  leastGapNs: number = LEAST_PATIENCE_NS,
): Promise<Heard | null> {
  const gapNs = Math.min(patienceNs, leastGapNs);
  const tries = Array.from({ length: times }, () => asked);
  for await (const seen of asking.ask(tries, { everyNs: () => gapNs, timeoutNs: () => patienceNs, settle: 'first' })) {
    if (isOutcome(seen) && isHeard(seen)) return seen;
  }
  return null;
}

/** A boomerang as a question; its flow and source may be others than the asker's. */
export const questionOver = (
  { engine, path, landing, flow, source }: Asker,
  waypoints: readonly Waypoint[],
  other: Partial<Pick<Asker, 'flow' | 'source'>> = {},
): Promise<Question> => questionOf(engine, boomerang(path, waypoints, landing, other.flow ?? flow, other.source ?? source), waypoints);

export const questionOf = (engine: Engine, itinerary: Itinerary, waypoints: readonly Waypoint[]): Promise<Question> =>
  question(engine, itinerary, waypoints.at(-1)!.position);

export const isHeard = (outcome: Outcome): outcome is Heard => outcome.kind === 'landed' || outcome.kind === 'answered';

/** Behind a hop that was waited for in vain, little is waited any more. */
export function patienceFor(rttNs: number | null, anySilent: boolean): number {
  if (rttNs !== null) return patienceNsFor(rttNs);
  return anySilent ? LEAST_PATIENCE_NS : Number.POSITIVE_INFINITY;
}

export const isExpired = ({ icmp: { family, type } }: Heard & { kind: 'answered' }): boolean => type === FAMILIES[family].icmp.timeExceeded;

/** Whoever stands at this leg's end said that it does not know the nested protocol. */
export const isRefusalOf = ({ leg, icmp: { family, type, code } }: Heard & { kind: 'answered' }, wanted: number): boolean =>
  leg === wanted && isNestingRefused(FAMILIES[family], type, code);
