/** A topology made ready to carry packets: nodes with their tables, ports, and the two directions of each link. */

import type { Behaviour } from '../../topology/behaviour.ts';
import { type Fault, NO_FAULT } from '../../topology/fault.ts';
import { vantageOf } from '../../topology/lookup.ts';
import { type NextHop, routesOf } from '../../topology/routes.ts';
import { HOST_LENGTH } from '../../topology/subnet.ts';
import type { Link, LinkEnd, Topology, TopologyNode } from '../../topology/topology.ts';
import { type Address, addressBytes, type FamilyNumber, familyOf } from '../../wire/address.ts';
import type { Flows } from './conntrack.ts';
import { FAMILIES, type Key } from './header.ts';
import { type Buckets, emptyBuckets } from './limits.ts';
import { emptyPoliced, type Policed } from './policer.ts';
import type { Random } from './random.ts';

export interface Network {
  readonly topology: Topology;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly directions: readonly Direction[];
  readonly vantage: Node;
}

export interface Node {
  readonly topology: TopologyNode;
  readonly own: ReadonlyMap<Key, Own>;
  readonly loopback: Readonly<Record<FamilyNumber, Uint8Array>>;
  readonly ports: readonly Port[];
  tables: Readonly<Record<FamilyNumber, Table>>;
  readonly buckets: Buckets;
  behaviour: Behaviour;
  /** Its own errors, where the behaviour polices them. */
  policed: Policed;
  /** What passed it, where it drops what conntrack calls invalid. */
  readonly flows: Flows;
  /** Makes its choice among equal ways its own. */
  readonly salt: number;
  /** The ID of its next IPv4 packet. */
  id: number;
}

/** An address of a node. */
export interface Own {
  readonly address: Address;
  /** Null for those of the loopback interface. */
  readonly port: Port | null;
  /** The subnet-router anycast address of a link (RFC 4291 §2.6.1): routers answer to it. */
  readonly anycast: boolean;
  decapsulated: number;
}

/** A node's end of a link. */
export interface Port {
  readonly node: string;
  readonly end: LinkEnd;
  readonly addresses: Readonly<Record<FamilyNumber, Uint8Array>>;
  readonly keys: Readonly<Record<FamilyNumber, Key>>;
  readonly mac: Uint8Array;
  /** What leaves by this port. */
  readonly out: Direction;
}

export interface Direction {
  readonly link: Link;
  readonly from: LinkEnd;
  readonly to: LinkEnd;
  /** Where it leads; set once both ends exist. */
  far: Port;
  fault: Fault;
  up: boolean;
  salt: number;
  line: Line;
  tally: Tally;
}

/** What the packets before leave to the next one. */
export interface Line {
  /** When the last packet arrives: none overtakes it by jitter alone. */
  lastNs: number;
  /** When the last one is through the rate. */
  freeNs: number;
  readonly policed: Policed;
}

export const emptyLine = (): Line => ({ lastNs: 0, freeNs: 0, policed: emptyPoliced() });

/** Of the packets given to one direction since its fault was set; the link's own talk (neighbour discovery) is not among them. */
export interface Tally {
  seen: number;
  lost: number;
  flowLost: number;
  duplicated: number;
  corrupted: number;
}

export const emptyTally = (): Tally => ({ seen: 0, lost: 0, flowLost: 0, duplicated: 0, corrupted: 0 });

/** Next hops by destination; whole addresses come before subnets, as longer prefixes do. */
export interface Table {
  readonly hosts: ReadonlyMap<Key, Way>;
  readonly subnets: ReadonlyMap<Key, Way>;
}

export interface Way {
  readonly ports: readonly Port[];
  /** The destination itself is on the link. */
  readonly onLink: boolean;
}

export function network(topology: Topology, random: Random): Network {
  const ports = topology.links.map(portsOf);
  const nodes = topology.nodes.map((node) =>
    nodeFor(
      topology,
      node,
      ports.flat().filter((port) => port.node === node.name),
      random,
    ),
  );
  const byName = new Map(nodes.map((node) => [node.topology.name, node]));
  return { topology, nodes: byName, directions: ports.flat().map((port) => port.out), vantage: byName.get(vantageOf(topology).name)! };
}

