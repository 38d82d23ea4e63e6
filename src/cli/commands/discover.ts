/** The path that `probe` and `spray` work on: searched between two ends, or given hop by hop. */

import type { ProbedPath } from '../../boomerang/path.ts';
import { BeaconError, CANNOT_TELL } from '../../error.ts';
import type { Asking } from '../../probe/ask.ts';
import type { Flow } from '../../probe/itinerary.ts';
import type { Command } from '../../report/event.ts';
import type { HopMap } from '../../topology/hop-map.ts';
import { type Hop, longestRttNs } from '../../trace/hop.ts';
import type { PathEnds } from '../../trace/path-kind.ts';
import { type Searched, steeredTrace } from '../../trace/steered.ts';
import type { Address, FamilyNumber } from '../../wire/address.ts';
import { familyOf } from '../../wire/address.ts';
import { endsOf, isOurs } from '../ends.ts';
import { addressOf, hopEvent } from '../hop-event.ts';
import { type Host, hostOf, type Network } from '../network.ts';
import { type PermissionOptions, refuseTranslation, requirePermission } from '../permission.ts';
import type { Said } from '../session.ts';
import { startEvent } from '../start-event.ts';
import { entryProblem, pathOf, silence } from './trace.ts';

export interface DiscoverOptions extends PermissionOptions {
  readonly source?: string;
  readonly destination?: string;
  readonly path?: readonly (string | null)[];
  readonly timeout: number;
  readonly maxHops: number;
  readonly loose?: boolean;
  readonly family: FamilyNumber | null;
  /** What `--map` says. */
  readonly known?: HopMap | null;
}

/** More than a trace asks: where a tenth of all packets is lost, a hop must still not be missed by chance (1 in 10,000). */
const SILENT_TRIES = 4;

export interface Found {
  readonly path: ProbedPath;
  /** All hops, those too that are answered by plain probes alone and are unknown to `path`. */
  readonly plain: ProbedPath['hops'];
  /** The longest round trip that the search saw, or null. */
  readonly rttNs: number | null;
  /** False where the search did not get to the end. */
  readonly reached: boolean;
  /** The end answered all the same, though nobody knows at which place. */
  readonly answers: boolean;
}

/** Says what it does, and returns the path; null where there is none to probe, after saying why. */
export type Discovery = AsyncGenerator<Said, Found | { readonly exit: number }>;

export function discover(
  command: Command,
  network: Network,
  asking: Asking,
  flow: Flow,
  options: DiscoverOptions,
  signal: AbortSignal,
): Discovery {
  if (options.path !== undefined) return given(command, network, { ...options, path: options.path });
  if (options.destination === undefined) {
    throw new BeaconError('ERR_USAGE', `${command} needs a path: give its end with -d (and its start with -s), or all its hops with -p`);
  }
  return searched(command, network, asking, flow, { ...options, destination: options.destination }, signal);
}

async function* searched(
  command: Command,
  network: Network,
  asking: Asking,
  flow: Flow,
  options: DiscoverOptions & { destination: string },
  signal: AbortSignal,
): Discovery {
  const { ends, source, target, route } = await endsOf(network, {
    ...options,
    from: options.source ?? null,
    to: options.destination,
    family: options.family,
  });
  if (ends.to === ends.us) {
    throw new BeaconError(
      'ERR_USAGE',
      `--destination ${options.destination} is our own address: name a hop elsewhere, every probe comes home from there`,
    );
  }
  requirePermission([ends.to], options); // the search is steered too
  refuseTranslation(ends.us, [ends.to], options);
  yield startEvent(command, network.engine, route, source, target);
  const walk = yield* walked(network, asking, ends, source, flow, options);
  if ('exit' in walk) return walk;
  const { hops, end } = walk;
  const reached = end.answers !== null && end.answers !== 'elsewhere';
  const [us, ...all] = pathOf(ends, hops);
  const known = reached ? all : all.slice(0, all.findLastIndex((address) => address !== null) + 1);
  yield { type: 'path', part: 1, hops: [us!, ...known] };
  const isOver = !signal.aborted; // who was interrupted knows of no silence
  if (isOver && ends.kind !== 'trace' && hops.every((hop) => addressOf(hop) === null)) {
    yield silence(source.name ?? source.address);
    return { exit: 1 };
  }
  if (isOver && !reached) yield endless(known, target, end.answers);
  if (known.length === 0) return { exit: end.answers === null ? 1 : CANNOT_TELL };
  const steered = end.answers === 'probe' ? known.map((address, index) => (index < end.steered ? address : null)) : known;
  if (end.answers === 'probe') yield noIpInIp(steered, target);
  if (steered.every((address) => address === null)) return { exit: CANNOT_TELL };
  const path = { us: us!, hops: steered, distance: ends.kind === 'trace' ? 1 : null, loose: options.loose ?? false };
  return { path, plain: known, rttNs: longestRttNs(hops) || null, reached, answers: end.answers !== null };
}

