/** The graphs of two runs of paths: ways between routers that came or went, as far as the searches can have missed none. */
import type { Address } from '../wire/address.ts';
import type { LinkRow } from './diff-links.ts';
import { CONFIDENCE } from './diff-moved.ts';
import type { DiffRun } from './diff-run.ts';
import type { EdgeEvent, LinkDifferenceEvent, NodeEvent } from './event.ts';

interface Graph {
  readonly nodes: readonly NodeEvent[];
  readonly edges: readonly EdgeEvent[];
  readonly at: ReadonlyMap<number, NodeEvent>;
}

/** Ways to or from routers that never answer are left out: which router is silent nobody knows. */
export function edgeRows(first: DiffRun, second: DiffRun): LinkRow[] {
  const [a, b] = [graphOf(first), graphOf(second)];
  const [inA, inB] = [sameIn(b, a), sameIn(a, b)];
  const searched = searchedOut(a, b);
  const both = (one: Graph, other: Graph, same: Same): { readonly edge: EdgeEvent; readonly isSame: boolean; readonly isTold: boolean }[] =>
    one.edges.filter(isHeard(one)).map((edge) => {
      const [from, to] = [same.get(edge.from) ?? [], same.get(edge.to) ?? []];
      const isSame = other.edges.some((way) => from.includes(way.from) && to.includes(way.to));
      const isSearched = from.length > 0 ? from.every((id) => searched.nodes.has(other.at.get(id)!)) : searched.isWhole(other);
      return { edge, isSame, isTold: edge.sure && isSearched };
    });
  const rows = both(a, b, inB).map(({ edge, isSame, isTold }) => edgeRow(a, edge, isSame ? 'same' : isTold ? 'removed' : 'silent'));
  const added = both(b, a, inA).filter(({ isSame }) => !isSame);
  return [...rows, ...added.map(({ edge, isTold }) => edgeRow(b, edge, isTold ? 'added' : 'heard'))];
}

function graphOf({ events }: DiffRun): Graph {
  const nodes = events.filter((event) => event.type === 'node');
  const edges = events.filter((event) => event.type === 'edge');
  return { nodes, edges, at: new Map(nodes.map((node) => [node.id, node])) };
}

const isHeard =
  ({ at }: Graph) =>
  ({ from, to }: EdgeEvent): boolean =>
    [from, to].every((id) => (at.get(id)?.addresses.length ?? 0) > 0);

type Same = ReadonlyMap<number, readonly number[]>;

/** By an id of the one graph, the nodes of the other that share an address. */
const sameIn = (one: Graph, other: Graph): Same =>
  new Map(
    one.nodes.map(({ id, addresses }) => [
      id,
      other.nodes.filter((node) => node.addresses.some((each) => addresses.includes(each))).map((node) => node.id),
    ]),
  );

/**
 * The nodes that are believed to have no next hop but those that were seen. Each may miss one with a probability that the run tells: those
 * of which these sum up to no more than a comparison may err, the surest first.
 */
function searchedOut(a: Graph, b: Graph): { readonly nodes: ReadonlySet<NodeEvent>; readonly isWhole: (graph: Graph) => boolean } {
  const nodes = new Set<NodeEvent>();
  let left = 1 - CONFIDENCE;
  const all = [a, b].flatMap((graph) => graph.nodes.filter(({ id }) => !graph.edges.some(({ from, sure }) => from === id && !sure)));
  for (const node of all.toSorted((one, other) => (one.missed ?? 1) - (other.missed ?? 1))) {
    left -= node.missed ?? 1;
    if (left < 0) break;
    nodes.add(node);
  }
  return { nodes, isWhole: (graph) => graph.nodes.every((node) => nodes.has(node)) };
}

function edgeRow({ at }: Graph, { from, to }: EdgeEvent, link: LinkDifferenceEvent['link']): LinkRow {
  const [one, other] = [at.get(from)!, at.get(to)!];
  const address = ({ addresses }: NodeEvent): Address => addresses[0]!;
  const moved: LinkDifferenceEvent['moved'] = link === 'added' || link === 'removed' ? ['link'] : [];
  const told = {
    type: 'linkDifference',
    from: address(one),
    to: address(other),
    fromName: one.name,
    toName: other.name,
    link,
    forward: null,
    backward: null,
    both: null,
    leastMs: null,
    medianMs: null,
    moved,
  } as const;
  return { tests: 0, isKnown: link !== 'silent' && link !== 'heard', told: () => told };
}
