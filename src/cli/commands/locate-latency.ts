/** `braceroute locate --latency`: what each link adds to the round trip, and where queueing grew since a baseline. */
import { BeaconError, CANNOT_TELL } from '../../error.ts';
import { type Between, type Increment, movedFrom } from '../../infer/latency.ts';
import { groundOf } from '../../locate/asked-walks.ts';
import type { Unreachable } from '../../locate/graph.ts';
import { type LatencyOptions, type LinkLatency, linkLatencies, RESOLUTION_MS } from '../../locate/latency.ts';
import { graphTurns, pathTurns, type Turn } from '../../locate/turns.ts';
import type { Asking } from '../../probe/ask.ts';
import { loadOf } from '../../probe/load.ts';
import type { BetweenMs, LatencyEvent } from '../../report/event.ts';
import type { Address } from '../../wire/address.ts';
import { chunksOf } from '../capture-file.ts';
import { permittedRate } from '../ceiling.ts';
import { createNamer } from '../namer.ts';
import type { Network } from '../network.ts';
import { publicHop } from '../permission.ts';
import type { Body, Said } from '../session.ts';
import type { LocateCommandOptions } from './locate.ts';
import { fromTopology, type Sketch } from './locate-graph.ts';
import { ready } from './ready.ts';

export interface LatencyCommandOptions extends LocateCommandOptions {
  readonly baseline?: string;
}

/** Round trips to each hop, where --budget names no time, and how many at most where these tell too little. */
const ROUNDS = 300;
const MOST_ROUNDS = 10_000;
/** A time ends them. */
const TIMED_ROUNDS = 1_000_000;

/** Exit code 1 where queueing grew, 5 where nothing is known, or nothing of what the baseline has. */
export const latencyCommand = (options: LatencyCommandOptions): Body =>
  async function* (network, signal) {
    const baseline = options.baseline === undefined ? null : await readBaseline(options.baseline);
    const found = yield* options.topology === undefined
      ? overPath(network, signal, options)
      : overTopology(network, signal, options, options.topology);
    if ('exit' in found) return { reached: null, exit: found.exit };
    const { engine } = network;
    const { budget, confidence } = options;
    const { asking, turns, nameOf, pace } = found;
    const affordable = Math.max(1, Math.floor(budget.probes / Math.max(1, turns.length)));
    const most = budget.seconds === null ? Math.min(MOST_ROUNDS, affordable) : TIMED_ROUNDS;
    const count = budget.seconds === null ? Math.min(ROUNDS, most) : most;
    const untilNs = budget.seconds === null ? null : engine.nowNs() + BigInt(Math.round(budget.seconds * 1e9));
    const links = await linkLatencies(engine, asking, turns, { ...pace, count, most, confidence, untilNs });
    const events: LatencySaid[] = [];
    for (const link of links) events.push(told(link, baseline, confidence, await nameOf(link.from), await nameOf(link.to)));
    yield* events;
    return yield* ended(events, baseline !== null);
  };

/** What is asked, by whom, and how fast. */
interface Turning {
  readonly asking: Asking;
  readonly turns: readonly Turn[];
  readonly nameOf: (address: Address) => Promise<string | null>;
  readonly pace: Pick<LatencyOptions, 'rate' | 'timeoutNs' | 'seed'>;
}

async function* overPath(network: Network, signal: AbortSignal, options: LatencyCommandOptions): Sketch<Turning> {
  const found = yield* ready('locate', network, signal, { ...options, count: ROUNDS, maxLoss: 0 });
  if ('exit' in found) return found;
  const { asking, path, hops, sweep } = found;
  const namer = createNamer(network.names, options.numeric ?? false);
  const nameOf = async (address: Address): Promise<string | null> => path.map?.get(address)?.name ?? (await namer.soon(address));
  return { asking, turns: await pathTurns(network.engine, path, hops, sweep), nameOf, pace: sweep };
}

