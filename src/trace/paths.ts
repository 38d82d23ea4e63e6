/** Every path to a target, or from one router to another: searches the graph, finds out whose addresses are one router's, and what moves each split. */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import type { Itinerary } from '../probe/itinerary.ts';
import { patienceNsFor } from '../probe/patience.ts';
import type { Address } from '../wire/address.ts';
import { routersOf } from './alias.ts';
import type { FieldName, FieldsAsked } from './field.ts';
import { type Hop, longestRttNs } from './hop.ts';
import { type Group, mda } from './mda.ts';
import { createSounder, SILENCE } from './mda-ask.ts';
import { pathFlow, variedFields } from './mda-flow.ts';
import type { Heard } from './mda-record.ts';
import { missedRisk } from './mda-rule.ts';
import { type Sweeping, steered, VALUES } from './path-field.ts';
import { drawGraph, missedOf, type PathGraph, type PathNode, type PathSplit } from './path-graph.ts';
import { tracePlan } from './path-kind.ts';

export interface PathsOptions {
  readonly timeoutNs: number;
  /** That a next hop is missing anywhere. */
  readonly risk: number;
  readonly lastTtl: number;
  /** Whether nested probes may visit this address, to ask whose it is. */
  readonly mayVisit: (address: Address) => boolean;
  readonly signal: AbortSignal;
  /** Called once, when the first router is found to answer no more than once a second: the search takes minutes then. */
  readonly whenSlow?: (ttl: number) => void;
}

export interface PathsFound extends PathGraph {
  /** Ttls at which routers answered no more than once a second. */
  readonly limited: readonly number[];
  /** In what the flows differ: what is said of missing next hops holds of routers that go by any of it. */
  readonly varied: readonly FieldName[];
}

/** `hops`: as `trace` found them with the same flow, from ttl 1 on. Throws what Engine.route throws. */
export async function searchPaths(
  engine: Engine,
  asking: Asking,
  asked: Omit<FieldsAsked, 'values'>,
  hops: readonly Hop[],
  { timeoutNs, risk, lastTtl, mayVisit, signal, whenSlow = () => {} }: PathsOptions,
): Promise<PathsFound> {
  const { ends, carries } = asked;
  const plan = tracePlan(ends, carries);
  const patienceNs = Math.min(timeoutNs, patienceNsFor(longestRttNs(hops)));
  const variants: ((ttl: number) => Itinerary)[] = [];
  const itinerary = (flow: number): ((ttl: number) => Itinerary) =>
    flow < FIRST_VARIANT ? pathFlow(asked, flow).itinerary : variants[flow - FIRST_VARIANT]!;
  const route = await engine.route(plan.layers(1)[0]!.destination);
  const sounder = createSounder(engine, asking, { ends, varied: plan.varied, route, itinerary, patienceNs, whenSlow });
  const whose = routerBook(async (addresses) => {
    const asks = addresses.every(mayVisit) && !signal.aborted;
    return asks ? routersOf(engine, asking, ends.us, asked.flow, addresses, patienceNs, ALIAS_GAP_NS) : null;
  });
  const mapped = await mda({
    risk,
    firstTtl: 1,
    lastTtl,
    own: ownOf(hops),
    sound: sounder.sound,
    group: whose.group,
    isSlow: (ttl) => sounder.limited().includes(ttl),
    aborted: () => signal.aborted,
  });
  await whose.across(addressesAtSeveral(mapped.nodes));
  const graph = drawGraph(mapped, ends.kind === 'trace' ? ends.us : null, whose.routers(), (flow) => pathFlow(asked, flow));
  const sweeping = (fields: FieldsAsked): Sweeping => ({
    asked: fields,
    cells: (variant, ttls) => {
      const flow = FIRST_VARIANT + variants.push(variant.itinerary) - 1;
      return ttls.map((ttl) => ({ flow, ttl }));
    },
    heard: async (cells) => (signal.aborted ? cells.map(() => SILENCE) : sounder.sound(cells)),
    isSlow: () => sounder.limited().length > 0,
  });
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  let splits = await steered(graph.splits, byId, sweeping({ ...asked, values: VALUES }), true);
  for (const split of splits.filter(({ movedBy, perPacket }) => movedBy.length === 0 && !perPacket)) {
    const { sourcePort, flowLabel } = split.next[0]!.flow;
    const flow = { ...asked.flow, sourcePort, flowLabel };
    const [moved] = await steered([split], byId, sweeping({ ...asked, flow, values: VALUES }), false);
    splits = splits.map((one): PathSplit => (one === split ? moved! : one));
  }
  const few = new Set([null, ...fewValues(asked)]).size;
  const nodes = graph.nodes.map((node) => byFew(node, splits, few));
  const told = { probes: sounder.probes(), limited: sounder.limited(), varied: variedFields({ ...asked, values: 2 }) };
  return { ...graph, nodes, splits, missed: missedOf(nodes), ...told };
}

