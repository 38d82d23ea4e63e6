/** `braceroute paths HOST`: every path to it, from us or from a router, with the risk that a next hop is missing. */
import { CANNOT_TELL } from '../../error.ts';
import { type Asking, openAsk } from '../../probe/ask.ts';
import { newRun } from '../../probe/run.ts';
import type { Hop } from '../../trace/hop.ts';
import { pathCount } from '../../trace/path-count.ts';
import type { PathNode } from '../../trace/path-graph.ts';
import type { PathEnds } from '../../trace/path-kind.ts';
import { type PathsFound, searchPaths } from '../../trace/paths.ts';
import { trace } from '../../trace/trace.ts';
import { ahead } from '../ahead.ts';
import { endsOf } from '../ends.ts';
import { type FlowOptions, flowOf } from '../flow.ts';
import { addressOf } from '../hop-event.ts';
import { otherAddress } from '../layer-source.ts';
import { type MapOptions, readMap } from '../map-file.ts';
import { createNamer, mappedNames } from '../namer.ts';
import { familyWanted } from '../network.ts';
import { deadWays, limit, loop, refused, unreached } from '../paths-problems.ts';
import { mayVisit, type PermissionOptions, refuseTranslation, requirePermission } from '../permission.ts';
import type { Body, Said, Verdict } from '../session.ts';
import { startEvent } from '../start-event.ts';
import { nestedTranslation, traceTranslation } from '../translation.ts';
import { entryProblem, silence } from './trace.ts';

export interface PathsCommandOptions extends FlowOptions, PermissionOptions, MapOptions {
  readonly source?: string;
  readonly risk: number;
  readonly as: 'plain' | 'steered';
  readonly numeric?: boolean;
  readonly timeout: number;
  readonly maxHops: number;
}

/** The first flow shows how long the path is: a hop that it misses would end the search early. */
const SILENT_TRIES = 4;

export const pathsCommand = (host: string, options: PathsCommandOptions): Body =>
  async function* (network, signal) {
    const { engine, names, random } = network;
    const known = await readMap(options);
    const asked = { ...options, from: options.source ?? null, to: host, family: familyWanted({ ...options }), known };
    const { ends, source, target, route } = await endsOf(network, asked);
    if (options.as === 'steered') {
      requirePermission([ends.to], options);
      refuseTranslation(ends.us, [ends.to], options);
    }
    const run = newRun(random);
    const namer = createNamer(known === null ? names : mappedNames(names, known), options.numeric ?? false);
    yield startEvent('paths', engine, route, source, target);
    const asking = openAsk(engine, run, signal);
    const flow = flowOf(options, run);
    const carries = options.as === 'steered' ? 'home' : 'probe';
    const timeoutNs = options.timeout * 1e9;
    const hops: Hop[] = [];
    const tracing = { count: 1, silentTries: SILENT_TRIES, firstTtl: 1, lastTtl: options.maxHops, timeoutNs, flow, carries } as const;
    for await (const seen of trace(engine, asking, ends, tracing)) {
      if (seen.kind === 'hop') hops.push(seen.hop);
      else return yield* notEntered(asking, entryProblem(ends, source.name ?? source.address, seen.answer));
    }
    const isPermitted = mayVisit(options);
    const visitable = hops.map(addressOf).map((address) => (address !== null && isPermitted(address) ? address : null));
    const fields = { ends, flow, carries, second: otherAddress(ends.us, network), hops: visitable } as const;
    let whenSlow = (_ttl: number): void => {};
    const slow = new Promise<number>((resolve) => {
      whenSlow = resolve;
    });
    const searching = { timeoutNs, risk: options.risk, lastTtl: options.maxHops, mayVisit: isPermitted, signal, whenSlow };
    const search = searchPaths(engine, asking, fields, hops, searching);
    search.catch(() => {}); // it is awaited below
    const first = await Promise.race([search, slow]);
    if (typeof first === 'number') yield limit(first); // before the minutes that it takes
    const found = await search;
    for await (const [node, name] of ahead(each(found.nodes), ({ addresses }) => namer.soon(addresses[0] ?? null)))
      yield nodeEvent(node, name);
    yield* waysOf(found, signal.aborted);
    yield pathsEvent(found, options);
    yield* namer.late();
    yield* traceTranslation(asking);
    return yield* told(found, ends, options, source.name ?? source.address, target.name ?? target.address, signal);
  };

async function* notEntered(asking: Asking, { said, exit }: { said: Said; exit: number }): AsyncGenerator<Said, Verdict> {
  const translated = yield* nestedTranslation(asking);
  if (translated !== null) return { reached: false, exit: translated };
  yield said;
  return { reached: false, exit };
}

async function* each<One>(all: readonly One[]): AsyncGenerator<One> {
  yield* all;
}

const nodeEvent = ({ error, ...node }: PathNode, name: string | null): Said => ({
  type: 'node',
  ...node,
  name,
  icmp: error === null ? null : { type: error.type, code: error.code },
});

/** `aborted`: that nothing moves a split is not known then, and an edge has a flow all the same. */
function* waysOf({ nodes, edges, splits }: PathsFound, aborted: boolean): Generator<Said> {
  for (const edge of edges) yield { type: 'edge', ...edge };
  for (const { from, ttl, next, movedBy, perPacket } of splits) {
    const heard = next.flatMap(({ to, address, field, value }) => (address === null ? [] : [{ address, router: to, field, value }]));
    if (heard.length < 2) continue; // a silent next hop has an edge and a node
    if (aborted && movedBy.length === 0 && !perPacket) continue;
    const address = nodes.find(({ id }) => id === from)?.addresses[0] ?? null;
    yield { type: 'split', position: ttl, ttl: ttl + 1, from: address, next: heard, movedBy, perPacket };
  }
}

const pathsEvent = (found: PathsFound, { risk, as }: PathsCommandOptions): Said => ({
  type: 'paths',
  paths: pathCount(found),
  nodes: found.nodes.length,
  edges: found.edges.length,
  splits: found.splits.length,
  flows: found.flows,
  probes: found.probes,
  as,
  risk,
  missed: found.missed,
  unknown: found.unknown,
  varied: found.varied,
  flow: found.own,
});

function* told(
  found: PathsFound,
  ends: PathEnds,
  { risk, as }: PathsCommandOptions,
  router: string,
  host: string,
  signal: AbortSignal,
): Generator<Said, Verdict> {
  const { nodes, unknown, missed } = found;
  const reached = nodes.some(({ is }) => is === 'end');
  if (signal.aborted) return { reached, exit: CANNOT_TELL };
  const heard = nodes.some(({ is }) => is === 'router' || is === 'end');
  if (!heard && ends.kind !== 'trace') yield silence(router);
  if (nodes.some(({ loops }) => loops)) yield loop(nodes);
  const refusals = refused(found);
  yield* refusals;
  if (!reached) {
    if (heard || ends.kind === 'trace') yield unreached(found, host, as);
    return { reached, exit: 1 };
  }
  yield* deadWays(found, host);
  if (refusals.length > 0) return { reached, exit: 1 };
  return { reached, exit: unknown > 0 || missed > risk ? CANNOT_TELL : 0 };
}
