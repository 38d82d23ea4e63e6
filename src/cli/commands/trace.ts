/** `braceroute HOST`, `-r HOST`, `-s R HOST`: the three traces. */
import { BeaconError } from '../../error.ts';
import { openAsk } from '../../probe/ask.ts';
import type { Answer } from '../../probe/observation.ts';
import { newRun } from '../../probe/run.ts';
import type { Hop } from '../../trace/hop.ts';
import type { PathEnds } from '../../trace/path-kind.ts';
import { trace } from '../../trace/trace.ts';
import type { Address } from '../../wire/address.ts';
import { FAMILIES, isKind } from '../../wire/family.ts';
import { ahead } from '../ahead.ts';
import { endsOf } from '../ends.ts';
import { type FlowOptions, flowOf } from '../flow.ts';
import { addressOf, hopEvent } from '../hop-event.ts';
import { createNamer } from '../namer.ts';
import { familyWanted } from '../network.ts';
import type { PermissionOptions } from '../permission.ts';
import type { Body, Said } from '../session.ts';
import { startEvent } from '../start-event.ts';

export interface TraceCommandOptions extends FlowOptions, PermissionOptions {
  readonly source?: string;
  readonly reverse?: boolean;
  readonly numeric?: boolean;
  readonly count: number;
  readonly timeout: number;
  readonly maxHops: number;
  readonly firstHop: number;
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
    const { ends, source, target, route } = await endsOf(network, { ...options, from, to, family: familyWanted({ ...options }) });
    const run = newRun(random);
    const namer = createNamer(names, options.numeric ?? false);
    yield startEvent(ends.kind, engine, route, source, target);

    const hops: Hop[] = [];
    const traced = trace(engine, openAsk(engine, run, signal), ends, {
      count: options.count,
      silentTries: SILENT_TRIES,
      firstTtl: options.firstHop,
      lastTtl: options.maxHops,
      timeoutNs: options.timeout * 1e9,
      flow: flowOf(options, run),
    });
    for await (const [seen, name] of ahead(traced, (one) => namer.soon(one.kind === 'hop' ? addressOf(one.hop) : null))) {
      if (seen.kind === 'entry') {
        const problem = entryProblem(ends, source.name ?? source.address, seen.answer);
        yield problem.said;
        return { reached: false, exit: problem.exit };
      }
      hops.push(seen.hop);
      yield hopEvent(seen.hop, name);
    }
    yield { type: 'path', hops: pathOf(ends, hops) };
    yield* namer.late();
    const reached = hops.some((hop) => hop.reached);
    if (ends.kind !== 'trace' && !signal.aborted && hops.every((hop) => addressOf(hop) === null))
      yield silence(source.name ?? source.address);
    return { reached, exit: reached ? 0 : 1 };
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
  if (isKind(FAMILIES[family].icmp.protocolUnreachable, type, code) && answer.from !== ends.us) {
    const message = `${router} does not decapsulate IP in IP (${answer.from} answered ICMP ${type}/${code}): the path can only start at a router that does`;
    return { said: { type: 'problem', code: 'NO_DECAPSULATION', message }, exit: 4 };
  }
  const message = `The way to ${router} ends at ${answer.from} (ICMP ${type}/${code}), before the path begins: see braceroute ${ends.from}`;
  return { said: { type: 'problem', code: 'NO_ENTRY', message }, exit: 1 };
}

const silence = (router: string): Said => ({
  type: 'problem',
  code: 'SILENCE',
  message: `Nothing came back over ${router}: it may not decapsulate, or something on the way drops IP in IP; see braceroute ${router}`,
});
