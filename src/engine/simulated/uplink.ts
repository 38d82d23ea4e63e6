/** How packets leave the vantage: its own table, and one port for each destination. */
import { BeaconError } from '../../error.ts';
import { vantageOf } from '../../topology/lookup.ts';
import { type Address, addressBytes, addressText, type FamilyNumber, familyOf, parseAddress } from '../../wire/address.ts';
import type { Route } from '../engine.ts';
import { mtuOf } from './crossing.ts';
import { mix32 } from './flow.ts';
import { FAMILIES } from './header.ts';
import type { Network, Node, Port } from './network.ts';
import { ownAddress, portFor, waysTo } from './way.ts';

/** Null: the destination is the vantage itself. */
export interface Uplink {
  readonly route: Route;
  readonly port: Port | null;
}

const LOOPBACK_MTU = 65_536;

export function uplinkTo(network: Network, text: Address): Uplink {
  const destination = parseAddress(text);
  if (destination === null) throw new RangeError(`"${text}" is not an IPv4 or IPv6 address`);
  const node = network.nodes.get(vantageOf(network.topology).name)!;
  const number = familyOf(destination);
  const family = FAMILIES[number];
  const bytes = addressBytes(destination);
  const key = family.key(bytes, 0);
  const own = { destination, interface: 'lo', source: destination, nextHop: destination, mtu: LOOPBACK_MTU };
  if (ownAddress(node, family, key)) return { route: own, port: null };
  const way = waysTo(node, family, key);
  if (way === null)
    throw new BeaconError(
      'ERR_NO_ROUTE',
      `${node.topology.name} has no route to ${destination} in ${network.topology.name}: is it an address of a node there, and a link up?`,
    );
  const port = portFor(way, bytes.reduce(mix32, node.salt) >>> 0);
  const { interface: name, addresses } = port.end;
  const nextHop = way.onLink ? destination : port.out.far.end.addresses[number];
  return {
    route: {
      destination,
      interface: name,
      source: sourceOf(node, number, way.onLink, addresses),
      nextHop,
      mtu: mtuOf(port.out),
      ways: way.ports.length,
    },
    port,
  };
}

const sourceOf = (
  { topology, loopback }: Node,
  family: FamilyNumber,
  onLink: boolean,
  link: Readonly<Record<FamilyNumber, Address>>,
): Address => (topology.source === 'loopback' && !onLink ? addressText(loopback[family]) : link[family]);
