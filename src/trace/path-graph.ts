/** All paths to a target as one graph: routers, the ways between them, and a flow that takes each way. */
import type { Answer } from '../probe/observation.ts';
import type { Address } from '../wire/address.ts';
import type { FieldName } from './field.ts';
import type { Mapped, MdaNode } from './mda.ts';
import type { PathFlow } from './mda-flow.ts';
import type { Heard } from './mda-record.ts';
import { withoutTails } from './path-tails.ts';

export interface PathGraph {
  /** In the order of the path; the first is where all flows come from. */
  readonly nodes: readonly PathNode[];
  readonly edges: readonly PathEdge[];
  readonly splits: readonly PathSplit[];
  /** Flows that were sent to find it, and probes in all. */
  readonly flows: number;
  readonly probes: number;
  /** The run's own flow: what a split's values do not name is as in this one. */
  readonly own: PathFlow;
  /** The probability that a next hop is missing anywhere, where that can be known. */
  readonly missed: number;
  /** Routers of which it cannot. */
  readonly unknown: number;
}

export interface PathNode {
  /** 0 is us, 1 the first router. */
  readonly id: number;
  /** `end`: the target. */
  readonly is: 'us' | 'router' | 'silent' | 'end';
  /** All that it answers from; none of a silent one. */
  readonly addresses: readonly Address[];
  /** Where it stands: at several where ways of several lengths lead to it. 0 is us. */
  readonly ttls: readonly number[];
  /** What it says of flows that go no further. */
  readonly error: Answer['icmp'] | null;
  /** A flow comes by here twice. */
  readonly loops: boolean;
  /** Flows that its next hop is known of. */
  readonly flows: number;
  /** The probability that a next hop is missing; null: nobody knows. */
  readonly missed: number | null;
}

export interface PathEdge {
  readonly from: number;
  readonly to: number;
  /** What `to` answered from on this way; several: there are parallel links, or it chooses the address by the flow. */
  readonly addresses: readonly Address[];
  /** Flows that were seen to go here, and the first of them. */
  readonly flows: number;
  readonly flow: PathFlow;
  /** False behind a router that spreads packets of one flow: the two stand at the two ttls, and may not be neighbours. */
  readonly sure: boolean;
}

export interface PathSplit {
  readonly from: number;
  readonly ttl: number;
  readonly next: readonly PathChoice[];
  /** Each field that moves it alone; none: not steerable from here. */
  readonly movedBy: readonly FieldName[];
  readonly perPacket: boolean;
}

export interface PathChoice {
  readonly to: number;
  /** Null: silent. */
  readonly address: Address | null;
  /** The field and its value that lead there, all else as in the own flow; null where one field alone does not. */
  readonly field: FieldName | null;
  readonly value: number | Address | null;
  /** A whole flow that leads there. */
  readonly flow: PathFlow;
}

/** Address → router's number, as far as that was found out. */
export type Routers = ReadonlyMap<Address, number>;

/** A graph whose splits nobody has tried to move yet. */
export type Drawn = Omit<PathGraph, 'probes'>;

/** `us`: null where the path starts at a router. `flowOf`: of the search's n-th flow. */
export function drawGraph(mapped: Mapped, us: Address | null, routers: Routers, flowOf: (flow: number) => PathFlow): Drawn {
  const parts = partsOf(mapped, routers);
  const names = [...new Set(parts.nodes.map(({ name }) => name))];
  const ids = new Map(names.map((name, at) => [name, at + 1]));
  const root: PathNode[] =
    us === null ? [] : [{ id: 0, is: 'us', addresses: [us], ttls: [0], error: null, loops: false, flows: mapped.flows, missed: 0 }];
  const nodes = [
    ...root,
    ...names.map((name) =>
      merged(
        ids.get(name)!,
        parts.nodes.filter((part) => part.name === name),
      ),
    ),
  ];
  const ways = waysOf(mapped, parts, ids);
  const first = us === null || names.length === 0 ? [] : firstWays(mapped, ids.get(names[0]!)!);
  const whole = withoutTails({
    nodes,
    edges: edgesOf([...first, ...ways], flowOf),
    splits: splitsIn(nodes, ways, parts, ids, flowOf),
  });
  return {
    ...whole,
    flows: mapped.flows,
    own: flowOf(0),
    missed: missedOf(whole.nodes),
    unknown: whole.nodes.filter(({ missed }) => missed === null).length,
  };
}

