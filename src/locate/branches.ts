/** Ways of equal cost as legs of one graph: each is pinned by the addresses of its routers, so that it is told by itself. */
import type { PathFlow } from '../trace/mda-flow.ts';
import type { PathEdge, PathGraph } from '../trace/path-graph.ts';
import type { Address } from '../wire/address.ts';
import { type Graph, type GraphLeg, VANTAGE } from './graph.ts';

export type Hops = readonly (Address | null)[];

/** One edge by the address that it is steered to: parallel links are as many, and null is silent. */
interface Step {
  readonly edge: PathEdge;
  readonly address: Address | null;
}

/** A router that has one link there may answer from several addresses all the same: any will do, the known way's first. */
function stepsOf({ edges, splits }: Pick<PathGraph, 'edges' | 'splits'>, known: Hops): Step[] {
  const sure = edges.filter((edge) => edge.sure);
  return sure.flatMap((edge): Step[] => {
    const choices = splits.flatMap(({ from, next }) => (from === edge.from ? next.filter(({ to }) => to === edge.to) : []));
    const parallel = choices.length > 1 ? choices.map(({ address }) => address) : null;
    const one = edge.addresses.find((address) => known.includes(address)) ?? edge.addresses[0] ?? null;
    return (parallel ?? [one]).map((address) => ({ edge, address }));
  });
}

/** More are not looked at. */
const MOST = 32;

/**
 * Ways that together take every step that was found, but for those of the known way. All have its first hop, where it does not start at
 * us (`fromUs` false). A null: nobody answers there.
 */
export function branchesOf(found: Pick<PathGraph, 'nodes' | 'edges' | 'splits'>, known: Hops, fromUs: boolean): Hops[] {
  const root = found.nodes[0];
  const end = found.nodes.find(({ is }) => is === 'end');
  if (root === undefined || end === undefined) return [];
  const start = fromUs ? [] : known.slice(0, 1);
  const steps = stepsOf(found, known);
  const addressesOf = (id: number): readonly Address[] => found.nodes.find((node) => node.id === id)!.addresses;
  const isAt = (id: number, place: number): boolean =>
    place < start.length ? id === root.id : known[place] === null || addressesOf(id).includes(known[place]!);
  const isKnown = ({ edge, address }: Step): boolean =>
    known.some((hop, at) => at >= start.length && hop === address && isAt(edge.from, at - 1));
  const isSilent = (id: number): boolean => addressesOf(id).length === 0;
  const taken = new Set(steps.filter(isKnown));
  const ways: Hops[] = [];
  for (const step of steps) {
    if (taken.has(step) || ways.length >= MOST) continue;
    const before = wayBetween(steps, root.id, step.edge.from);
    const after = wayBetween(steps, step.edge.to, end.id);
    if (before === null || (after === null && isSilent(step.edge.from))) continue;
    const whole = [...before, step, ...(after ?? [])]; // a dead one ends with the last that answers
    const way = whole.slice(0, whole.findLastIndex(({ address }) => address !== null) + 1);
    const isNew = way.some((one) => !taken.has(one));
    for (const one of whole) taken.add(one);
    if (!isNew) continue;
    ways.push([...start, ...way.map(({ address }) => address)]);
  }
  return ways;
}

/** The fewest steps; null where none lead there. */
function wayBetween(steps: readonly Step[], from: number, to: number, without: Step | null = null): Step[] | null {
  const ways = new Map<number, Step[]>([[from, []]]);
  for (const [node, way] of ways)
    for (const step of steps)
      if (step.edge.from === node && step !== without && !ways.has(step.edge.to)) ways.set(step.edge.to, [...way, step]);
  return ways.get(to) ?? null;
}

/** The same router has one node, by whatever address it was met; a leg that several have is one. */
export function mergedGraph(graphs: readonly Graph[], found: PathGraph, own: Hops): Graph {
  const keyOf = (address: Address): string | number => found.nodes.find(({ addresses }) => addresses.includes(address))?.id ?? address;
  const nodes = [graphs[0]!.nodes[VANTAGE]!];
  const index = new Map<string | number, number>();
  const legs: GraphLeg[] = [];
  const tree = new Map<number, number>();
  for (const graph of graphs) {
    const at = graph.nodes.map((node, place) => {
      if (place === VANTAGE) return VANTAGE;
      const key = keyOf(node.address);
      if (!index.has(key)) index.set(key, nodes.push(node) - 1);
      return index.get(key)!;
    });
    for (const [place, leg] of graph.legs.entries()) {
      if (leg.opposite === null || leg.opposite < place) continue;
      const [there, back] = [leg, graph.legs[leg.opposite]!].map((one) => ({ ...one, from: at[one.from]!, to: at[one.to]! }));
      const known = legs.findIndex((one) => one.from === there!.from && one.to === there!.to && one.destination === there!.destination);
      if (known >= 0 || there!.from === there!.to) continue;
      if (!tree.has(there!.to)) tree.set(there!.to, legs.length);
      legs.push(
        { ...there!, ...flowOver(found, stepsOf(found, own), graph.nodes[leg.from]!.address, there!), opposite: legs.length + 1 },
        { ...back!, opposite: legs.length },
      );
    }
  }
  const unreachable = graphs.flatMap((graph) => graph.unreachable);
  return { nodes, legs, tree, unreachable: [...new Map(unreachable.map((part) => [JSON.stringify(part), part])).values()] };
}

/** A flow that takes the leg from a router, where there are others that do not. A router may answer from one address on several ways. */
function flowOver(found: PathGraph, steps: readonly Step[], from: Address, { destination }: GraphLeg): { readonly flow?: PathFlow } {
  const id = found.nodes.find(({ addresses }) => addresses.includes(from))?.id;
  const step = steps.find(({ edge, address }) => edge.from === id && address === destination);
  const end = found.nodes.find(({ is }) => is === 'end');
  if (step === undefined || end === undefined || wayBetween(steps, found.nodes[0]!.id, end.id, step) === null) return {};
  const choices = found.splits.flatMap((split) => (split.from === id ? split.next : []));
  const choice = choices.find(({ address, to }) => address === destination && to === step.edge.to);
  return { flow: choice?.flow ?? step.edge.flow };
}
