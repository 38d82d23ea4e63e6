/** `--paths FILE`: a path a line, as `--path` takes it. All mistakes are told at once, each with its line. */

import { refusalOf, type Shape } from '../boomerang/deepest.ts';
import type { ProbedPath } from '../boomerang/path.ts';
import type { PreparedPath } from '../boomerang/spray-paths.ts';
import type { Route } from '../engine/engine.ts';
import { BeaconError } from '../error.ts';
import type { HopMap } from '../topology/hop-map.ts';
import { type Address, type FamilyNumber, familyOf } from '../wire/address.ts';
import { isOurs } from './ends.ts';
import { mapped, visited } from './map-file.ts';
import { type Host, hostOf, type Network, readUserFile } from './network.ts';
import { type PermissionOptions, refuseTranslation, requirePermission } from './permission.ts';
import { path as pathWords } from './read-options.ts';

export interface PathsFile {
  readonly paths: readonly ProbedPath[];
  /** Paths that did not start at us. */
  readonly putInFront: number;
  readonly route: Route;
  readonly last: Host;
}

export interface PathsOptions extends PermissionOptions, Shape {
  readonly family: FamilyNumber | null;
  readonly loose: boolean;
  readonly known: HopMap | null;
  /** What the file held in the run that is replayed. */
  readonly pathsText?: string;
}

const MOST_TOLD = 20;
const MOST_PATHS = 100_000;

/** Throws ERR_FILE with every line that is wrong. */
export async function readPaths(network: Network, file: string, options: PathsOptions): Promise<PathsFile> {
  const lines = (options.pathsText ?? (await readUserFile(file)))
    .split('\n')
    .map((line, index) => ({ number: index + 1, text: line.replace(/#.*/, '').trim() }));
  const wanted = lines.filter(({ text }) => text !== '');
  if (wanted.length > MOST_PATHS) throw new BeaconError('ERR_FILE', `${file} has ${wanted.length} paths, and ${MOST_PATHS} is the most`);
  const hostNamed = rememberedHosts(network, options.family);
  const seen = new Set<Address>(); // what was asked of an address for one path holds for all
  const mistakes: string[] = [];
  const found: { path: ProbedPath; atUs: boolean; route: Route; last: Host }[] = [];
  for (const { number, text } of wanted) {
    try {
      const one = await pathIn(network, text, hostNamed, seen, options);
      const first = found[0]?.route ?? one.route;
      if (one.route.interface !== first.interface || one.route.nextHop !== first.nextHop) {
        const [way, other] = [one.route, first].map((route) => `${route.nextHop} on ${route.interface}`);
        throw new BeaconError(
          'ERR_USAGE',
          `it leaves by ${way}, the first path by ${other}: a spray has one first link, so give each a file of its own`,
        );
      }
      found.push(one);
    } catch (error) {
      if (!(error instanceof Error) || (!(error instanceof BeaconError) && error.name !== 'CommanderError' && !('exitCode' in error)))
        throw error;
      mistakes.push(`line ${number}: ${error.message}`);
    }
  }
  if (mistakes.length > 0) {
    const more = mistakes.length > MOST_TOLD ? [`and ${mistakes.length - MOST_TOLD} more`] : [];
    throw new BeaconError(
      'ERR_FILE',
      `${file} has ${mistakes.length} wrong lines:\n${[...mistakes.slice(0, MOST_TOLD), ...more].join('\n')}`,
    );
  }
  const last = found[0];
  if (last === undefined) throw new BeaconError('ERR_FILE', `${file} has no path: give one a line, such as a,r1,r2,r3`);
  return { paths: found.map(({ path }) => path), putInFront: found.filter(({ atUs }) => !atUs).length, route: last.route, last: last.last };
}

type HostNamed = (word: string, family: FamilyNumber | null) => Promise<Host>;

/** Paths share their routers: each name is asked for once. */
function rememberedHosts({ names }: Network, wanted: FamilyNumber | null): HostNamed {
  const known = new Map<string, Promise<Host>>();
  return (word, family) => {
    const key = `${word} ${wanted ?? family}`;
    const host = known.get(key) ?? hostOf(names, word, wanted ?? family);
    known.set(key, host);
    return host;
  };
}

async function pathIn(
  { engine }: Network,
  text: string,
  hostNamed: HostNamed,
  seen: Set<Address>,
  options: PathsOptions,
): Promise<{ path: ProbedPath; atUs: boolean; route: Route; last: Host }> {
  const hosts: (Host | null)[] = [];
  let family: FamilyNumber | null = null;
  for (const word of pathWords(text)) {
    const host: Host | null = word === null ? null : await hostNamed(word, family);
    if (host !== null) family ??= familyOf(host.address);
    hosts.push(host);
  }
  requirePermission(
    hosts.map((host) => host?.address ?? null),
    options,
  );
  const atUs = hosts[0] != null && (await isOurs(engine, hosts[0].address));
  const rest = atUs ? hosts.slice(1) : hosts;
  const known = rest.filter((host) => host !== null);
  if (known.length === 0) throw new BeaconError('ERR_USAGE', 'it names nobody but us: give the hops after us too');
  for (const host of known)
    if (!seen.has(host.address) && (await isOurs(engine, host.address)))
      throw new BeaconError('ERR_USAGE', `${host.name ?? host.address} is us: leave it out, probes come home by themselves`);
  const { source } = await engine.route(known[0]!.address);
  const hops: (Address | null)[] = rest.map((host) => host?.address ?? null);
  const path = await mapped(engine, { us: source, hops, distance: atUs ? 1 : null, loose: options.loose }, options.known);
  const visits = visited(path);
  const fresh = [...hops, ...visits].filter((address) => address !== null && !seen.has(address));
  requirePermission(fresh, options);
  refuseTranslation(source, fresh, options);
  for (const address of fresh) seen.add(address!);
  const [first] = visits;
  if (first === undefined) throw new BeaconError('ERR_USAGE', 'none of its hops decapsulates, as the map says');
  const route = await engine.route(first);
  const refusal = refusalOf(path, path.hops.length, options, route);
  if (refusal !== null) throw refusal;
  return { path, atUs, route, last: known.at(-1)! };
}

/** What `path` events show. */
export const shownHops = ({ path }: PreparedPath): readonly (Address | null)[] => [path.us, ...path.hops];