/** The probability that a next hop is missing anywhere, but for nodes of which nobody knows. */
export const missedOf = (nodes: readonly PathNode[]): number =>
  Math.min(
    1,
    nodes.reduce((sum, { missed }) => sum + (missed ?? 0), 0),
  );

/** A router at one ttl, under the name that it has at all of them. */
interface Part {
  readonly name: string;
  readonly node: MdaNode;
  readonly addresses: readonly Address[];
}

interface Parts {
  readonly nodes: readonly Part[];
  readonly nameOf: (ttl: number, flow: number) => string;
  readonly nodeOf: (ttl: number, flow: number) => MdaNode;
}

function partsOf({ nodes, heard, keys }: Mapped, routers: Routers): Parts {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const join = joiner();
  const nameOfAddress = (address: Address): string => (routers.has(address) ? `router ${routers.get(address)}` : address);
  const nameOf = (node: MdaNode, { address, is }: Heard): string => {
    if (is === 'end') return 'end';
    return address === null ? node.key : join.name(nameOfAddress(address));
  };
  for (const { addresses, mixed, is } of nodes)
    if (!mixed && is !== 'end') for (const address of addresses.slice(1)) join.join(nameOfAddress(addresses[0]!), nameOfAddress(address));
  const found = new Map<string, Part>();
  for (const [ttl, flows] of keys)
    for (const [flow, key] of flows) {
      const node = byKey.get(key)!;
      const one = heard.get(ttl)!.get(flow)!;
      const name = nameOf(node, one);
      const part = found.get(`${key} ${name}`) ?? { name, node, addresses: [] };
      const addresses = one.address === null ? part.addresses : [...new Set([...part.addresses, one.address])];
      found.set(`${key} ${name}`, { ...part, addresses });
    }
  const nodeOf = (ttl: number, flow: number): MdaNode => byKey.get(keys.get(ttl)!.get(flow)!)!;
  return {
    nodes: [...found.values()].sort((a, b) => a.node.ttl - b.node.ttl),
    nodeOf,
    nameOf: (ttl, flow) => nameOf(nodeOf(ttl, flow), heard.get(ttl)!.get(flow)!),
  };
}

/** Names that turn out to be one; the first stays. */
function joiner(): { name: (one: string) => string; join: (one: string, other: string) => void } {
  const same = new Map<string, string>();
  const name = (one: string): string => (same.has(one) ? name(same.get(one)!) : one);
  return {
    name,
    join(one, other) {
      const [first, second] = [name(one), name(other)];
      if (first !== second) same.set(second, first);
    },
  };
}

function merged(id: number, parts: readonly Part[]): PathNode {
  const nodes = parts.map(({ node }) => node);
  const going = nodes.filter(({ is }) => is === 'router' || is === 'silent');
  const missed = going.map((node) => node.missed);
  const is = nodes.some((node) => node.is === 'end') ? 'end' : nodes.every((node) => node.is === 'silent') ? 'silent' : 'router';
  return {
    id,
    is,
    addresses: [...new Set(parts.flatMap(({ addresses }) => addresses))],
    ttls: [...new Set(nodes.map(({ ttl }) => ttl))].sort((a, b) => a - b),
    error: nodes.find(({ error }) => error !== null)?.error ?? null,
    loops: nodes.some(({ loops }) => loops),
    flows: nodes.reduce((sum, { flows }) => sum + flows, 0),
    missed: missed.some((one) => one === null) ? null : Math.min(1, ...(missed.length === 0 ? [0] : (missed as number[]))),
  };
}

