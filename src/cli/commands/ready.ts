/** What `probe` and `spray` begin with: the path is found or given, and each of its hops is asked whether a boomerang can turn there. */
import { boomerangs, deepest, refusalOf, type Shape } from '../../boomerang/deepest.ts';
import type { Landing } from '../../boomerang/itinerary.ts';
import type { LayerSource } from '../../boomerang/layer-source.ts';
import type { ProbedPath } from '../../boomerang/path.ts';
import { type HopState, type SurveyedHop, survey } from '../../boomerang/survey.ts';
import type { SweepOptions } from '../../boomerang/sweep.ts';
import { errorCount, type Tally } from '../../boomerang/tally.ts';
import { BeaconError, CANNOT_TELL } from '../../error.ts';
import { type Asking, openAsk } from '../../probe/ask.ts';
import type { Flow } from '../../probe/itinerary.ts';
import { loadOf } from '../../probe/load.ts';
import { newRun } from '../../probe/run.ts';
import type { Address } from '../../wire/address.ts';
import { permittedRate, type RateOptions } from '../ceiling.ts';
import { type FlowOptions, flowOf } from '../flow.ts';
import { filtered, type LayerSourceOptions, sourceChange, sourcesFor } from '../layer-source.ts';
import { type MapOptions, mapped, readMap, visited } from '../map-file.ts';
import { familyWanted, type Network } from '../network.ts';
import { mayVisit, type PermissionOptions, publicHop, refuseTranslation, requirePermission } from '../permission.ts';
import type { Said, Verdict } from '../session.ts';
import { toldOf } from '../too-big.ts';
import { nestedTranslation } from '../translation.ts';
import { type DiscoverOptions, discover } from './discover.ts';

export interface ReadyOptions extends FlowOptions, RateOptions, LayerSourceOptions, MapOptions, Omit<DiscoverOptions, 'family' | 'known'> {
  readonly count: number;
  readonly maxLoss: number;
  readonly landing: Landing;
}

export interface Ready {
  readonly asking: Asking;
  readonly path: ProbedPath;
  /** The search got to the end. */
  readonly reached: boolean;
  /** Those that have a row. */
  readonly hops: readonly SurveyedHop[];
  /** All that were asked, and all that were found: those too that no probe fits to, or that are answered by plain probes alone. */
  readonly asked: readonly SurveyedHop[];
  readonly found: ProbedPath['hops'];
  readonly sweep: SweepOptions;
  /** What the counts come to. */
  readonly verdict: (tallies: readonly Tally[]) => Verdict;
}

/** What is one and the same for a whole run, however often its path is looked at. */
export interface Begun {
  readonly asking: Asking;
  readonly flow: Flow;
  readonly seed: number;
  readonly atNs: bigint;
}

export function begin({ engine, random }: Network, signal: AbortSignal, options: FlowOptions): Begun {
  const run = newRun(random);
  return { asking: openAsk(engine, run, signal), flow: flowOf(options, run), seed: run.number, atNs: engine.nowNs() };
}

