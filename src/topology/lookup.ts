/** Who has which address, and what everything is called. */
import { BeaconError } from '../error.ts';
import { type Address, type FamilyNumber, parseAddress } from '../wire/address.ts';
import type { Link, LinkEnd, Topology, TopologyNode } from './topology.ts';

/** Names of nodes are `r1.example` and, for short, `r1` (RFC 2606 keeps .example free). */
const DOMAIN = 'example';

/** Every address of a node, its loopback first, then its links in the file's order. */
export const addressesOf = (topology: Topology, node: string, family: FamilyNumber): Address[] => [
  ...topology.nodes.filter(({ name }) => name === node).map(({ loopback }) => loopback[family]),
  ...endsOf(topology, node).map(({ end }) => end.addresses[family]),
];

export interface Attachment {
  readonly link: Link;
  /** The node's own end, and the neighbour's. */
  readonly end: LinkEnd;
  readonly far: LinkEnd;
}

export const endsOf = (topology: Topology, node: string): Attachment[] =>
  topology.links.flatMap((link) => link.ends.flatMap((end, i) => (end.node === node ? [{ link, end, far: link.ends[1 - i]! }] : [])));

/** The node that has an address, or null. */
export function nodeOf(topology: Topology, address: Address): TopologyNode | null {
  const wanted = parseAddress(address);
  const end = topology.links.flatMap((link) => link.ends).find(({ addresses }) => addresses[4] === wanted || addresses[6] === wanted);
  return topology.nodes.find(({ name, loopback }) => name === end?.node || loopback[4] === wanted || loopback[6] === wanted) ?? null;
}

/** The node of a name, `r1` or `r1.example`, or null. */
export const nodeNamed = (topology: Topology, name: string): TopologyNode | null =>
  topology.nodes.find((node) => node.name === name || `${node.name}.${DOMAIN}` === name) ?? null;

export const vantageOf = (topology: Topology): TopologyNode => topology.nodes.find((node) => node.vantage)!;

/** Address → `r1`, every loopback before any link, so that the first line of a name is the address it stands for. */
export function nodeNamesOf(topology: Topology): Map<Address, string> {
  const loopbacks = topology.nodes.map(({ name, loopback }) => ({ name, addresses: loopback }));
  const ends = topology.links.flatMap((link) => link.ends).map(({ node, addresses }) => ({ name: node, addresses }));
  const all = [...loopbacks, ...ends];
  return new Map(([4, 6] as const).flatMap((family) => all.map(({ name, addresses }) => [addresses[family], name] as const)));
}

/** Address → `r1.example`, in the same order. */
export const namesOf = (topology: Topology): Map<Address, string> =>
  new Map([...nodeNamesOf(topology)].map(([address, name]) => [address, `${name}.${DOMAIN}`]));

/** Lines of a hosts file: `10.255.0.2 r1.example r1`. */
export const hostsOf = (topology: Topology): string[] =>
  [...nodeNamesOf(topology)].map(([address, name]) => `${address} ${name}.${DOMAIN} ${name}`);

/** The link of an id, or of `r2-r1` for the link `r1-r2`. Throws BeaconError ERR_USAGE that lists the ids. */
export function linkNamed(topology: Topology, name: string): Link {
  const link =
    topology.links.find(({ id }) => id === name) ?? topology.links.find(({ ends: [one, two] }) => `${two.node}-${one.node}` === name);
  if (link) return link;
  throw new BeaconError('ERR_USAGE', `${topology.name} has no link ${name}: take one of ${topology.links.map(({ id }) => id).join(', ')}`);
}
