/** What a node does with a packet that comes in: strip its own outer headers, take it, or hand it on (as Linux 6.18 does). */
import { sendError, type Visit } from './answer.ts';
import { cross } from './crossing.ts';
import { deliver } from './deliver.ts';
import { decrementTtl, destination, type Family, innerFamily, isMulticast, isUnroutable, source, u16 } from './header.ts';
import { mayTellNoRoute } from './limits.ts';
import type { Node, Port, Way } from './network.ts';
import { redirect4, redirect6 } from './redirect.ts';
import { hashOf, isBroadcast, isNobodys, ownAddress, portFor, waysTo } from './way.ts';
import { nodeAt, type World } from './world.ts';

/** As many of its own headers as a router strips at one visit. */
const MOST_LAYERS = 8;
/** Three questions, a second each, until a neighbour is given up. */
const UNRESOLVED_NS = 3e9;

export function visit(world: World, port: Port, outerFamily: Family, outer: Uint8Array): void {
  const node = nodeAt(world, port);
  const { family, bytes } = node.topology.decapsulates ? decapsulated(node, outerFamily, outer) : { family: outerFamily, bytes: outer };
  const packet = family.whole(bytes);
  if (packet === null || isMartian(node, family, packet)) return;
  const arrived = { port, family, packet };
  if (ownAddress(node, family, destination(family, packet))) deliver(world, arrived);
  else forward(world, node, arrived);
}

/** RFC 2003 and RFC 2473 in any mix. A header with options, of a fragment or with a wrong checksum is left to the node itself. */
function decapsulated(node: Node, outerFamily: Family, outer: Uint8Array): { family: Family; bytes: Uint8Array } {
  let [family, bytes] = [outerFamily, outer];
  for (let layer = 0; layer < MOST_LAYERS; layer += 1) {
    const inner = isStrippable(family, bytes) ? innerFamily(bytes[family.protocolAt]!) : null;
    const own = inner && node.own.get(destination(family, bytes));
    if (!inner || !own || own.anycast) break;
    own.decapsulated += 1;
    bytes = bytes.subarray(family.headerLength);
    family = inner;
  }
  return { family, bytes };
}

const isStrippable = (family: Family, bytes: Uint8Array): boolean =>
  family.whole(bytes) !== null && (family.number === 6 || (bytes[0] === 0x45 && !family.isFragment(bytes)));

/** Addresses that no packet may carry; over IPv4 also the node's own as source (accept_local 0). */
function isMartian(node: Node, family: Family, packet: Uint8Array): boolean {
  if (isMulticast(family, packet, family.sourceAt) || isMulticast(family, packet, family.destinationAt)) return true;
  if (isUnroutable(family, packet, family.destinationAt) || isUnroutable(family, packet, family.sourceAt)) return true;
  return family.number === 4 && node.own.has(source(family, packet));
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
  const out = portFor(way, hashOf(world, node, family, packet));
  if (out === port && family.number === 6) redirect6(world, arrived, way);
  if (packet.length > out.out.link.mtu) {
    tellTooBig(world, arrived, out.out.link.mtu);
    return;
  }
  decrementTtl(family, packet);
  if (out === port && family.number === 4) redirect4(world, arrived, way);
  if (isNobodys(way, out, family, packet))
    world.agenda.enter({ atNs: world.nowNs + UNRESOLVED_NS, kind: 'unresolved', port, family, packet });
  else cross(world, out, family, packet);
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
