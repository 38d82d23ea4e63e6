/** Where a node sends a packet: its table, the links that are up, and its hash among equal ways. */
import { pathHash } from './flow.ts';
import { destination, type Family, type Key } from './header.ts';
import type { Node, Own, Port, Way } from './network.ts';

/** The address of the node itself that a packet is for, or null. */
export function ownAddress(node: Node, family: Family, key: Key): Own | null {
  const own = node.own.get(key);
  if (own === undefined) return null;
  // A link that goes down takes its IPv6 addresses with it, but not its IPv4 ones.
  return family.number === 4 || own.port === null || own.port.out.up ? own : null;
}

/** The ways to a destination over links that are up, or null. Like the kernel, a dead link's routes are simply not there. */
export function waysTo(node: Node, family: Family, key: Key): Way | null {
  const table = node.tables[family.number];
  return alive(table.hosts.get(key)) ?? alive(table.subnets.get(family.subnet(key)));
}

function alive(way: Way | undefined): Way | null {
  if (way === undefined) return null;
  const ports = way.ports.every((port) => port.out.up) ? way.ports : way.ports.filter((port) => port.out.up);
  if (ports.length === 0) return null;
  return ports === way.ports ? way : { ...way, ports };
}

/** Among equal ways, by the hash's place in its range. */
export const portFor = ({ ports }: Way, hash: number): Port => ports[Math.floor((hash * ports.length) / 0x1_0000_0000)]!;

/** Whether the packet's destination is on the link but nobody there has it. */
export const isNobodys = (way: Way, port: Port, family: Family, packet: Uint8Array): boolean =>
  way.onLink && destination(family, packet) !== port.out.far.keys[family.number];

/** The last address of a /30 is everybody's there: no router forwards to it or answers for it. */
export const isBroadcast = (way: Way, family: Family, key: Key): boolean =>
  way.onLink && family.number === 4 && ((key as number) & 3) === 3;

export const hashOf = (node: Node, family: Family, packet: Uint8Array): number =>
  pathHash(family, packet, node.salt, node.behaviour.hashPolicy);