/** Addresses are few: flows that differ in nothing else are one flow to a router that goes by these alone. */
const FEW: readonly FieldName[] = ['inner addresses', 'outer source'];
const fewValues = ({ hops, ends }: Pick<FieldsAsked, 'hops' | 'ends'>): Address[] =>
  hops.filter((hop) => hop !== null && hop !== ends.us) as Address[];

function byFew(node: PathNode, splits: readonly PathSplit[], values: number): PathNode {
  const split = splits.find(({ from }) => from === node.id);
  if (split === undefined || node.missed === null || split.movedBy.length === 0) return node;
  if (split.movedBy.some((field) => !FEW.includes(field))) return node;
  return { ...node, missed: Math.max(node.missed, missedRisk(split.next.length, values)) };
}

/** As many questions as pairs: of sixty addresses that is some seconds. */
const ALIAS_GAP_NS = 2_000_000;

/** Flows above are variants of one field; those of a search are fewer. */
const FIRST_VARIANT = 1_000_000;

/** Silence behind the last that answered is no part of a path. */
function ownOf(hops: readonly Hop[]): Heard[] {
  const all = hops.map(({ answers, reached, error }): Heard => {
    const address = answers.find((answer) => answer !== null)?.address ?? null;
    return address === null ? SILENCE : { address, is: reached ? 'end' : error === null ? 'hop' : 'error', error };
  });
  return all.slice(0, all.findLastIndex(({ address }) => address !== null) + 1);
}

type AskRouters = (addresses: readonly Address[]) => Promise<ReadonlyMap<Address, number> | null>;

interface RouterBook {
  readonly group: Group;
  /** Asks of addresses at different ttls. */
  readonly across: (addresses: readonly Address[]) => Promise<void>;
  readonly routers: () => ReadonlyMap<Address, number>;
}

/** More would take longer than the search. */
const MOST_ACROSS = 48;

/** What is known of whose an address is; each set of addresses is asked about once. */
function routerBook(ask: AskRouters): RouterBook {
  const numbers = new Map<Address, number>();
  let count = 0;
  const numberOf = (address: Address): number => {
    if (!numbers.has(address)) numbers.set(address, ++count);
    return numbers.get(address)!;
  };
  const group: Group = async (addresses) => {
    const isNew = addresses.some((address) => !numbers.has(address));
    const found = isNew ? await ask(addresses) : null;
    for (const [first, other] of pairs(addresses)) {
      if (found === null || found.get(first) !== found.get(other)) continue;
      const [kept, gone] = [numberOf(first), numberOf(other)];
      for (const [address, number] of numbers) if (number === gone) numbers.set(address, kept);
    }
    return new Map(addresses.map((address) => [address, numberOf(address)]));
  };
  return {
    group,
    async across(addresses) {
      const one = [...new Map(addresses.map((address) => [numberOf(address), address])).values()];
      const known = await (one.length < 2 || one.length > MOST_ACROSS ? null : ask(one));
      if (known === null) return;
      for (const [first, other] of pairs(one)) {
        if (known.get(first) !== known.get(other)) continue;
        const [kept, gone] = [numberOf(first), numberOf(other)];
        for (const [address, number] of numbers) if (number === gone) numbers.set(address, kept);
      }
    },
    routers: () => numbers,
  };
}

const pairs = <One>(all: readonly One[]): [One, One][] =>
  all.flatMap((first, at) => all.slice(at + 1).map((other): [One, One] => [first, other]));

/** Only where ways of several lengths lead to the end may a router stand at several ttls. */
function addressesAtSeveral(
  nodes: readonly { readonly is: string; readonly ttl: number; readonly addresses: readonly Address[] }[],
): Address[] {
  const ends = new Set(nodes.filter(({ is }) => is === 'end').map(({ ttl }) => ttl));
  return ends.size < 2 ? [] : [...new Set(nodes.filter(({ is }) => is === 'router').flatMap(({ addresses }) => addresses))];
}
