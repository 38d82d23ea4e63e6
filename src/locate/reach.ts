/**
 * Which routers of a known topology a probe can turn at, and by which ways. Each is asked along a tree of shortest ways first; one that
 * stays silent is asked by its other links too, since a dead link must not hide what lies behind it.
 */
import { type LayerSource, US } from '../boomerang/layer-source.ts';
import type { ProbedPath } from '../boomerang/path.ts';
import { type SurveyedHop, type SurveyOptions, survey } from '../boomerang/survey.ts';
import type { Engine } from '../engine/engine.ts';
import { BeaconError } from '../error.ts';
import type { Asking } from '../probe/ask.ts';
import type { HopMap } from '../topology/hop-map.ts';
import { type Attachment, addressesOf, endsOf, vantageOf } from '../topology/lookup.ts';
import { shortestPaths } from '../topology/routes.ts';
import type { Topology } from '../topology/topology.ts';
import type { Address, FamilyNumber } from '../wire/address.ts';

/** Links one after the other, the first of them one of ours. */
export type Way = readonly Attachment[];

export interface Reached {
  /**
   * `visited`: a probe that turned there came home. `unheard`: none did, by whatever link, and nothing says why. `too far`: the first
   * link takes no probe that wears so many headers.
   */
  readonly state: 'visited' | 'unheard' | 'does not decapsulate' | 'detour' | 'filtered' | 'too far';
  /** By which it was asked; for a visited one, by which the probe came home. */
  readonly way: Way;
  readonly source: LayerSource;
  readonly uniform: boolean;
  /** It strips what is addressed to its loopback alone. */
  readonly atLoopback: boolean;
  /** By name, the router before it on this way, which turns what is addressed to it. */
  readonly answeredBy?: string;
}

/** Every router that any way leads to, by name. */
export type Reach = ReadonlyMap<string, Reached>;

export interface ReachOptions extends SurveyOptions {
  readonly family: FamilyNumber;
}

export async function reach(engine: Engine, asking: Asking, topology: Topology, options: ReachOptions): Promise<Reach> {
  const reached = new Map<string, Reached>();
  const tried = new Set<string>();
  const hints: Way[] = [];
  let atLoopback: ReadonlySet<string> = new Set();
  const surveyed = async (way: Way, loopbacks: ReadonlySet<string>): Promise<SurveyedHop[]> => {
    const hops: SurveyedHop[] = [];
    try {
      for await (const hop of survey(engine, asking, pathOver(topology, way, options.family, loopbacks), options)) hops.push(hop);
    } catch (error) {
      if (!(error instanceof BeaconError && error.code === 'ERR_MTU')) throw error;
      tooFar(reached, tried, way, hops.length);
    }
    return hops;
  };
  const ask = async (way: Way): Promise<void> => {
    const hops = await surveyed(way, atLoopback);
    const isOpen = (name: string): boolean => !['visited', 'does not decapsulate'].includes(reached.get(name)?.state ?? 'unheard');
    const refusing = refusers(way, hops).filter((name) => !atLoopback.has(name) && isOpen(name));
    const again = refusing.length === 0 ? hops : await surveyed(way, new Set([...atLoopback, ...refusing]));
    const stripping = refusing.filter((name) => again.find(({ position }) => way[position - 1]!.far.node === name)?.homeTtl != null);
    atLoopback = new Set([...atLoopback, ...stripping]);
    const isAgain = stripping.length > 0 && stripping.length < refusing.length; // a loopback may be reached by a longer way, which bars the rest
    const known = isAgain ? await surveyed(way, atLoopback) : stripping.length > 0 ? again : hops;
    const told = known.map((hop) => (hop.state === 'does not decapsulate' ? asAtLoopback(hop, again) : hop));
    hints.push(...note(reached, tried, way, told, atLoopback));
  };
  for (const way of leaves(shortestWays(topology))) await ask(way);
  for (;;) {
    if (untried(topology, reached, tried) === null) {
      for (const way of hints.splice(0)) forwardsOnly(topology, reached, way, options.family);
      takeAsDrawn(topology, reached);
    }
    const next = untried(topology, reached, tried);
    if (next === null) return reached;
    tried.add(keyOf(next.at(-1)!));
    await ask(next);
  }
}