/** Says what it finds; returns the exit code where there is no path to probe. */
export async function* ready(
  command: 'probe' | 'spray' | 'locate',
  network: Network,
  signal: AbortSignal,
  options: ReadyOptions,
  begun: Begun = begin(network, signal, options),
): AsyncGenerator<Said, Ready | { readonly exit: number }> {
  const { engine } = network;
  const { asking, flow, seed } = begun;
  const searching = { ...flow, size: null }; // a size is for the boomerangs; a trace's probes are smaller than any of them
  const known = await readMap(options);
  const searched = { ...options, family: familyWanted({ ...options }), known };
  const found = yield* discover(command, network, asking, searching, searched, signal);
  if ('exit' in found) return found;
  const through = await mapped(engine, found.path, known);
  requirePermission([...through.hops, ...visited(through)], options);
  refuseTranslation(through.us, [...through.hops, ...visited(through)], options);
  const barred = yield* nestedTranslation(asking);
  if (barred !== null) return { exit: barred };
  const path = yield* fitting(network, through, { ...options, flow }, options.path !== undefined);
  const sweep = { ...options, flow, seed, timeoutNs: options.timeout * 1e9, rate: yield* rateOver(network, path, { ...options, flow }) };
  const sources = sourcesFor(path.us, network, options);
  const surveying = { ...sweep, rttNs: found.rttNs, sources, mayVisit: mayVisit(options), tellsApart: command === 'locate' };
  const asked = yield* surveyed(untilTranslated(survey(engine, asking, path, surveying), asking), sources);
  const hops = withRows(asked);
  const translated = yield* nestedTranslation(asking);
  if (translated !== null) return { exit: translated };
  const complete = found.reached && hops.at(-1)?.position === found.path.hops.length && hops.every(({ state }) => !isBarrier(state));
  const verdict = (tallies: readonly Tally[]): Verdict => {
    const { reached, exit } = verdictOf(tallies, complete, options.maxLoss, signal.aborted);
    return { reached, exit: found.answers || signal.aborted ? exit : 1 }; // an end that does not answer is a failure found
  };
  return { asking, path, reached: found.reached, hops, asked, found: found.plain, sweep, verdict };
}

/**
 * The path as far as its boomerangs fit the first link, known before the first is sent. One that was given is refused, since its user
 * counts on all of it; one that was found ends earlier, and that is said.
 */
async function* fitting({ engine }: Network, path: ProbedPath, sweep: Shape, given: boolean): AsyncGenerator<Said, ProbedPath> {
  const route = await engine.route(path.hops.find((address) => address !== null)!);
  const last = deepest(path, sweep, route);
  if (last === path.hops.length) return path;
  const refusal = refusalOf(path, path.hops.length, sweep, route)!;
  if (given || last === 0) throw new BeaconError(refusal.code, `${refusal.message} (${last} hops fit)`, { cause: refusal });
  const [reason] = refusal.message.split(': ');
  yield { type: 'problem', code: 'TABLE_ENDS', message: `${reason}: the table ends at hop ${last}` };
  return { ...path, hops: path.hops.slice(0, last) };
}

/** What the survey makes of hops behind a translation is not worth telling. */
async function* untilTranslated(source: AsyncIterable<SurveyedHop>, { rewritten }: Asking): AsyncGenerator<SurveyedHop> {
  for await (const hop of source) {
    if (rewritten() !== null) return;
    yield hop;
  }
}

/** The first link's speed sets the ceiling; nobody tells those of the others. */
async function* rateOver(
  network: Network,
  path: ProbedPath,
  options: RateOptions & PermissionOptions & Shape,
): AsyncGenerator<Said, number> {
  const route = await network.engine.route(path.hops.find((address) => address !== null)!);
  const isPublic = publicHop([...path.hops, ...visited(path)], options) !== null;
  return yield* permittedRate(network, route, loadOf(boomerangs(path, options)), options, isPublic);
}

/** Says of each hop that is left out why. */
async function* surveyed(source: AsyncIterable<SurveyedHop>, sources: readonly LayerSource[]): AsyncGenerator<Said, SurveyedHop[]> {
  const hops: SurveyedHop[] = [];
  let passed: Said[] = []; // said once a deeper hop is visited: else the table has ended before them
  for await (const hop of source) {
    const barrier = hops.find(({ state }) => state === 'detour');
    const change = sourceChange(hop, hops, sources[0]!);
    if (change !== null) yield change;
    if (hop.state === 'filtered') yield filtered(hop, hops, sources);
    const uniform = uniformTtl(hop, hops);
    if (uniform !== null) yield uniform;
    hops.push(hop);
    if (hop.answeredBy !== undefined) yield answeredFor(hop.address!, hop.answeredBy);
    else if (hop.state === 'does not decapsulate') passed.push(leftOut(hop, `${hop.address} does not decapsulate: it`));
    if (hop.state === 'detour' || (hop.state === 'visited' && hop.trouble !== null)) yield trouble(hop, barrier);
    if (hop.state === 'silent') passed.push(leftOut(hop, `Hop ${hop.position} is silent: its address is not known, so it`));
    if (!hasRow(hop)) continue;
    yield* passed;
    passed = [];
  }
  const rows = withRows(hops);
  const past = hops.slice(rows.length);
  if (past.length > 0) {
    const message = `The table ends at ${rows.at(-1)!.address}, the last hop that decapsulates: nothing can turn at ${past.map((hop) => hop.address ?? '*').join(' ')}`;
    yield { type: 'problem', code: 'TABLE_ENDS', message };
  }
  return hops;
}

