/**
 * Whether a direction that loses all is dead, or drops packets by the source that they carry (RFC 3704: strict reverse-path checks, and
 * borders that drop their own prefix from outside). The same walk is asked with other routers' addresses as source from that direction
 * on: a dead link takes those too.
 */
import { shuffle } from '../boomerang/order.ts';
import type { Random } from '../engine/simulated/random.ts';
import type { Diagnosis } from '../infer/explain.ts';
import { fisherMore } from '../infer/fisher.ts';
import type { Asking } from '../probe/ask.ts';
import type { Itinerary } from '../probe/itinerary.ts';
import { isOutcome } from '../probe/observation.ts';
import type { Question } from '../probe/question.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { type Ground, questionOver } from './asked-walks.ts';
import type { Astray } from './astray.ts';
import type { WalkTally } from './count.ts';
import { type Graph, labelOf, VANTAGE } from './graph.ts';
import { itineraryOf } from './itinerary.ts';
import { legsOver, type Model } from './model.ts';
import type { Planner } from './planner.ts';
import type { LegWalk } from './walks.ts';

/** A walk of which no probe came home, and the leg that is to blame for it by the counts. */
export interface DeadWalk {
  readonly walk: LegWalk;
  readonly leg: number;
}

/** How the probes are sent. */
export interface Checking {
  readonly asking: Asking;
  readonly gapNs: number;
  readonly timeoutNs: number;
  readonly chance: Random;
}

/** More sources hardly pass where these do not. */
const MOST_SOURCES = 8;
const TRIES = 3;
/** Once one has passed, it and the walk's own source are asked so often again, in turns. */
const AGAIN = 20;
/** That chance alone would have it so. */
const CHANCE = 1e-3;

/** From such a loss on a direction is taken for dead. */
const DEAD = 0.9;
const MOST_LEGS = 8;

/** Leaves out the walks over each direction that is dead for our source alone; false where there is none. */
export async function sourceFilters(
  ground: Ground,
  walks: readonly LegWalk[],
  tallies: readonly WalkTally[],
  planner: Planner,
  diagnosis: Diagnosis | null,
  checking: Checking,
): Promise<boolean> {
  const { graph } = ground;
  let any = false;
  for (const leg of deadLegs(graph, planner.model(), diagnosis)) {
    const over = planner.active().filter((walk) => walks[walk]!.legs.includes(leg) && tallies[walk]!.received === 0);
    const shortest = over.toSorted((one, other) => walks[one]!.legs.length - walks[other]!.legs.length)[0];
    const source = shortest === undefined ? null : await sourceThatPasses(ground, { walk: walks[shortest]!, leg }, checking);
    if (source === null) continue;
    for (const walk of over) planner.leaveOut(walk, source === 'interrupted' ? unasked(graph, leg) : filtered(graph, leg, source));
    any = true;
  }
  return any;
}

/** Into a router that seems dead too; the last of a way first, since what passes from there on passed before. */
function deadLegs(graph: Graph, { suspects }: Model, diagnosis: Diagnosis | null): number[] {
  const faults = diagnosis?.explanations.flatMap((explanation) => explanation.faults) ?? [];
  const dead = faults.filter(({ loss }) => loss >= DEAD).flatMap(({ component }) => suspects[component]!);
  const found = dead.flatMap((one) => legsOver(graph, one));
  return [...new Set(found)].slice(0, MOST_LEGS).reverse();
}

function filtered({ nodes, legs }: Graph, leg: number, source: Address): Astray {
  const { from, to } = legs[leg]!;
  const [one, other] = [labelOf(nodes[from]!), labelOf(nodes[to]!)];
  const behind = nodes.find(({ address }) => address === source) ?? nodes[from]!;
  return {
    why: `filter: source check at ${other}: what comes from ${one} passes with ${labelOf(behind)} as source, and never with our address`,
    wouldSettle: `a check of sources at ${other} that takes ours from any side (RFC 3704: loose), or a vantage behind ${one}`,
  };
}

