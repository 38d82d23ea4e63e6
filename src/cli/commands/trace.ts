/** `braceroute HOST`, `-r HOST`, `-s R HOST`: the three traces. */
import { BeaconError, CANNOT_TELL } from '../../error.ts';
import { openAsk } from '../../probe/ask.ts';
import type { Answer } from '../../probe/observation.ts';
import { newRun } from '../../probe/run.ts';
import type { Hop } from '../../trace/hop.ts';
import type { PathEnds } from '../../trace/path-kind.ts';
import { trace } from '../../trace/trace.ts';
import type { Address } from '../../wire/address.ts';
import { FAMILIES, isNestingRefused } from '../../wire/family.ts';
import { ahead } from '../ahead.ts';
import { endsOf } from '../ends.ts';
import { type FlowOptions, flowOf } from '../flow.ts';
import { addressOf, hopEvent } from '../hop-event.ts';
import type { LayerSourceOptions } from '../layer-source.ts';
import { type MapOptions, readMap } from '../map-file.ts';
import { createNamer, mappedNames } from '../namer.ts';
import { familyWanted } from '../network.ts';
import { type PermissionOptions, refuseTranslation, requirePermission } from '../permission.ts';
import { notHome, opensTo, openTo, trial, withSource } from '../reverse-end.ts';
import type { Body, Said } from '../session.ts';
import { startEvent } from '../start-event.ts';
import { nestedTranslation, traceTranslation } from '../translation.ts';

export interface TraceCommandOptions extends FlowOptions, PermissionOptions, MapOptions, LayerSourceOptions {
  readonly source?: string;
  readonly reverse?: boolean;
  readonly numeric?: boolean;
  readonly count: number;
  readonly timeout: number;
  readonly maxHops: number;
  readonly firstHop: number;
  /** Values of each field that are tried where the path may split; 1: none but the trace's own. */
  readonly flows?: number;
  readonly steered?: boolean;
}

/** A silent hop is asked once more, as soon as the target's own time is known. */
const SILENT_TRIES = 2;

export const traceCommand = (host: string, options: TraceCommandOptions): Body =>
  async function* (network, signal) {
    const { engine, names, random } = network;
    if (options.firstHop > options.maxHops) {
      throw new BeaconError('ERR_USAGE', `--first-hop ${options.firstHop} is beyond --max-hops ${options.maxHops}: give a smaller one`);
    }
    const from = options.reverse ? host : (options.source ?? null);
    const to = options.reverse ? null : host;
    const known = await readMap(options);
    const found = await endsOf(network, { ...options, from, to, family: familyWanted({ ...options }), known });
    const { source, target, route } = found;
    const ends = withSource(found.ends, network, options);
    if (options.steered) {
      requirePermission([ends.to], options);
      refuseTranslation(ends.us, [ends.to], options);
    }
    const run = newRun(random);
    const namer = createNamer(known === null ? names : mappedNames(names, known), options.numeric ?? false);
    yield startEvent(ends.kind, engine, route, source, target);

    const hops: Hop[] = [];
    const asking = openAsk(engine, run, signal);
    const flow = flowOf(options, run);
    const carries = options.steered ? 'home' : 'probe';
    const timeoutNs = options.timeout * 1e9;
    const traced = trace(engine, asking, ends, {
      count: options.count,
      silentTries: SILENT_TRIES,
      firstTtl: options.firstHop,
      lastTtl: options.maxHops,
      timeoutNs,
      flow,
      carries,
    });
    for await (const [seen, name] of ahead(traced, (one) => namer.soon(one.kind === 'hop' ? addressOf(one.hop) : null))) {
      if (seen.kind === 'entry') {
        const translated = yield* nestedTranslation(asking);
        if (translated !== null) return { reached: false, exit: translated };
        const problem = entryProblem(ends, source.name ?? source.address, seen.answer);
        yield problem.said;
        return { reached: false, exit: problem.exit };
      }
      hops.push(seen.hop);
      yield hopEvent(seen.hop, name);
    }
    yield { type: 'path', part: 1, hops: pathOf(ends, hops) };
    yield* namer.late();
    yield* traceTranslation(asking);
    if ((options.flows ?? 1) > 1) {
      const { splitEvents } = await import('./splits.ts'); // a plain trace need not load it
      yield* splitEvents(network, asking, ends, hops, { ...options, flow, carries, flows: options.flows!, timeoutNs });
    }
    const reached = hops.some((hop) => hop.reached);
    if (reached || ends.kind === 'trace' || signal.aborted) return { reached, exit: reached ? 0 : 1 };
    const router = source.name ?? source.address;
    const last = hops.map(addressOf).findLast((address) => address !== null);
    if (ends.kind === 'reverse' && hops.every(({ error }) => error === null)) {
      const open = await openTo(trial(ends, network, options), engine, asking, { ends, flow, timeoutNs, hops });
      if (open === 'us') return { reached, exit: 1 }; // beyond --max-hops
      if (open !== null) {
        yield opensTo(open, ends);
        return { reached, exit: CANNOT_TELL };
      }
      if (last !== undefined) yield notHome(last, router);
    }
    if (last === undefined) yield silence(router);
    return { reached, exit: 1 };
  };

/** From us on; the ends as they were asked for, since a host may answer from another of its addresses. */
export function pathOf(ends: PathEnds, hops: readonly Hop[]): (Address | null)[] {
  const byTtl = new Map(hops.map((hop) => [hop.ttl, hop]));
  const last = Math.max(0, ...byTtl.keys());
  const path = Array.from({ length: last }, (_, i) => {
    const hop = byTtl.get(i + 1);
    if (hop?.reached) return ends.to;
    return hop === undefined ? null : addressOf(hop);
  });
  if (ends.kind !== 'trace' && path.length > 0) path[0] = ends.from;
  return [ends.us, ...path];
}

/** Something answered about the header that should have brought the probe to the router where the path starts. */
export function entryProblem(ends: PathEnds, router: string, answer: Answer): { said: Said; exit: number } {
  const { family, type, code } = answer.icmp;
  if (isNestingRefused(FAMILIES[family], type, code) && answer.from !== ends.us) {
    const message = `${router} does not decapsulate IP in IP (${answer.from} answered ICMP ${type}/${code}): the path can only start at a router that does`;
    return { said: { type: 'problem', code: 'NO_DECAPSULATION', message }, exit: 4 };
  }
  const message = `The way to ${router} ends at ${answer.from} (ICMP ${type}/${code}), before the path begins: see braceroute ${ends.from}`;
  return { said: { type: 'problem', code: 'NO_ENTRY', message }, exit: 1 };
}

/** Of a path that starts at a router, of which nothing was heard. */
export const silence = (router: string): Said => ({
  type: 'problem',
  code: 'SILENCE',
  message: `Nothing came back over ${router}: it may not decapsulate, something on the way may drop IP in IP, or filter it by its source address, or NAT translate the outer header alone; see braceroute ${router}`,
});
