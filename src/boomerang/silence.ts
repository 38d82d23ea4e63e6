/**
 * Why nothing comes home from a hop: a link that loses, or something that drops packets by the source that they carry. What it costs
 * is spent on silent hops alone, and loss must not pass for a filter: a filter drops a kind of packet each time, whatever its flow.
 */
import { FAR, type Flow, type Itinerary } from '../probe/itinerary.ts';
import { isOutcome, type Outcome } from '../probe/observation.ts';
import type { Question } from '../probe/question.ts';
import { familyOf } from '../wire/address.ts';
import { type Asker, type Heard, isExpired, isRefusalOf, questionOf, questionOver, TRIES } from './asker.ts';
import { boomerang, type Waypoint } from './itinerary.ts';
import { type LayerSource, US } from './layer-source.ts';
import { ownAddress, type ProbedPath } from './path.ts';

export type Silence =
  /** Nothing speaks against loss. */
  | { readonly kind: 'loss' }
  /** Something came of another flow: the hop's own may be lost, but no filter takes it. */
  | { readonly kind: 'heard'; readonly outcome: Heard & { readonly kind: 'answered' } }
  /** Another source comes home where the asker's never does. */
  | { readonly kind: 'passes'; readonly source: LayerSource; readonly outcome: Heard }
  /** It answers what is steered to it, and nothing that turns there comes home. */
  | { readonly kind: 'filtered' }
  /** It says that it does not decapsulate: to another source, or asked without other routers in between. */
  | { readonly kind: 'refuses'; readonly outcome: Heard & { readonly kind: 'answered' } };

const LOSS: Silence = { kind: 'loss' };

/** As often is the silence tried again, each time as another flow: a link may lose some flows wholly. */
const DOUBTS = 20;
/** An answer's way home may fork: so many flows of answers take both of two branches, but for one case in 2,048. */
const FLOWS = 12;
const ROUNDS = 4;
/** Where no more than this part of the answers comes, chance may have taken all boomerangs too. */
const LEAST_SHARE = 1 / 4;
const GAP_NS = 5_000_000;

/** `others`: the sources to try where the asker's own does not come home, the best first. */
export async function explain(asker: Asker, waypoints: readonly Waypoint[], others: readonly LayerSource[]): Promise<Silence> {
  const again = await Promise.all(flowsOf(asker.flow, DOUBTS).map((flow) => questionOver(asker, waypoints, { flow })));
  const tried = await Promise.all(others.map((source) => questionOver(asker, waypoints, { source })));
  const outcomes = await askAll(asker, [...rounds(tried, TRIES), ...again]);
  const landed = outcomes.filter((outcome) => outcome.kind === 'landed');
  if (landed.some(({ probe }) => again.includes(probe.question))) return LOSS;
  const answered = outcomes.filter((outcome) => outcome.kind === 'answered');
  const refused = answered.find((outcome) => isRefusalOf(outcome, waypoints.length - 1)); // a limit may leave it one word, to any of these
  if (refused !== undefined) return { kind: 'refuses', outcome: refused };
  const heard = answered.find(({ probe }) => again.includes(probe.question));
  if (heard !== undefined) return { kind: 'heard', outcome: heard };
  for (const [index, source] of others.entries()) {
    const outcome = landed.find(({ probe }) => probe.question === tried[index]);
    if (outcome !== undefined) return { kind: 'passes', source, outcome };
  }
  return forward(asker, waypoints);
}

async function forward(asker: Asker, waypoints: readonly Waypoint[]): Promise<Silence> {
  const { engine, path, flow } = asker;
  const ends = await Promise.all(flowsOf(flow, FLOWS).map((each) => questionOf(engine, oneWay(path, waypoints, each), waypoints)));
  const direct = await questionOf(engine, straight(asker, waypoints.at(-1)!), waypoints);
  const outcomes = await askAll(asker, [...rounds([direct], TRIES), ...rounds(ends, ROUNDS)]); // a refusal says most, so it must not be the one that a limit takes
  for (const outcome of outcomes) {
    const refuses = outcome.kind === 'answered' && outcome.probe.question === direct && isRefusalOf(outcome, 0);
    if (refuses) return { kind: 'refuses', outcome };
  }
  const steered = outcomes
    .filter(({ probe }) => probe.question !== direct)
    .map((outcome) => ({ flow: ends.indexOf(outcome.probe.question), heard: isArrival(outcome) }));
  return speaksOfFilter(steered) ? { kind: 'filtered' } : LOSS;
}

/**
 * Whether answers come home as they do where no link loses them; given in the order of the probes. A link that is dead on one of the
 * ways home takes the answers of its flows each time, while those of others come.
 */
export function speaksOfFilter(steered: readonly Steered[]): boolean {
  const told = beforeLimit(steered);
  const heard = new Set(told.filter((one) => one.heard).map(({ flow }) => flow));
  const missed = told.some((one) => heard.has(one.flow) && !one.heard); // chance or a limit, so that one silence is no proof
  const isDead = (flow: number): boolean => !heard.has(flow) && told.filter((one) => one.flow === flow).length >= (missed ? ROUNDS - 1 : 1);
  return !told.some(({ flow }) => isDead(flow)) && told.filter((one) => one.heard).length >= LEAST_SHARE * Math.max(1, told.length);
}

export interface Steered {
  readonly flow: number;
  readonly heard: boolean;
}

/** Up to the last that was heard before a silence as long as a whole round: a router that limits its answers has told enough there. */
function beforeLimit(steered: readonly Steered[]): readonly Steered[] {
  let last = -1;
  for (const [index, { heard }] of steered.entries()) {
    if (index - last > FLOWS && last >= 0) break;
    if (heard) last = index;
  }
  return steered.slice(0, last + 1);
}

/** Out over the waypoints; the last one answers that nobody listens there. */
function oneWay(path: ProbedPath, waypoints: readonly Waypoint[], flow: Flow): Itinerary {
  const layers = boomerang(path, waypoints, 'udp', flow, US).layers.slice(0, waypoints.length);
  return { layers, flow, landing: 0 };
}

/** Where a firewall knows the flows that it saw, an answer about a header that an earlier router uncovered does not pass. */
function straight({ path, flow }: Asker, { out }: Waypoint): Itinerary {
  const us = ownAddress(path, familyOf(out)) ?? path.us;
  const layers = [out, us].map((destination) => ({ source: us, destination, ttl: FAR }));
  return { layers, flow, landing: 1 };
}

/** From the end of the last leg, whatever it says but that the ttl ran out before. */
const isArrival = (outcome: Outcome): boolean =>
  outcome.kind === 'answered' && outcome.leg === outcome.probe.question.itinerary.layers.length - 1 && !isExpired(outcome);

/** Ports far apart, since routers' hashes may take near ones alike. */
const flowsOf = (flow: Flow, count: number): Flow[] =>
  Array.from({ length: count }, (_, index) => ({ ...flow, sourcePort: flow.sourcePort ^ (((index + 1) * 979) % 2 ** 14) }));

const rounds = (questions: readonly Question[], count: number): Question[] => Array.from({ length: count }, () => questions).flat();

/** In the order in which they were asked. */
async function askAll({ asking, patienceNs }: Asker, questions: readonly Question[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const options = { everyNs: () => GAP_NS, timeoutNs: () => patienceNs, settle: 'first' } as const;
  for await (const seen of asking.ask(questions, options)) if (isOutcome(seen)) outcomes.push(seen);
  return outcomes.sort((one, other) => one.probe.sequence - other.probe.sequence);
}
