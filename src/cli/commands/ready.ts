/** What `probe` and `spray` begin with: the path is found or given, and each of its hops is asked whether a boomerang can turn there. */
import { deepest, refusalOf } from '../../boomerang/deepest.ts';
import type { Landing } from '../../boomerang/itinerary.ts';
import type { ProbedPath } from '../../boomerang/path.ts';
import { type SurveyedHop, survey } from '../../boomerang/survey.ts';
import type { SweepOptions } from '../../boomerang/sweep.ts';
import { errorCount, type Tally } from '../../boomerang/tally.ts';
import { BeaconError } from '../../error.ts';
import { type Asking, openAsk } from '../../probe/ask.ts';
import { newRun } from '../../probe/run.ts';
import { type FlowOptions, flowOf } from '../flow.ts';
import { familyWanted, type Network } from '../network.ts';
import { requirePermission } from '../permission.ts';
import type { Said, Verdict } from '../session.ts';
import { type DiscoverOptions, discover } from './discover.ts';

export interface ReadyOptions extends FlowOptions, Omit<DiscoverOptions, 'family'> {
  readonly count: number;
  readonly rate: number;
  readonly maxLoss: number;
  readonly landing: Landing;
}

export interface Ready {
  readonly asking: Asking;
  readonly path: ProbedPath;
  /** Those that have a row. */
  readonly hops: readonly SurveyedHop[];
  readonly sweep: SweepOptions;
  /** What the counts come to. */
  readonly verdict: (tallies: readonly Tally[]) => Verdict;
}

/** Says what it finds; returns the exit code where there is no path to probe. */
export async function* ready(
  command: 'probe' | 'spray',
  network: Network,
  signal: AbortSignal,
  options: ReadyOptions,
): AsyncGenerator<Said, Ready | { readonly exit: number }> {
  const { engine, random } = network;
  const run = newRun(random);
  const asking = openAsk(engine, run, signal);
  const flow = flowOf(options, run);
  const searching = { ...flow, size: null }; // a size is for the boomerangs; a trace's probes are smaller than any of them
  const found = yield* discover(command, network, asking, searching, { ...options, family: familyWanted({ ...options }) });
  if ('exit' in found) return found;
  requirePermission(found.path.hops, options);
  const sweep = { ...options, flow, timeoutNs: options.timeout * 1e9 };
  const path = yield* fitting(network, found.path, sweep, options.path !== undefined);
  const hops = yield* surveyed(survey(engine, asking, path, { ...sweep, rttNs: found.rttNs }));
  const complete = found.reached && hops.at(-1)?.position === found.path.hops.length && hops.every(({ state }) => state !== 'detour');
  const verdict = (tallies: readonly Tally[]): Verdict => {
    const { reached, exit } = verdictOf(tallies, complete, options.maxLoss, signal.aborted);
    return { reached, exit: found.reached || signal.aborted ? exit : 1 }; // an end that does not answer is a failure found
  };
  return { asking, path, hops, sweep, verdict };
}

/**
 * The path as far as its boomerangs fit the first link, known before the first is sent. One that was given is refused, since its user
 * counts on all of it; one that was found ends earlier, and that is said.
 */
async function* fitting({ engine }: Network, path: ProbedPath, sweep: SweepOptions, given: boolean): AsyncGenerator<Said, ProbedPath> {
  const route = await engine.route(path.hops.find((address) => address !== null)!);
  const last = deepest(path, sweep, route);
  if (last === path.hops.length) return path;
  const refusal = refusalOf(path, path.hops.length, sweep, route)!;
  if (given || last === 0) throw new BeaconError(refusal.code, `${refusal.message} (${last} hops fit)`, { cause: refusal });
  const [reason] = refusal.message.split(': ');
  yield { type: 'problem', code: 'TABLE_ENDS', message: `${reason}: the table ends at hop ${last}` };
  return { ...path, hops: path.hops.slice(0, last) };
}

/** Says of each hop that is left out why, and returns the hops that have a row: the table ends at the last that can be visited. */
async function* surveyed(source: AsyncIterable<SurveyedHop>): AsyncGenerator<Said, SurveyedHop[]> {
  const hops: SurveyedHop[] = [];
  let passed: Said[] = []; // said once a deeper hop is visited: else the table has ended before them
  for await (const hop of source) {
    const barrier = hops.find(({ state }) => state === 'detour');
    hops.push(hop);
    if (hop.state === 'does not decapsulate') passed.push(leftOut(hop, `${hop.address} does not decapsulate: it`));
    if (hop.state === 'detour' || (hop.state === 'visited' && hop.trouble !== null)) yield trouble(hop, barrier);
    if (hop.state === 'silent') passed.push(leftOut(hop, `Hop ${hop.position} is silent: its address is not known, so it`));
    if (hop.state !== 'visited' && hop.state !== 'detour') continue;
    yield* passed;
    passed = [];
  }
  const last = hops.findLastIndex((hop) => hop.state === 'visited' || hop.state === 'detour');
  const past = hops.slice(last + 1);
  if (past.length > 0 && last >= 0) {
    const message = `The table ends at ${hops[last]!.address}, the last hop that decapsulates: nothing can turn at ${past.map((hop) => hop.address ?? '*').join(' ')}`;
    yield { type: 'problem', code: 'TABLE_ENDS', message };
  }
  return last < 0 ? hops : hops.slice(0, last + 1);
}

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

const whyNot = ({ trouble }: SurveyedHop): string =>
  trouble === null
    ? 'only those whose legs may be of more hops than the path has do, past a router that does not tell; that needs --loose'
    : `${trouble.from} answers ICMP ${trouble.icmp.type}/${trouble.icmp.code} on leg ${(trouble.leg ?? 0) + 1}; a leg of more than one hop needs --loose`;

/** A failure found is 1; where nothing failed but some of it is not known, or the end was not measured, 5. */
function verdictOf(tallies: readonly Tally[], complete: boolean, maxLoss: number, aborted: boolean): Verdict {
  const measured = tallies.filter(({ sent, rtts }) => sent > 0 && rtts !== null); // the rest is only listed
  const failed = measured.some((tally) => {
    const decided = tally.received + tally.lost + errorCount(tally);
    return decided > 0 && (tally.lost + errorCount(tally)) / decided > maxLoss;
  });
  const last = measured.at(-1);
  const reached = complete && last !== undefined && last.received > 0;
  if (failed) return { reached, exit: 1 };
  const unsure = measured.length === 0 || measured.some(({ unknown }) => unknown > 0) || (!complete && !aborted);
  return { reached, exit: unsure ? 5 : 0 };
}
