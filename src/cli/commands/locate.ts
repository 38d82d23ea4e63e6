/** `braceroute locate`: which link or router loses packets, in which direction, and what cannot be told from here. */

import { random } from '../../engine/simulated/random.ts';
import { CANNOT_TELL } from '../../error.ts';
import { rankOf } from '../../infer/rank.ts';
import { linkLosses } from '../../locate/links.ts';
import { type Located, locate, type Plan, planned } from '../../locate/locate.ts';
import type { UnknownPart } from '../../locate/verdict.ts';
import { loadOf } from '../../probe/load.ts';
import type { Address } from '../../wire/address.ts';
import { permittedRate } from '../ceiling.ts';
import { linkEvents, planEvent } from '../link-events.ts';
import { publicHop } from '../permission.ts';
import type { Budget } from '../read-options.ts';
import type { Body, Said, Verdict } from '../session.ts';
import { type Drawn, fromPath, fromTopology } from './locate-graph.ts';
import type { ReadyOptions } from './ready.ts';

export interface LocateCommandOptions extends Omit<ReadyOptions, 'count' | 'maxLoss'> {
  readonly topology?: string;
  /** What it held, in a replay. */
  readonly topologyText?: string;
  readonly numeric?: boolean;
  readonly threshold: number;
  readonly confidence: number;
  readonly budget: Budget;
}

const EXIT: Readonly<Record<Located['verdict']['kind'], number>> = { clear: 0, suspect: 1, unknown: CANNOT_TELL };

export const locateCommand = (options: LocateCommandOptions): Body =>
  async function* (network, signal) {
    const { engine } = network;
    const drawn = yield* options.topology === undefined
      ? fromPath(network, signal, options)
      : fromTopology(network, signal, options, options.topology);
    if ('exit' in drawn) return { reached: null, exit: drawn.exit };
    const plan = await planned(engine, drawn.graph, drawn.dress, drawn.drawing);
    const rate = yield* rateOver(drawn, plan);
    yield planEvent(plan, rankOf(plan.model.walks, plan.model.suspects.length), options.confidence);
    yield* linkEvents(drawn.graph, linkLosses(drawn.graph, plan.model, null));
    const { threshold, confidence, timeout, budget } = options;
    const untilNs = budget.seconds === null ? null : engine.nowNs() + BigInt(Math.round(budget.seconds * 1e9));
    const asked = { threshold, confidence, most: budget.probes, untilNs, rate, timeoutNs: timeout * 1e9, chance: random(drawn.seed) };
    let last: Located | null = null;
    for await (last of locate(engine, drawn.asking, plan, asked));
    return yield* told(drawn, last!);

    function* rateOver({ graph, route }: Drawn, { questions }: Plan): Generator<Said, number> {
      const isPublic =
        publicHop(
          graph.legs.map(({ destination }) => destination),
          options,
        ) !== null;
      return yield* permittedRate(network, route, loadOf(questions.map(({ itinerary }) => itinerary)), options, isPublic);
    }
  };

async function* told({ graph, unknown, names }: Drawn, { links, verdict }: Located): AsyncGenerator<Said, Verdict> {
  yield* linkEvents(graph, links);
  const blamed = new Set(verdict.suspects.flatMap((one) => ('flow' in one && one.flow !== undefined ? [one.flow] : [])));
  const all = [...verdict.unknown, ...unknown.filter(({ flow }) => flow === undefined || !blamed.has(flow))]; // what it dies on is told
  const kind = verdict.kind === 'clear' && all.length > 0 ? 'unknown' : verdict.kind;
  yield { type: 'verdict', kind, suspects: verdict.suspects, unknown: all.map((part) => withNames(part, names)) };
  return { reached: null, exit: EXIT[kind] };
}

const withNames = ({ links, ...rest }: UnknownPart, names: ReadonlyMap<Address, string>): UnknownPart => ({
  links: links.map(({ from, to }) => {
    const [fromName, toName] = [names.get(from), to === null ? undefined : names.get(to)];
    return { from, to, ...(fromName !== undefined && { fromName }), ...(toName !== undefined && { toName }) };
  }),
  ...rest,
});
