/** The graph of one path, as a survey found it: each leg by the addresses with which its probes came home. A path has no cycle. */
import { US } from '../boomerang/layer-source.ts';
import type { ProbedPath } from '../boomerang/path.ts';
import type { SurveyedHop } from '../boomerang/survey.ts';
import { FAR } from '../probe/itinerary.ts';
import type { Address } from '../wire/address.ts';
import { type Graph, type GraphLeg, type GraphNode, type Unreachable, VANTAGE } from './graph.ts';

/** `names`: of addresses, where they are known. */
export function pathGraph(path: ProbedPath, hops: readonly SurveyedHop[], names: ReadonlyMap<Address, string>): Graph {
  const heard = measurable(hops);
  const index = new Map(heard.map(({ position }, at) => [position, at + 1]));
  const nodes: GraphNode[] = [{ address: path.us, name: names.get(path.us) ?? null, uniform: false, source: US }];
  const legs: GraphLeg[] = [];
  const tree = new Map<number, number>();
  for (const hop of heard) {
    const { address, out, uniform = false } = { ...hop.waypoints.at(-1)!, address: hop.address! };
    nodes.push({ address, name: names.get(address) ?? null, uniform, source: hop.source });
    const before = hop.waypoints.at(-2) ?? null;
    const from = before === null ? VANTAGE : index.get(before.position)!;
    const to = index.get(hop.position)!;
    const near = before?.home ?? path.us;
    const is = isLink(hop, before === null) ? 'link' : 'routers';
    tree.set(to, legs.length);
    legs.push({ from, to, is, ends: [near, out], destination: out, hops: hopsTo(path, hop, true), opposite: legs.length + 1 });
    legs.push({ from: to, to: from, is, ends: [out, near], destination: near, hops: hopsTo(path, hop, false), opposite: legs.length - 1 });
  }
  return { nodes, legs, tree, unreachable: [...beyond(hops, heard, names), ...hops.flatMap((hop) => answeredFor(hop, names))] };
}

/** Behind the first that nothing came home from, nothing can be told. */
function measurable(hops: readonly SurveyedHop[]): SurveyedHop[] {
  const visited = hops.filter(({ waypoints }) => waypoints.length > 0);
  const last = visited.findLastIndex(({ homeTtl }) => homeTtl !== null);
  const known = new Set(visited.slice(0, last + 1).flatMap(({ waypoints }) => waypoints.map(({ position }) => position)));
  return visited.slice(0, last + 2).filter((hop, at) => at === last + 1 || hop.homeTtl !== null || passes(visited, hop, known));
}

/** Deeper probes that came home have turned over it. */
const passes = (visited: readonly SurveyedHop[], { position }: SurveyedHop, known: ReadonlySet<number>): boolean =>
  known.has(position) &&
  visited.some(
    (deeper) => deeper.homeTtl !== null && deeper.position > position && deeper.waypoints.some((one) => one.position === position),
  );

function isLink({ leg, homeTtl }: SurveyedHop, isFirst: boolean): boolean {
  if (leg === null) return false;
  return isFirst ? leg.is === 'link' && (homeTtl === null || homeTtl === FAR - 1) : leg.is !== 'routers';
}

/** null: of any length, as the way to a path that starts elsewhere. */
function hopsTo(path: ProbedPath, { position, waypoints }: SurveyedHop, isOut: boolean): number | null {
  const before = waypoints.at(-2);
  if (path.loose) return null;
  if (before !== undefined) return position - before.position;
  return path.distance === null || !isOut ? null : path.distance + position - 1;
}

/** Of hops by name, or of one that has no address. */
const WHY: Readonly<Record<SurveyedHop['state'], (names: readonly string[]) => string>> = {
  visited: () => 'behind a hop that nothing comes home from',
  silent: () => 'the next hop tells no address, so no probe can visit it',
  'does not decapsulate': (names) =>
    `${names.join(' and ')} ${names.length === 1 ? 'does' : 'do'} not decapsulate, so no probe turns there`,
  detour: () => 'its probes take another way than the path',
  filtered: () => 'it answers, and nothing that turns there comes home: something on the way drops it by its source',
};

/** By name: the router before `its` turns what is addressed to it. */
export const answering = (by: string, its: string): Pick<Unreachable, 'why' | 'wouldSettle'> => ({
  why: `${by} answers for ${its}: probes that can get no further than ${by} come home from ${its}'s address too, so that none has been there`,
  wouldSettle: `an address that is ${its}'s alone (-p or --map), or a vantage behind it`,
});

const SETTLES: Readonly<Record<SurveyedHop['state'], string>> = {
  visited: 'what ails that hop mended, or a vantage behind it',
  silent: 'the path given with -p, or --topology',
  'does not decapsulate': 'decapsulation there (--map, where it has an address for that), or a vantage behind it',
  detour: 'the way home given with --map',
  filtered: 'a --layer-source that passes, or a vantage behind it',
};

function answeredFor({ address, answeredBy }: SurveyedHop, names: ReadonlyMap<Address, string>): Unreachable[] {
  if (address === null || answeredBy === undefined) return [];
  const [by, its] = [answeredBy, address].map((one) => names.get(one) ?? one) as [string, string];
  return [{ links: [[answeredBy, address]], ...answering(by, its) }];
}

/** Hops behind the last that is measured. */
function beyond(hops: readonly SurveyedHop[], heard: readonly SurveyedHop[], names: ReadonlyMap<Address, string>): Unreachable[] {
  const last = heard.at(-1);
  const rest = hops.filter(({ position, answeredBy }) => position > (last?.position ?? 0) && answeredBy === undefined);
  const groups = new Map<SurveyedHop['state'], { readonly links: [Address, Address | null][]; readonly hops: string[] }>();
  let before = last?.address ?? null;
  for (const { address, state } of rest) {
    const link: [Address, Address | null] | null = before !== null ? [before, address] : address === null ? null : [address, null];
    const group = groups.get(state) ?? { links: [], hops: [] };
    if (link !== null) group.links.push(link);
    if (address !== null) group.hops.push(names.get(address) ?? address);
    if (link !== null) groups.set(state, group);
    before = address ?? before;
  }
  return [...groups].map(([state, group]) => ({ links: group.links, why: WHY[state](group.hops), wouldSettle: SETTLES[state] }));
}
