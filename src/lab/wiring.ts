/** A topology as lines for `ip` and `nft`: text from a value, nothing run here. */
import { endsOf } from '../topology/lookup.ts';
import { routesOf, type TableRoute } from '../topology/routes.ts';
import type { Link, LinkEnd, Topology, TopologyNode } from '../topology/topology.ts';
import type { FamilyNumber } from '../wire/address.ts';
import { namespaceName } from './places.ts';

/** `nodad`: an address that is still being checked for duplicates answers nothing, and is no source of a route. */
const FAMILIES = {
  4: { host: 32, link: 30, flags: '' },
  6: { host: 128, link: 126, flags: ' nodad' },
} as const satisfies Record<FamilyNumber, object>;

const BOTH: readonly FamilyNumber[] = [4, 6];

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

/** Namespaces, and links whose ends are born in them: the host's own network never sees an interface. */
export const namespacesBatch = ({ name, nodes }: Topology): string =>
  lines(nodes.map((node) => `netns add ${namespaceName(name, node.name)}`));

export const linksBatch = (topology: Topology): string => lines(topology.links.map((link, i) => linkLine(topology.name, link, i)));

function linkLine(lab: string, { ends, mtu }: Link, link: number): string {
  const [one, two] = ends.map((end, i) => {
    const place = `index ${interfaceIndex(link, i)} address ${mac(link, i)} mtu ${mtu} netns ${namespaceName(lab, end.node)}`;
    return `${end.interface} ${place}`;
  });
  return `link add name ${one} type veth peer name ${two}`;
}

/**
 * Different at the two ends: of equal ones the kernel takes the link for a device without a lower one, and may wait a second until
 * it believes the carrier. IPv6 is silent until then.
 */
const interfaceIndex = (link: number, end: number): number => 10 + 2 * link + end;

/** Locally administered and the same in every run, so that captures compare: 02:be:ac, the link's number, the end's. */
const mac = (link: number, end: number): string => ['02', 'be', 'ac', hex(link >> 8), hex(link & 0xff), hex(end + 1)].join(':');
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

export const removalBatch = (namespaces: readonly string[]): string => lines(namespaces.map((namespace) => `netns del ${namespace}`));

/** Addresses, links up and routes of one node. */
export function nodeBatch(topology: Topology, node: TopologyNode): string {
  const loopback = BOTH.map((family) => `address add ${node.loopback[family]}/${FAMILIES[family].host} dev lo${FAMILIES[family].flags}`);
  return (
    lines(['link set lo up', ...loopback]) +
    lines(endsOf(topology, node.name).flatMap(({ end }) => endLines(end))) +
    routesBatch(topology, node)
  );
}

/** Also mends an end that was down: what the kernel kept is replaced by the same. */
export const endLines = (end: LinkEnd): string[] => [
  ...BOTH.map((family) => {
    const { link, flags } = FAMILIES[family];
    return `address replace ${end.addresses[family]}/${link} dev ${end.interface}${flags}`;
  }),
  `link set ${end.interface} up`,
];

/**
 * `replace`, because the kernel drops the routes of a link that goes down, and all must come back. Through an interface that is
 * down (`isUp` says no) it takes none.
 */
export const routesBatch = (topology: Topology, node: TopologyNode, isUp: (name: string) => boolean = () => true): string =>
  lines(
    BOTH.flatMap((family) => (routesOf(topology, family).get(node.name) ?? []).flatMap((route) => routeLine(node, family, route, isUp))),
  );

function routeLine(
  node: TopologyNode,
  family: FamilyNumber,
  { destination, prefixLength, nextHops }: TableRoute,
  isUp: (name: string) => boolean,
): string[] {
  const source = node.source === 'loopback' ? ` src ${node.loopback[family]}` : '';
  const ways = nextHops.filter((hop) => isUp(hop.interface)).map((hop) => `via ${hop.address} dev ${hop.interface}`);
  if (ways.length === 0) return [];
  const onward = ways.length === 1 ? ways[0] : ways.map((way) => `nexthop ${way}`).join(' ');
  return [`route replace ${destination}/${prefixLength}${source} ${onward}`];
}
