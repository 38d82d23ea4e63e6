/** A packet that leaves by the port it came in on: its sender, if on that link, is told of the shorter way. */
import { ERRORS, sendError, type Visit } from './answer.ts';
import { depart } from './depart.ts';
import { destination, destinationBytes, put16, source, sourceBytes, u32 } from './header.ts';
import { icmpPacket } from './icmp.ts';
import { mayRedirect4, mayRedirect6 } from './limits.ts';
import type { Way } from './network.ts';
import { nodeAt, type World } from './world.ts';

/** After the ttl was decremented, and the quote shows that. The gateway is the next hop, or the destination itself on the link. */
export function redirect4(world: World, visit: Visit, way: Way): void {
  const { port, family, packet } = visit;
  const from = source(family, packet);
  if (!world.limits.redirects4 || family.subnet(from) !== family.subnet(port.keys[4])) return;
  if (!mayRedirect4(nodeAt(world, port).buckets, from, world.nowNs)) return;
  const gateway = way.onLink ? destinationBytes(family, packet) : port.out.far.addresses[4];
  sendError(world, visit, 'redirect', u32(gateway, 0));
}

/**
 * ICMPv6 137 (RFC 4861 §4.5), in every profile: no sysctl stops it. Only about a destination on the link itself: routers here have
 * no link-local next hops, and the kernel names no others.
 */
export function redirect6(world: World, visit: Visit, way: Way): void {
  const { port, family, packet } = visit;
  const [to, from] = [destination(family, packet), source(family, packet)];
  const node = nodeAt(world, port);
  const { buckets } = node;
  if (!mayRedirect6(buckets, to, world.nowNs)) return; // the kernel draws this before it looks whether it has something to tell
  if (!way.onLink || family.subnet(from) !== family.subnet(port.keys[6]) || !mayRedirect6(buckets, from, world.nowNs)) return;
  const [type, code] = ERRORS.redirect[6];
  const headers = {
    source: linkLocal(port.mac),
    destination: sourceBytes(family, packet),
    trafficClass: 0,
    id: 0,
    flowLabel: 0,
    hopLimit: 255,
  };
  depart(world, node, port, family, icmpPacket(family, { ...headers, type, code, rest: 0, body: redirectBody(visit) }));
}

const LINK_LAYER_OPTION = 8;
const REDIRECTED_OPTION = 8;

/** Target and destination (both the destination), its MAC address (option 2) and as much of the packet as fits (option 4). */
function redirectBody({ port, packet, family }: Visit): Uint8Array {
  const to = destinationBytes(family, packet);
  const room = 1280 - 40 - 8 - 32 - LINK_LAYER_OPTION;
  const quoted = Math.min(room, packet.length + REDIRECTED_OPTION) & ~7;
  const body = new Uint8Array(32 + LINK_LAYER_OPTION + quoted);
  body.set(to, 0);
  body.set(to, 16);
  body.set([2, 1, ...port.out.far.mac], 32);
  body.set([4, quoted >> 3], 40);
  body.set(packet.subarray(0, quoted - REDIRECTED_OPTION), 48);
  return body;
}

/** fe80:: and the interface's MAC address as EUI-64 (RFC 4291 §2.5.1). */
function linkLocal(mac: Uint8Array): Uint8Array {
  const address = new Uint8Array(16);
  put16(address, 0, 0xfe80);
  address.set([mac[0]! ^ 2, mac[1]!, mac[2]!, 0xff, 0xfe, mac[3]!, mac[4]!, mac[5]!], 8);
  return address;
}