const keyOf = ({ link, end }: Attachment): string => `${link.id} from ${end.node}`;

/** Who refuses at its link's address, and is not heard of at its loopback by this way, may strip there what comes by another. */
function asAtLoopback(hop: SurveyedHop, again: readonly SurveyedHop[]): SurveyedHop {
  const there = again.find(({ position }) => position === hop.position);
  return there === undefined || there.state === 'does not decapsulate' ? hop : { ...hop, state: there.state };
}

/** Those that may strip at their loopback alone: all that refuse, and the first that is not heard of, whose refusal may be lost. */
function refusers(way: Way, hops: readonly SurveyedHop[]): string[] {
  const unheard = hops.find(({ state, homeTtl }) => state === 'visited' && homeTtl === null);
  const refusing = hops.filter((hop) => (hop.state === 'does not decapsulate' && hop.answeredBy === undefined) || hop === unheard);
  return refusing.map(({ position }) => way[position - 1]!.far.node);
}

/** Each router by the addresses of the links taken, some by their loopback's. */
function pathOver(topology: Topology, way: Way, family: FamilyNumber, atLoopback: ReadonlySet<string>): ProbedPath {
  const hops = way.map(({ far }) => far.addresses[family]);
  const known = addressMap(topology);
  const map = new Map(known);
  for (const { name, loopback } of topology.nodes) {
    if (!atLoopback.has(name)) continue;
    for (const address of addressesOf(topology, name, family))
      map.set(address, { ...known.get(address)!, decapsulates: [loopback[family]] });
  }
  return { us: way[0]!.end.addresses[family], hops, distance: 1, loose: false, map };
}

const known = new WeakMap<Topology, HopMap>();

/** Which addresses are one router's; where each decapsulates is left to be seen. */
function addressMap(topology: Topology): HopMap {
  const made = known.get(topology) ?? makeMap(topology);
  known.set(topology, made);
  return made;
}

function makeMap(topology: Topology): HopMap {
  const map = new Map<Address, ReturnType<HopMap['get']> & object>();
  for (const { name, vantage } of topology.nodes) {
    const hop = ([4, 6] as const).flatMap((family) => addressesOf(topology, name, family));
    if (!vantage) for (const address of hop) map.set(address, { hop, decapsulates: null, name, role: null });
  }
  return map;
}

/** To every node, by the fewest links, never through us. */
function shortestWays(topology: Topology): Map<string, Way> {
  const us = vantageOf(topology).name;
  const ways = new Map<string, Way>([[us, []]]);
  for (const [node, way] of ways) {
    for (const step of endsOf(topology, node)) if (!ways.has(step.far.node)) ways.set(step.far.node, [...way, step]);
  }
  ways.delete(us);
  return ways;
}

/** Those that are no beginning of another. */
function leaves(ways: ReadonlyMap<string, Way>): Way[] {
  const passed = new Set([...ways.values()].flatMap((way) => way.slice(0, -1).map(({ far }) => far.node)));
  return [...ways].filter(([node]) => !passed.has(node)).map(([, way]) => way);
}

/** What is known is only ever known better: what came home once did come home. */
const BETTER = ['too far', 'unheard', 'detour', 'filtered', 'does not decapsulate', 'visited'] as const;

