/** Errors and echo replies: who is told what, from which address, and whether at all (net/ipv4/icmp.c, net/ipv6/icmp.c). */
import type { FamilyNumber } from '../../wire/address.ts';
import { mtuOf } from './crossing.ts';
import { depart } from './depart.ts';
import { mix32 } from './flow.ts';
import { destination, destinationBytes, type Family, isMulticast, source, sourceBytes, u16 } from './header.ts';
import { errorClass, icmpPacket, OWN_TTL, quoteOf, trafficClass } from './icmp.ts';
import { mayAnswer } from './limits.ts';
import type { Node, Port } from './network.ts';
import { fits } from './policer.ts';
import { hashOf, ownAddress, portFor, waysTo } from './way.ts';
import { nodeAt, type World } from './world.ts';

/** A packet and the port by which it came into the node. */
export interface Visit {
  readonly port: Port;
  readonly family: Family;
  readonly packet: Uint8Array;
}

export type ErrorKind = 'timeExceeded' | 'noRoute' | 'noHost' | 'noProtocol' | 'noPort' | 'tooBig' | 'redirect';

/** ICMP and ICMPv6 type and code. */
export const ERRORS: Readonly<Record<ErrorKind, Readonly<Record<FamilyNumber, readonly [type: number, code: number]>>>> = {
  timeExceeded: { 4: [11, 0], 6: [3, 0] },
  noRoute: { 4: [3, 0], 6: [1, 0] },
  noHost: { 4: [3, 1], 6: [1, 3] },
  noProtocol: { 4: [3, 2], 6: [4, 1] },
  noPort: { 4: [3, 3], 6: [1, 4] },
  tooBig: { 4: [3, 4], 6: [2, 0] },
  redirect: { 4: [5, 1], 6: [137, 0] },
};

/** Tells the sender, if it may be told. `rest`: the next hop's MTU, a pointer or a gateway. */
export function sendError(world: World, visit: Visit, kind: ErrorKind, rest = 0): void {
  const { port, family, packet } = visit;
  const node = nodeAt(world, port);
  if (!mayBeTold(family, packet) || (node.topology.silent && kind === 'timeExceeded')) return;
  const [type, code] = ERRORS[kind][family.number];
  const from = errorSource(node, visit);
  if (from === null) return;
  const message = { family: family.number, type, code, to: source(family, packet) };
  if (!mayAnswer(node.buckets, world.limits, message, world.nowNs, world.random.fraction)) return;
  if (kind !== 'redirect' && isPoliced(node, world.nowNs)) return;
  const headers = { trafficClass: errorClass(family, packet), type, code, rest, body: quoteOf(family, packet) };
  sendOwn(world, node, visit, icmpPacket(family, { ...headers, ...ownHeader(node, family, from, sourceBytes(family, packet)) }));
}

const isPoliced = ({ behaviour: { icmpPolicer }, policed }: Node, nowNs: number): boolean =>
  icmpPolicer !== null && !fits(policed, icmpPolicer, nowNs);

/** From the address that was asked; the identifier and the sequence number travel back with the rest. */
export function sendEchoReply(world: World, visit: Visit, at: number): void {
  const { port, family, packet } = visit;
  const node = nodeAt(world, port);
  const headers = { trafficClass: trafficClass(family, packet), type: family.number === 4 ? 0 : 129, code: 0 };
  const echoed = { rest: u16(packet, at + 4) * 0x10000 + u16(packet, at + 6), body: packet.subarray(at + 8) };
  sendOwn(
    world,
    node,
    visit,
    icmpPacket(family, {
      ...headers,
      ...echoed,
      ...ownHeader(node, family, destinationBytes(family, packet), sourceBytes(family, packet)),
    }),
  );
}

function ownHeader(node: Node, family: Family, from: Uint8Array, to: Uint8Array) {
  if (family.number === 4) node.id = (node.id % 0xffff) + 1;
  const flowLabel = [...from, ...to].reduce(mix32, node.salt) & 0xfffff; // the kernel labels its own flows by a hash
  return { source: from, destination: to, id: node.id, flowLabel, hopLimit: OWN_TTL };
}

/** Sends what the node itself made; what is for itself goes no further than its loopback interface. */
function sendOwn(world: World, node: Node, { family, packet: cause }: Visit, packet: Uint8Array): void {
  const to = destination(family, packet);
  if (ownAddress(node, family, to)) {
    if (node.topology.vantage) world.agenda.enter({ atNs: world.nowNs, kind: 'self', family, packet });
    return;
  }
  const way = waysTo(node, family, to);
  if (way === null) return;
  const out = portFor(way, hashOf(node, family, cause)); // an answer takes the way that its cause's hash gives
  if (packet.length <= mtuOf(out.out)) depart(world, node, out, family, packet);
}

/** Never about an ICMP error, a later fragment, or what was sent to or by more than one (RFC 1122 §3.2.2, RFC 4443 §2.4e). */
function mayBeTold(family: Family, packet: Uint8Array): boolean {
  if (isMulticast(family, packet, family.destinationAt) || isMulticast(family, packet, family.sourceAt)) return false;
  if (family.number === 4 && (u16(packet, 6) & 0x1fff) !== 0) return false;
  const { protocol, at } = family.upper(packet);
  return protocol !== family.icmp || !isError(family, packet[at]);
}

/** Unknown ICMP types are taken for errors; over IPv6 the number tells (RFC 4443 §2.1). */
function isError(family: Family, type: number | undefined): boolean {
  if (type === undefined) return true;
  return family.number === 4 ? type > 18 || [3, 4, 5, 11, 12].includes(type) : type < 128;
}

/**
 * The address asked, where it is ours. Else over IPv4 that of the interface by which the answer leaves, over IPv6 that by which the
 * packet came (icmp_errors_use_inbound_ifaddr is 0 in both profiles); a node whose routes prefer its loopback address answers by it.
 */
function errorSource(node: Node, { port, family, packet }: Visit): Uint8Array | null {
  if (node.own.has(destination(family, packet))) return destinationBytes(family, packet); // also one of a link that is down
  const way = waysTo(node, family, source(family, packet));
  if (way === null) return null;
  if (node.topology.source === 'loopback' && !way.onLink) return node.loopback[family.number];
  if (family.number === 6) return port.addresses[6];
  return portFor(way, hashOf(node, family, packet)).addresses[4];
}