/** The table ends at the last that can be visited; where none can, all are listed. */
function withRows(hops: readonly SurveyedHop[]): readonly SurveyedHop[] {
  const last = hops.findLastIndex(hasRow);
  return last < 0 ? hops : hops.slice(0, last + 1);
}

/** Nothing that turns there comes home, and that says nothing of loss. */
const isBarrier = (state: HopState): boolean => state === 'detour' || state === 'filtered';

const hasRow = ({ state }: SurveyedHop): boolean => state === 'visited' || isBarrier(state);

/** Null where nothing new is known of that kind. */
function uniformTtl({ waypoints }: SurveyedHop, before: readonly SurveyedHop[]): Said | null {
  const known = new Set(before.flatMap((hop) => hop.waypoints.filter(({ uniform }) => uniform).map(({ position }) => position)));
  const found = waypoints.filter(({ uniform, position }) => uniform && !known.has(position)).map(({ out }) => out);
  if (found.length === 0) return null;
  const who = found.length === 1 ? `${found[0]} copies` : `${found.join(' and ')} copy`;
  const message = `${who} the outer ttl into the header that is uncovered (uniform model): the legs there are longer than they need be, so that a detour may pass for one`;
  return { type: 'problem', code: 'UNIFORM_TTL', message };
}

const answeredFor = (address: Address, by: Address): Said => ({
  type: 'problem',
  code: 'ANSWERS_FOR_ANOTHER',
  message: `${by} answers for ${address}: what is steered to that one comes home from the router before it, and deeper probes go past both`,
});

const leftOut = (hop: SurveyedHop, subject: string): Said => ({
  type: 'problem',
  code: hop.state === 'silent' ? 'SILENT_HOP' : 'NO_DECAPSULATION',
  message: `${subject} keeps its row, and deeper probes go past it`,
});

/** `barrier`: the first hop on the way whose probes do not come home, where it is not this one. */
const trouble = (hop: SurveyedHop, barrier: SurveyedHop | undefined): Said => ({
  type: 'problem',
  code: 'NO_WAY_HOME',
  message: `Probes to ${hop.address} do not come home: ${barrier ? `they pass ${barrier.address}, to which they do not either` : whyNot(hop)}`,
});

function whyNot({ trouble }: SurveyedHop): string {
  if (trouble === null)
    return 'only those whose legs may be of more hops than the path has do, past a router that does not tell; that needs --loose';
  const { from, leg, icmp, mtu } = trouble;
  if (mtu !== null) return `${toldOf({ from, leg, mtu })}; give a smaller --size`;
  return `${from} answers ICMP ${icmp.type}/${icmp.code} on leg ${(leg ?? 0) + 1}; a leg of more than one hop needs --loose`;
}

/** A failure found is 1; where nothing failed but some of it is not known, or the end was not measured, 5. */
function verdictOf(tallies: readonly Tally[], complete: boolean, maxLoss: number, aborted: boolean): Verdict {
  const measured = tallies.filter(({ sent, rtts, state }) => sent > 0 && rtts !== null && state !== 'does not decapsulate'); // the rest is only listed
  const failed = measured.some((tally) => {
    const decided = tally.received + tally.lost + errorCount(tally);
    return decided > 0 && (tally.lost + errorCount(tally)) / decided > maxLoss;
  });
  const last = measured.at(-1);
  const reached = complete && last !== undefined && last.received > 0;
  if (failed) return { reached, exit: 1 };
  const unsure = measured.length === 0 || measured.some(({ unknown }) => unknown > 0) || (!complete && !aborted);
  return { reached, exit: unsure ? CANNOT_TELL : 0 };
}