function portsOf(link: Link, index: number): [Port, Port] {
  const [one, two] = link.ends;
  const [first, second] = [portOf(link, index, 0, one, two), portOf(link, index, 1, two, one)];
  first.out.far = second;
  second.out.far = first;
  return [first, second];
}

function portOf(link: Link, index: number, side: 0 | 1, end: LinkEnd, other: LinkEnd): Port {
  const addresses = { 4: addressBytes(end.addresses[4]), 6: addressBytes(end.addresses[6]) };
  return {
    node: end.node,
    end,
    addresses,
    keys: { 4: FAMILIES[4].key(addresses[4], 0), 6: FAMILIES[6].key(addresses[6], 0) },
    mac: Uint8Array.of(0x02, 0xbe, 0xac, index >> 8, index & 0xff, side + 1), // locally administered, the same in every run
    out: directionOf(link, end, other),
  };
}

const directionOf = (link: Link, from: LinkEnd, to: LinkEnd): Direction => ({
  link,
  from,
  to,
  far: undefined as unknown as Port,
  fault: NO_FAULT,
  up: true,
  salt: 0,
  line: emptyLine(),
  tally: emptyTally(),
});

const nodeFor = (topology: Topology, node: TopologyNode, ports: readonly Port[], random: Random): Node => ({
  topology: node,
  own: new Map([...loopbackOwn(node), ...ports.flatMap((port) => portOwn(node, port))]),
  loopback: { 4: addressBytes(node.loopback[4]), 6: addressBytes(node.loopback[6]) },
  ports,
  tables: tablesOf(topology, node, ports),
  buckets: emptyBuckets(),
  behaviour: node.behaviour,
  policed: emptyPoliced(),
  flows: new Map(),
  salt: random.word(),
  id: random.word() & 0xffff,
});

export const keyOf = (address: Address): Key => FAMILIES[familyOf(address)].key(addressBytes(address), 0);

const own = (address: Address, port: Port | null): Own => ({ address, port, anycast: false, decapsulated: 0 });

const loopbackOwn = ({ loopback }: TopologyNode): [Key, Own][] =>
  [loopback[4], loopback[6]].map((address) => [keyOf(address), own(address, null)]);

function portOwn({ vantage }: TopologyNode, port: Port): [Key, Own][] {
  const both = [port.end.addresses[4], port.end.addresses[6]].map((address): [Key, Own] => [keyOf(address), own(address, port)]);
  const anycast = { ...own(port.end.addresses[6], port), anycast: true };
  return vantage ? both : [...both, [FAMILIES[6].subnet(port.keys[6]), anycast]];
}

const tablesOf = (topology: Topology, node: TopologyNode, ports: readonly Port[]): Node['tables'] => ({
  4: tableOf(topology, node, ports, 4),
  6: tableOf(topology, node, ports, 6),
});

/** From now on routers send packets as in this topology, of the same nodes and links with other costs. */
export function setRoutes({ nodes }: Network, topology: Topology): void {
  for (const node of nodes.values()) node.tables = tablesOf(topology, node.topology, node.ports);
}

function tableOf(topology: Topology, { name }: TopologyNode, ports: readonly Port[], family: FamilyNumber): Table {
  const routes = routesOf(topology, family).get(name)!;
  const portOfHop = ({ link }: NextHop): Port => ports.find((port) => port.out.link.id === link)!;
  const ways = (wanted: boolean): [Key, Way][] =>
    routes
      .filter(({ prefixLength }) => (prefixLength === HOST_LENGTH[family]) === wanted)
      .map(({ destination, nextHops }) => [keyOf(destination), { ports: nextHops.map(portOfHop), onLink: false }]);
  const attached = ports.map((port): [Key, Way] => [FAMILIES[family].subnet(port.keys[family]), { ports: [port], onLink: true }]);
  return { hosts: new Map(ways(true)), subnets: new Map([...ways(false), ...attached]) };
}