function note(
  reached: Map<string, Reached>,
  tried: Set<string>,
  way: Way,
  hops: readonly SurveyedHop[],
  atLoopback: ReadonlySet<string>,
): Way[] {
  const isKnown = (position: number): boolean => reached.get(way[position - 1]!.far.node)?.state === 'does not decapsulate';
  const refusing = hops.filter(({ state, position }) => state === 'does not decapsulate' || isKnown(position));
  const refuses = new Set(refusing.map(({ position }) => position));
  const landed = hops.filter(({ homeTtl }) => homeTtl !== null);
  const home = landed.filter((hop) => gapOf(hop, refuses) === null);
  const past = new Set(home.flatMap(({ waypoints }) => waypoints.map(({ position }) => position)));
  let isFair = true; // nothing before the hop kept its probes from it
  for (const { position, state, source, waypoints, answeredBy } of hops) {
    const step = way[position - 1]!;
    const uniform = hops.some((hop) => hop.waypoints.some((one) => one.position === position && one.uniform === true));
    const seen = past.has(position) ? 'visited' : stateOf(state);
    const sourceHome = home.findLast((hop) => hop.waypoints === waypoints)?.source;
    const by = way.find(({ far }) => answeredBy !== undefined && Object.values(far.addresses).includes(answeredBy))?.far.node;
    const other = by === undefined || seen === 'visited' ? {} : { answeredBy: by };
    const found = { state: seen, way: way.slice(0, position), source: sourceHome ?? source, uniform };
    const now: Reached = { ...found, atLoopback: atLoopback.has(step.far.node), ...other };
    const before = reached.get(step.far.node);
    const better = before === undefined ? 1 : BETTER.indexOf(now.state) - BETTER.indexOf(before.state);
    if (better > 0 || (better === 0 && seen === 'unheard' && isFair)) reached.set(step.far.node, now);
    if (isFair) tried.add(keyOf(step));
    isFair &&= isPassable(seen) || refuses.has(position);
  }
  return landed.filter((hop) => !home.includes(hop)).map(({ position }) => way.slice(0, position));
}

function tooFar(reached: Map<string, Reached>, tried: Set<string>, way: Way, from: number): void {
  for (const [at, step] of way.entries()) {
    if (at < from) continue;
    const known: Reached = { state: 'too far', way: way.slice(0, at + 1), source: US, uniform: false, atLoopback: false };
    if (!reached.has(step.far.node)) reached.set(step.far.node, known);
    tried.add(keyOf(step));
  }
}

/** The first position that its probe went past though nobody there refused it: by whatever way. */
function gapOf({ position, waypoints }: SurveyedHop, refuses: ReadonlySet<number>): number | null {
  const visited = new Set(waypoints.map((one) => one.position));
  for (let at = 1; at < position; at += 1) if (!visited.has(at) && !refuses.has(at)) return at;
  return null;
}

/**
 * A probe came home from the end of this way past a router that never does. Where every way of equal cost to that end leads over the
 * silent one, it forwards, and does not decapsulate, nor say so.
 */
function forwardsOnly(topology: Topology, reached: Map<string, Reached>, way: Way, family: FamilyNumber): void {
  const at = way.findIndex(({ far }) => reached.get(far.node)?.state === 'unheard');
  const [before, silent, end] = [way[at]?.end.node, way[at]?.far.node, way[at + 1]];
  if (before === undefined || silent === undefined || end === undefined) return;
  const ways = shortestPaths(topology, before, end.far.addresses[family], family);
  if (ways.length === 0 || !ways.every((nodes) => nodes[1] === silent)) return;
  const known = reached.get(silent)!;
  reached.set(silent, { ...known, state: 'does not decapsulate' });
}

/** Of a router that says nothing it is believed that it does not decapsulate, where the file says so. */
function takeAsDrawn({ nodes }: Topology, reached: Map<string, Reached>): void {
  for (const { name, decapsulates } of nodes) {
    const known = reached.get(name);
    if (known?.state === 'unheard' && !decapsulates) reached.set(name, { ...known, state: 'does not decapsulate' });
  }
}

const isPassable = (state: Reached['state']): boolean => state === 'visited' || state === 'does not decapsulate';

const stateOf = (state: SurveyedHop['state']): Reached['state'] => (state === 'visited' || state === 'silent' ? 'unheard' : state);

/** A link into a router that is not visited yet, behind one that is, or that only forwards. Who answers for one does so on its own links. */
function untried(topology: Topology, reached: Reach, tried: ReadonlySet<string>): Way | null {
  for (const [node, { state, answeredBy }] of reached) {
    if (isPassable(state) && answeredBy === undefined) continue;
    for (const { link, end, far } of endsOf(topology, node)) {
      const step: Attachment = { link, end: far, far: end };
      const before = reached.get(far.node);
      const way = far.node === vantageOf(topology).name ? [] : before !== undefined && isPassable(before.state) ? before.way : null;
      const isBack = way?.some((one) => one.far.node === node); // past it already
      if (way !== null && !isBack && !tried.has(keyOf(step))) return [...way, step];
    }
  }
  return null;
}
