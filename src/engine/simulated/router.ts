/** What a node does with a packet that comes in: strip its own outer headers, take it, or hand it on (as Linux 6.18 does). */
import { sendError, type Visit } from './answer.ts';
import { isInvalid, remember } from './conntrack.ts';
import { mtuOf } from './crossing.ts';
import { decapsulated } from './decapsulate.ts';
import { deliver } from './deliver.ts';
import { depart } from './depart.ts';
import { decrementTtl, destination, type Family, isMulticast, isUnroutable, source, u16 } from './header.ts';
import { mayTellNoRoute } from './limits.ts';
import type { Node, Port, Way } from './network.ts';
import { redirect4, redirect6 } from './redirect.ts';
import { hashOf, isBroadcast, isNobodys, ownAddress, portFor, waysTo } from './way.ts';
import { nodeAt, type World } from './world.ts';

/** Three questions, a second each, until a neighbour is given up. */
const UNRESOLVED_NS = 3e9;

export function visit(world: World, port: Port, outerFamily: Family, outer: Uint8Array): void {
  const node = nodeAt(world, port);
  const left = decapsulated(world, port, { family: outerFamily, bytes: outer });
  const packet = left?.family.whole(left.bytes);
  if (!left || !packet || isMartian(node, left.family, packet)) return;
  const arrived = { port, family: left.family, packet };
  if (!ownAddress(node, left.family, destination(left.family, packet))) forward(world, node, arrived);
  else take(world, node, arrived);
}

function take(world: World, node: Node, arrived: Visit): void {
  if (tracks(node)) remember(node.flows, arrived.family, arrived.packet, world.nowNs);
  deliver(world, arrived);
}

const tracks = ({ behaviour }: Node): boolean => behaviour.filters.includes('ct-invalid');

/** Addresses that no packet may carry; over IPv4 also the node's own as source, unless it accepts them. */
function isMartian(node: Node, family: Family, packet: Uint8Array): boolean {
  if (isMulticast(family, packet, family.sourceAt) || isMulticast(family, packet, family.destinationAt)) return true;
  if (isUnroutable(family, packet, family.destinationAt) || isUnroutable(family, packet, family.sourceAt)) return true;
  return family.number === 4 && !node.behaviour.acceptLocal && node.own.has(source(family, packet));
}

function forward(world: World, node: Node, arrived: Visit): void {
  const { family, packet } = arrived;
  const way = waysTo(node, family, destination(family, packet));
  if (way === null) tellNoRoute(world, node, arrived);
  else if (node.topology.vantage || isBroadcast(way, family, destination(family, packet))) return;
  else if (packet[family.ttlAt]! <= 1) sendError(world, arrived, 'timeExceeded');
  else handOn(world, node, arrived, way);
}

function handOn(world: World, node: Node, arrived: Visit, way: Way): void {
  const { port, family, packet } = arrived;
  const out = portFor(way, hashOf(node, family, packet));
  if (out === port && family.number === 6) redirect6(world, arrived, way);
  if (packet.length > mtuOf(out.out)) {
    tellTooBig(world, arrived, mtuOf(out.out));
    return;
  }
  decrementTtl(family, packet);
  if (out === port && family.number === 4) redirect4(world, arrived, way);
  if (tracks(node)) {
    if (isInvalid(node.flows, family, packet, world.nowNs)) return;
    remember(node.flows, family, packet, world.nowNs);
  }
  if (isNobodys(way, out, family, packet))
    world.agenda.enter({ atNs: world.nowNs + UNRESOLVED_NS, kind: 'unresolved', port, family, packet });
  else depart(world, node, out, family, packet);
}

/** A host keeps quiet over IPv4; over IPv6 the kernel lets it tell. */
function tellNoRoute(world: World, node: Node, arrived: Visit): void {
  const { family, packet } = arrived;
  const silent = family.number === 4 && (node.topology.vantage || !mayTellNoRoute(node.buckets, source(family, packet), world.nowNs));
  if (!silent) sendError(world, arrived, 'noRoute');
}

/** Without DF an IPv4 router would cut the packet in pieces: not made here, it is lost. */
function tellTooBig(world: World, arrived: Visit, mtu: number): void {
  if (arrived.family.number === 6 || u16(arrived.packet, 6) & 0x4000) sendError(world, arrived, 'tooBig', mtu);
}
