/** The other ways of equal cost to the end of a path, each surveyed as the first one is. */
import type { ProbedPath } from '../../boomerang/path.ts';
import { type SurveyedHop, survey } from '../../boomerang/survey.ts';
import { BeaconError } from '../../error.ts';
import { branchesOf } from '../../locate/branches.ts';
import { deadEnds, unsearched } from '../../locate/dead-ends.ts';
import type { UnknownPart } from '../../locate/verdict.ts';
import type { Hop } from '../../trace/hop.ts';
import { type PathsFound, searchPaths } from '../../trace/paths.ts';
import { trace } from '../../trace/trace.ts';
import { endsOf } from '../ends.ts';
import { addressOf } from '../hop-event.ts';
import { otherAddress, sourcesFor } from '../layer-source.ts';
import { readMap } from '../map-file.ts';
import { familyWanted, type Network } from '../network.ts';
import { mayVisit } from '../permission.ts';
import type { LocateCommandOptions } from './locate.ts';
import type { Ready } from './ready.ts';

export interface Branches {
  readonly found: PathsFound;
  /** Ways on which flows die. */
  readonly dead: readonly UnknownPart[];
  readonly ways: readonly { readonly path: ProbedPath; readonly hops: readonly SurveyedHop[] }[];
}

/** That a next hop is missing anywhere. */
const RISK = 0.01;
const SILENT_TRIES = 4;

/** Null where there are none. Where a router answers so seldom that the search would take minutes, none is looked at. */
export async function branches(
  network: Network,
  signal: AbortSignal,
  options: LocateCommandOptions,
  ready: Ready,
): Promise<Branches | null> {
  const { asking, path } = ready;
  const fromUs = path.distance !== null;
  const { found, isSlow } = await searched(network, signal, options, ready);
  if (isSlow) return { found, dead: unsearched(found, 'a router answers about once a second'), ways: [] };
  const dead = deadEnds(found, options.destination!);
  const isPermitted = mayVisit(options);
  const others = branchesOf(found, path.hops, fromUs).filter((hops) => hops.every((hop) => hop === null || isPermitted(hop)));
  if ((others.length === 0 && dead.length === 0) || signal.aborted) return null;
  const asked = { ...ready.sweep, rttNs: null, sources: sourcesFor(path.us, network, options), mayVisit: isPermitted, tellsApart: true };
  const ways: Branches['ways'][number][] = [];
  for (const hops of others) {
    const other = { ...path, hops };
    const seen: SurveyedHop[] = [];
    try {
      for await (const hop of survey(network.engine, asking, other, asked)) seen.push(hop);
    } catch (error) {
      if (!(error instanceof BeaconError && error.code === 'ERR_MTU')) throw error;
    }
    ways.push({ path: other, hops: seen });
  }
  return { found, dead, ways };
}

/** As plain traffic takes them. `isSlow`: it was given up, since it would take minutes. */
async function searched(
  network: Network,
  signal: AbortSignal,
  options: LocateCommandOptions,
  { asking, sweep }: Ready,
): Promise<{ readonly found: PathsFound; readonly isSlow: boolean }> {
  const { engine } = network;
  const known = await readMap(options);
  const { ends } = await endsOf(network, {
    ...options,
    from: options.source ?? null,
    to: options.destination!,
    family: familyWanted({ ...options }),
    known,
  });
  const [flow, timeoutNs, lastTtl] = [{ ...sweep.flow, size: null }, options.timeout * 1e9, options.maxHops];
  const hops: Hop[] = [];
  const tracing = { count: 1, silentTries: SILENT_TRIES, firstTtl: 1, lastTtl, timeoutNs, flow, carries: 'probe' } as const;
  for await (const seen of trace(engine, asking, ends, tracing)) if (seen.kind === 'hop') hops.push(seen.hop);
  const tooSlow = new AbortController();
  const isPermitted = mayVisit(options);
  const visitable = hops.map(addressOf).map((address) => (address !== null && isPermitted(address) ? address : null));
  const fields = { ends, flow, carries: 'probe', second: otherAddress(ends.us, network), hops: visitable } as const;
  const searching = {
    timeoutNs,
    risk: RISK,
    lastTtl,
    mayVisit: isPermitted,
    signal: AbortSignal.any([signal, tooSlow.signal]),
    whenSlow: () => tooSlow.abort(),
  };
  const found = await searchPaths(engine, asking, fields, hops, searching);
  return { found, isSlow: tooSlow.signal.aborted };
}