type End = Extract<Searched, { readonly kind: 'end' }>;

interface Walk {
  readonly hops: readonly Hop[];
  readonly end: End;
}

/** The search itself: says each hop as it is found, or why the path cannot be entered. */
async function* walked(
  { engine }: Network,
  asking: Asking,
  ends: PathEnds,
  source: Host,
  flow: Flow,
  { maxHops, timeout }: DiscoverOptions,
): AsyncGenerator<Said, Walk | { readonly exit: number }> {
  const hops: Hop[] = [];
  let end: End = { kind: 'end', answers: null, steered: 0 }; // where it was interrupted
  const options = { count: 1, silentTries: SILENT_TRIES, firstTtl: 1, lastTtl: maxHops, timeoutNs: timeout * 1e9, flow };
  for await (const seen of steeredTrace(engine, asking, ends, options)) {
    if (seen.kind === 'entry') {
      const problem = entryProblem(ends, source.name ?? source.address, seen.answer);
      yield problem.said;
      return { exit: problem.exit };
    }
    if (seen.kind === 'end') end = seen;
    else {
      hops.push(seen.hop);
      yield hopEvent(seen.hop, null);
    }
  }
  return { hops, end };
}

function endless(known: readonly (Address | null)[], target: Host, answers: End['answers']): Said {
  const last = known.at(-1);
  const name = target.name ?? target.address;
  const end = answers === null ? `${name} did not answer the search` : `${name} answers, but tells too seldom how far away it is`;
  const message =
    last == null
      ? `No hop of the path to ${name} answered: nothing to probe; a dead link or a filter of IP in IP or of its source addresses may be why; give the path with -p if you know it`
      : `${end}: the table ends at ${last}, the last hop that did; a dead link, or a filter of its answers (ct state invalid), may be why; give the path with -p if you know it`;
  return { type: 'problem', code: 'PATH_NOT_FOUND', message };
}

/** Behind a filter nothing can be measured, and what does not come home from there is not called lost. */
function noIpInIp(steered: readonly (Address | null)[], target: Host): Said {
  const last = steered.findLast((address) => address !== null);
  const where = last == null ? 'on the way' : `behind ${last}`;
  const message = `${target.name ?? target.address} answers plain probes and no IP in IP: something ${where}, or the end itself, drops or refuses it, or NAT translates its outer header alone, so that what lies there cannot be measured`;
  return { type: 'problem', code: 'NO_IP_IN_IP', message };
}

/** Only routers strip headers: a probe that visits us would end here. */
async function refuseUs({ engine }: Network, hosts: readonly (Host | null)[]): Promise<void> {
  for (const [index, host] of hosts.entries()) {
    if (host === null || !(await isOurs(engine, host.address))) continue;
    throw new BeaconError(
      'ERR_USAGE',
      `Hop ${index + 1} of --path, ${host.name ?? host.address}, is us: leave it out, probes come home by themselves`,
    );
  }
}

async function* given(
  command: Command,
  network: Network,
  { path: words, family, loose = false }: DiscoverOptions & { path: readonly (string | null)[] },
): Discovery {
  const hosts: (Host | null)[] = [];
  for (const word of words) {
    const first = hosts.find((host) => host !== null);
    hosts.push(word === null ? null : await hostOf(network.names, word, family ?? (first ? familyOf(first.address) : null)));
  }
  const known = hosts.filter((host) => host !== null);
  if (known.length === 0) throw new BeaconError('ERR_USAGE', `--path ${words.map(() => '*').join(',')} names no hop: give at least one`);
  const atUs = hosts[0] != null && (await isOurs(network.engine, hosts[0].address));
  const next = known[atUs ? 1 : 0];
  if (next === undefined) throw new BeaconError('ERR_USAGE', `--path ${words[0]} names nobody but us: give the hops after us too`);
  const us = await network.engine.route(next.address);
  await refuseUs(network, hosts.slice(1));
  const hops = (atUs ? hosts.slice(1) : hosts).map((host) => host?.address ?? null);
  const source: Host = { address: us.source, name: null };
  yield startEvent(command, network.engine, us, source, known.at(-1)!, false);
  if (!atUs) {
    const message = `The path does not start at us: ${us.source} is put in front`;
    yield { type: 'problem', code: 'PUT_IN_FRONT', message };
  }
  yield { type: 'path', part: 1, hops: [us.source, ...hops] };
  return { path: { us: us.source, hops, distance: atUs ? 1 : null, loose }, plain: hops, rttNs: null, reached: true, answers: true };
}
