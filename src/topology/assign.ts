/** Gives what a topology file leaves open: addresses, link ids, interface names. The same file always gets the same. */
import { type Address, addressBytes, addressText, type FamilyNumber } from '../wire/address.ts';
import { type Behaviour, PLAIN } from './behaviour.ts';
import type { Draft, LinkDraft, NodeDraft } from './draft.ts';
import { subnetOf } from './subnet.ts';
import type { Addresses, Link, LinkEnd, Topology, TopologyNode } from './topology.ts';

const DEFAULT_MTU = 1500;

type LinkIn = LinkDraft & { readonly between: readonly [string, string] };

export function assign(draft: Draft): Topology {
  const links = draft.links as readonly LinkIn[];
  const taken = new Set([...draft.nodes.flatMap(fileAddresses), ...links.flatMap(fileSubnets)]);
  const loopback4 = supply((n) => loopback(4, n + 1), taken);
  const loopback6 = supply((n) => loopback(6, n + 1), taken);
  const subnet4 = supply((n) => subnet(4, n), new Set([...taken].map(subnetOf)));
  const subnet6 = supply((n) => subnet(6, n), new Set([...taken].map(subnetOf)));
  const rank = rankOfParallel(links);
  return {
    name: draft.name,
    profile: draft.profile,
    nodes: draft.nodes.map((node) => nodeOf(node, { 4: node.address4 ?? loopback4(), 6: node.address6 ?? loopback6() })),
    links: links.map((link, i) => {
      const fours = link.addresses4 ?? hosts(subnet4());
      const sixes = link.addresses6 ?? hosts(subnet6());
      const ends = [0, 1].map((end) => endOf(link, end as 0 | 1, rank[i]!, { 4: fours[end]!, 6: sixes[end]! })) as [LinkEnd, LinkEnd];
      return { id: link.id ?? idOf(link, rank[i]!, links), ends, ...lineOf(link) };
    }),
  };
}

const nodeOf = (node: NodeDraft, addresses: Addresses): TopologyNode => ({
  name: node.name,
  vantage: node.vantage ?? false,
  decapsulates: node.vantage ? false : (node.decapsulates ?? true),
  decapsulatesFor: node.decapsulatesFor ?? [],
  silent: node.silent ?? false,
  source: node.source ?? 'link',
  behaviour: behaviourOf(node),
  loopback: addresses,
});

const behaviourOf = (node: NodeDraft): Behaviour => ({
  decapsulation: {
    at: node.decapsulatesAt ?? PLAIN.decapsulation.at,
    kinds: node.decapsulatesKinds ?? PLAIN.decapsulation.kinds,
    layers: node.decapsulatesLayers ?? PLAIN.decapsulation.layers,
  },
  filters: node.filters ?? PLAIN.filters,
  acceptLocal: node.acceptLocal ?? PLAIN.acceptLocal,
  uniformTtl: node.uniformTtl ?? PLAIN.uniformTtl,
  hashPolicy: node.hashPolicy ?? PLAIN.hashPolicy,
  remarkDscp: node.remarkDscp ?? PLAIN.remarkDscp,
  icmpPolicer: node.icmpPolicer ?? PLAIN.icmpPolicer,
});

function endOf({ between, cost = 1, costBack = cost }: LinkIn, end: 0 | 1, rank: number, addresses: Addresses): LinkEnd {
  return {
    node: between[end],
    interface: `${rank === 1 ? 'to' : `t${rank}`}_${between[1 - end]!}`,
    addresses,
    cost: end === 0 ? cost : costBack,
  };
}

const lineOf = ({ delayMs = 0, jitterMs = 0, mtu = DEFAULT_MTU }: LinkIn): Omit<Link, 'id' | 'ends'> => ({ delayMs, jitterMs, mtu });

/** 1 for the first link between two nodes, 2 for the next, whichever way round they are written. */
function rankOfParallel(links: readonly LinkIn[]): number[] {
  const seen = new Map<string, number>();
  return links.map(({ between }) => {
    const pair = [...between].sort().join(' ');
    const rank = (seen.get(pair) ?? 0) + 1;
    seen.set(pair, rank);
    return rank;
  });
}

/** An id of the file may be the one that another link would get: that one takes the next free number. */
function idOf({ between }: LinkIn, rank: number, links: readonly LinkIn[]): string {
  const used = new Set(links.map((link) => link.id));
  const name = (n: number): string => (n === 1 ? between.join('-') : `${between.join('-')}-${n}`);
  let n = rank;
  while (used.has(name(n))) n += links.length;
  return name(n);
}

/** Hands out make(0), make(1), …, leaving out what the file already uses. */
function supply(make: (n: number) => Address, taken: ReadonlySet<Address>): () => Address {
  let n = 0;
  return () => {
    while (taken.has(make(n))) n += 1;
    n += 1;
    return make(n - 1);
  };
}

/** 10.255.0.0/16 and fd00:255::/32 are the loopbacks', the rest of 10/8 and fd00:0::/32 the links'. */
const loopback = (family: FamilyNumber, i: number): Address =>
  family === 4 ? `10.255.${i >> 8}.${i & 255}` : `fd00:255::${i.toString(16)}`;
const subnet = (family: FamilyNumber, k: number): Address =>
  family === 4 ? `10.${k >> 8}.${k & 255}.0` : canonical(`fd00:0:${k.toString(16)}::`);

const canonical = (text: string): Address => addressText(addressBytes(text));

function hosts(network: Address): [Address, Address] {
  return [1, 2].map((host) => {
    const bytes = addressBytes(network);
    bytes[bytes.length - 1]! += host;
    return addressText(bytes);
  }) as [Address, Address];
}

const fileAddresses = ({ address4, address6 }: NodeDraft): Address[] => [address4, address6].filter((address) => address !== undefined);
const fileSubnets = ({ addresses4, addresses6 }: LinkDraft): Address[] => [...(addresses4 ?? []), ...(addresses6 ?? [])];
