/**
 * Whether a direction that loses all is dead, or drops packets by the source that they carry (RFC 3704: strict reverse-path checks, and
 * borders that drop their own prefix from outside). Probes that such a filter lets pass are sent over it: a dead link takes those too.
 */
import type { Diagnosis } from '../infer/explain.ts';
import { type Ground, questionOver } from './asked-walks.ts';
import type { Astray } from './astray.ts';
import type { WalkTally } from './count.ts';
import { type Graph, labelOf } from './graph.ts';
import { itineraryOf } from './itinerary.ts';
import { legsOver, type Model } from './model.ts';
import type { Planner } from './planner.ts';
import { type Checking, firstToPass } from './source-trial.ts';
import { type DeadWalk, witnessesOf } from './source-witnesses.ts';
import type { LegWalk } from './walks.ts';

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
    if (shortest === undefined) continue;
    const astray = await filterOn(ground, { walk: walks[shortest]!, leg }, checking);
    if (astray === null) continue;
    for (const walk of over) planner.leaveOut(walk, astray);
    any = true;
  }
  return any;
}

/** Null: nothing passes over this leg. */
async function filterOn(ground: Ground, dead: DeadWalk, checking: Checking): Promise<Astray | null> {
  const own = questionOver(ground, dead.walk, itineraryOf(ground.graph, dead.walk, ground.dress), dead.walk.legs.indexOf(dead.leg))!;
  const witness = await firstToPass(checking, own, await witnessesOf(ground, dead));
  return witness === 'interrupted' ? unasked(ground.graph, dead.leg) : (witness?.astray ?? null);
}

/** Into a router that seems dead too; the last of a way first, since what passes from there on passed before. */
function deadLegs(graph: Graph, { suspects }: Model, diagnosis: Diagnosis | null): number[] {
  const faults = diagnosis?.explanations.flatMap((explanation) => explanation.faults) ?? [];
  const dead = faults.filter(({ loss }) => loss >= DEAD).flatMap(({ component }) => suspects[component]!);
  const found = dead.flatMap((one) => legsOver(graph, one));
  return [...new Set(found)].slice(0, MOST_LEGS).reverse();
}

function unasked({ nodes, legs }: Graph, leg: number): Astray {
  const [from, to] = [labelOf(nodes[legs[leg]!.from]!), labelOf(nodes[legs[leg]!.to]!)];
  return {
    why: `all is lost over ${from}→${to}, and the run ended before it was asked whether a check of sources at ${to} takes it`,
    wouldSettle: 'a run that is not interrupted',
  };
}