async function* overTopology(network: Network, signal: AbortSignal, options: LatencyCommandOptions, file: string): Sketch<Turning> {
  const drawn = yield* fromTopology(network, signal, options, file);
  if ('exit' in drawn) return drawn;
  const { asking, graph, dress, seed, route, names } = drawn;
  const { turns, tooFar } = graphTurns(await groundOf(network.engine, graph, dress));
  for (const { links, why, wouldSettle } of [...graph.unreachable, ...tooFar])
    yield {
      type: 'problem',
      code: 'NOT_MEASURED',
      message: `Not measured: ${linksText(links, names)}: ${why} (what would settle it: ${wouldSettle})`,
    };
  const load = loadOf(turns.map(({ question }) => question.itinerary));
  const visited = graph.legs.map(({ destination }) => destination);
  const rate = yield* permittedRate(network, route, load, options, publicHop(visited, options) !== null);
  return { asking, turns, nameOf: async (address) => names.get(address) ?? null, pace: { rate, timeoutNs: options.timeout * 1e9, seed } };
}

const linksText = (links: Unreachable['links'], names: ReadonlyMap<Address, string>): string =>
  links.map((ends) => ends.flatMap((end) => (end === null ? [] : [names.get(end) ?? end])).join('–')).join(', ');

type LatencySaid = Extract<Said, { type: 'latency' }>;

function* ended(events: readonly LatencySaid[], isCompared: boolean): Generator<Said, { reached: null; exit: number }> {
  const known = events.filter(({ medianMs }) => medianMs !== null);
  if (known.length === 0) {
    yield {
      type: 'problem',
      code: 'FEW_ROUND_TRIPS',
      message: 'Too few probes came home to tell what any link adds: give a larger --budget',
    };
    return { reached: null, exit: CANNOT_TELL };
  }
  if (!isCompared) return { reached: null, exit: 0 };
  const compared = events.filter(({ moved }) => moved !== null);
  if (compared.length === 0) {
    yield { type: 'problem', code: 'NOTHING_COMPARED', message: 'No link was measured in both runs: whether queueing grew cannot be told' };
    return { reached: null, exit: CANNOT_TELL };
  }
  return { reached: null, exit: compared.some(({ moved }) => moved === 'queueing') ? 1 : 0 };
}

function told(
  { from, to, probes, adds }: LinkLatency,
  baseline: Baseline | null,
  confidence: number,
  fromName: string | null,
  toName: string | null,
): LatencySaid {
  const before = baseline?.get(`${from} ${to}`) ?? null;
  const change = before === null || adds === null ? null : movedFrom(before, adds, RESOLUTION_MS);
  return {
    type: 'latency',
    from,
    to,
    fromName,
    toName,
    probes,
    leastMs: adds && ms(adds.least),
    medianMs: adds && ms(adds.median),
    grewMs: change && ms(change.median),
    moved: change?.moved ?? null,
    confidence,
  };
}

/** To a nanosecond. */
const ms = ({ value, low, high }: Between): BetweenMs => ({ value: rounded(value), low: rounded(low), high: rounded(high) });
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/** By the two ends of the link. */
type Baseline = ReadonlyMap<string, Increment>;

/** Throws BeaconError ERR_FILE where it is not what `locate --latency --json` printed. */
async function readBaseline(file: string): Promise<Baseline> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(file)) chunks.push(Buffer.from(chunk));
  const found = new Map<string, Increment>();
  for (const [index, line] of Buffer.concat(chunks).toString('utf8').split('\n').entries()) {
    if (line.trim() === '') continue;
    const event = parsed(line, `${file}, line ${index + 1}`);
    if (event.type !== 'latency') continue;
    const { leastMs, medianMs } = event;
    if (leastMs === null || medianMs === null) continue;
    if (!isBetween(leastMs) || !isBetween(medianMs))
      throw new BeaconError('ERR_FILE', `${file}, line ${index + 1}: a latency without its intervals`);
    found.set(`${event.from} ${event.to}`, { least: leastMs, median: medianMs });
  }
  if (found.size > 0) return found;
  throw new BeaconError('ERR_FILE', `${file} has no latency of any link: give what locate --latency --json printed`);
}

function parsed(line: string, where: string): Partial<LatencyEvent> {
  try {
    const event: unknown = JSON.parse(line);
    if (typeof event === 'object' && event !== null) return event as Partial<LatencyEvent>;
  } catch {}
  throw new BeaconError('ERR_FILE', `${where}: this is no event; give what locate --latency --json printed`);
}

const isBetween = (value: unknown): value is BetweenMs =>
  typeof value === 'object' &&
  value !== null &&
  ['value', 'low', 'high'].every((name) => Number.isFinite((value as Record<string, unknown>)[name]));
