/** The last thing that a node does to a packet before it is on the link. */
import { cross } from './crossing.ts';
import { type Family, setDscp } from './header.ts';
import type { Node, Port } from './network.ts';
import type { World } from './world.ts';

/** Forwarded ones and the node's own alike; errors about a packet quote it as it came. */
export function depart(world: World, node: Node, port: Port, family: Family, packet: Uint8Array): void {
  const { remarkDscp } = node.behaviour;
  if (remarkDscp !== null) setDscp(family, packet, remarkDscp);
  cross(world, port, family, packet);
}