function unasked({ nodes, legs }: Graph, leg: number): Astray {
  const [from, to] = [labelOf(nodes[legs[leg]!.from]!), labelOf(nodes[legs[leg]!.to]!)];
  return {
    why: `all is lost over ${from}→${to}, and the run ended before it was asked whether a check of sources at ${to} takes it`,
    wouldSettle: 'a run that is not interrupted',
  };
}

/** The source with which the walk comes home where its own never does; null: it dies with all of them. */
export async function sourceThatPasses(
  ground: Ground,
  { walk, leg }: DeadWalk,
  checking: Checking,
): Promise<Address | 'interrupted' | null> {
  const own = itineraryOf(ground.graph, walk, ground.dress);
  const from = walk.legs.indexOf(leg);
  const variants = sourcesBehind(ground.graph, leg).flatMap((source) => {
    const asked = questionOver(ground, walk, withSource(own, from, source), from);
    return asked === null ? [] : [{ source, asked }];
  });
  const tried = await homeOf(
    checking,
    variants.flatMap(({ asked }) => Array<Question>(TRIES).fill(asked)),
  );
  if (tried === null) return 'interrupted';
  const asked = questionOver(ground, walk, own, from)!;
  for (const variant of variants.filter((one) => tried.has(one.asked))) {
    const home = await homeOf(checking, shuffled([variant.asked, asked], checking.chance));
    if (home === null) return 'interrupted';
    const [successes, ours] = [home.get(variant.asked) ?? 0, home.get(asked) ?? 0];
    const byChance = fisherMore({ successes: ours, trials: AGAIN }, { successes, trials: AGAIN });
    if (ours === 0 && byChance < CHANCE) return variant.source;
  }
  return null;
}

/**
 * Addresses to which the leg's far end sends by that leg, should its routes be like most: the routers behind the near end, the nearest
 * first, and the near end's address on the link last, since a stock router drops what carries its own.
 */
function sourcesBehind({ nodes, legs }: Graph, leg: number): Address[] {
  const { from, to, ends } = legs[leg]!;
  const seen = new Set([from]);
  for (const node of seen) for (const next of legs) if (next.from === node && next.to !== to && next.to !== VANTAGE) seen.add(next.to);
  const behind = [...seen].slice(1);
  const others = nodes.map((_, node) => node).filter((node) => node !== VANTAGE && node !== to && !seen.has(node));
  return [...[...behind, ...others].slice(0, MOST_SOURCES - 1).map((node) => nodes[node]!.address), ends[0]];
}

/** Of all headers from this leg's on, those of the source's family. */
const withSource = ({ layers, ...rest }: Itinerary, from: number, source: Address): Itinerary => ({
  ...rest,
  layers: layers.map((layer, at) => (at < from || familyOf(layer.destination) !== familyOf(source) ? layer : { ...layer, source })),
});

function shuffled(questions: readonly Question[], chance: Random): Question[] {
  const all = questions.flatMap((question) => Array<Question>(AGAIN).fill(question));
  shuffle(all, chance);
  return all;
}

/** How many probes of each question came home, those of which none did left out; null where the run ended before all were asked. */
async function homeOf({ asking, gapNs, timeoutNs }: Checking, questions: readonly Question[]): Promise<Map<Question, number> | null> {
  const home = new Map<Question, number>();
  let decided = 0;
  const options = { everyNs: () => gapNs, timeoutNs: () => timeoutNs, settle: 'deadline' } as const;
  for await (const seen of asking.ask(questions, options)) {
    const { question } = seen.probe;
    decided += isOutcome(seen) && seen.kind !== 'unknown' ? 1 : 0;
    if (isOutcome(seen) && seen.kind === 'landed') home.set(question, (home.get(question) ?? 0) + 1);
  }
  return decided < questions.length ? null : home;
}
