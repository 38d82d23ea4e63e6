/** Headers that a router drops without a word, by their addresses: see topology/behaviour.ts. */
import type { Filter } from '../../topology/behaviour.ts';
import { destination, type Family, isMulticast, isUnroutable, source } from './header.ts';
import { keyOf, type Network, type Node, type Port } from './network.ts';
import { waysTo } from './way.ts';

/** One header that a node meets, and the port by which its packet came in. */
interface Met {
  readonly network: Network;
  readonly node: Node;
  readonly port: Port;
  readonly family: Family;
  readonly packet: Uint8Array;
}

const DROPS: Readonly<Record<Exclude<Filter, 'ct-invalid'>, (met: Met) => boolean>> = {
  land: ({ family, packet }) => source(family, packet) === destination(family, packet),
  'own-prefix': (met) => met.network.vantage.own.has(source(met.family, met.packet)) && !isInside(met),
  'strict-urpf': (met) => !isLinkTalk(met) && !leadsBack(met),
};

export const isFiltered = (met: Met): boolean =>
  met.node.behaviour.filters.length > 0 &&
  met.packet.length >= met.family.headerLength &&
  met.node.behaviour.filters.some((filter) => filter !== 'ct-invalid' && DROPS[filter](met));

/** As configured once, by the routes of all links up: a border does not move when a link goes down. */
function isInside({ network, node, port, family }: Met): boolean {
  const vantage = keyOf(network.vantage.topology.loopback[family.number]);
  return node.tables[family.number].hosts.get(vantage)?.ports.includes(port) ?? false;
}

/** A router's own addresses lead to no link. */
function leadsBack({ node, port, family, packet }: Met): boolean {
  const from = source(family, packet);
  return !node.own.has(from) && (waysTo(node, family, from)?.ports.includes(port) ?? false);
}

/** Link-local and unspecified IPv6 sources have no way back, and neighbour discovery lives by them. */
const isLinkTalk = ({ family, packet }: Met): boolean =>
  family.number === 6 && (isUnroutable(family, packet, family.sourceAt) || isMulticast(family, packet, family.destinationAt));