/** One flow from one ttl to the next. */
interface Way {
  readonly from: number;
  readonly to: number;
  readonly address: Address | null;
  readonly flow: number;
  readonly ttl: number;
  readonly sure: boolean;
  readonly perPacket: boolean;
}

/** All flows come by the first hop. */
const firstWays = ({ heard }: Mapped, to: number): Way[] =>
  [...([...heard.values()][0] ?? [])].map(([flow, { address }]) => ({ from: 0, to, address, flow, ttl: 0, sure: true, perPacket: false }));

function waysOf({ keys, heard }: Mapped, { nameOf, nodeOf }: Parts, ids: ReadonlyMap<string, number>): Way[] {
  const ways: Way[] = [];
  for (const [ttl, flows] of keys)
    for (const flow of flows.keys()) {
      if (!keys.get(ttl + 1)?.has(flow)) continue;
      const [node, next] = [nodeOf(ttl, flow), heard.get(ttl + 1)!.get(flow)!];
      const [from, to] = [ids.get(nameOf(ttl, flow))!, ids.get(nameOf(ttl + 1, flow))!];
      if (from === to || node.is === 'end' || node.is === 'error') continue;
      ways.push({ from, to, address: next.address, flow, ttl, sure: !node.mixed, perPacket: node.perPacket });
    }
  return ways;
}

function edgesOf(ways: readonly Way[], flowOf: (flow: number) => PathFlow): PathEdge[] {
  const pairs = new Map<string, Way[]>();
  for (const way of ways) {
    const key = `${way.from} ${way.to}`;
    const known = pairs.get(key);
    if (known === undefined) pairs.set(key, [way]);
    else known.push(way);
  }
  return [...pairs.values()]
    .map((all) => ({
      from: all[0]!.from,
      to: all[0]!.to,
      addresses: [...new Set(all.flatMap(({ address }) => address ?? []))],
      flows: new Set(all.map(({ flow }) => flow)).size,
      flow: flowOf(Math.min(...all.map(({ flow }) => flow))),
      sure: all.some(({ sure }) => sure),
    }))
    .sort((a, b) => a.from - b.from || a.to - b.to);
}

function splitsIn(
  nodes: readonly PathNode[],
  ways: readonly Way[],
  parts: Parts,
  ids: ReadonlyMap<string, number>,
  flowOf: (flow: number) => PathFlow,
): PathSplit[] {
  return nodes.flatMap(({ id }) => {
    const out = ways.filter(({ from, sure }) => from === id && sure);
    const next = [...new Map(out.map((way) => [`${way.to} ${way.address}`, way])).values()];
    const several = new Set(next.map(({ to }) => to)).size > 1;
    if (next.length < 2 || (!several && choosesByAnswer(next, ways))) return [];
    const shown = several ? oneEach(next) : next;
    const perPacket = parts.nodes.some(({ name, node }) => ids.get(name) === id && node.perPacket);
    const choices = shown.map(({ to, address, flow }) => ({ to, address, field: null, value: null, flow: flowOf(flow) }));
    return [{ from: id, ttl: Math.min(...out.map(({ ttl }) => ttl)), next: choices, movedBy: [], perPacket }];
  });
}

/** A router that answers from the same several addresses whoever stands before it has no parallel links: it chooses among its addresses. */
function choosesByAnswer(next: readonly Way[], ways: readonly Way[]): boolean {
  const addresses = new Set(next.map(({ address }) => address));
  const elsewhere = ways.filter(({ to, from, address }) => to === next[0]!.to && from !== next[0]!.from && addresses.has(address));
  return elsewhere.length > 0;
}

const oneEach = (next: readonly Way[]): Way[] => [...new Map(next.toReversed().map((way) => [way.to, way])).values()].reverse();
