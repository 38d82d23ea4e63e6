/** A packet that is for this node: nobody listens on any port, no protocol but UDP, TCP and ICMP is spoken, echoes come back. */
import { sendEchoReply, sendError, type Visit } from './answer.ts';
import { type Family, type Upper, u16 } from './header.ts';
import { isSumRight } from './icmp.ts';
import type { World } from './world.ts';

const UDP = 17;
const UDP_HEADER = 8;
const ICMP_HEADER = 8;
/** What takes a packet and stays quiet: IGMP, TCP (no reset is made here), fragments, no next header. */
const QUIET: Record<Family['number'], ReadonlySet<number>> = { 4: new Set([2, 6]), 6: new Set([6, 44, 59]) };

export function deliver(world: World, visit: Visit): void {
  const { family, packet } = visit;
  if (family.isFragment(packet)) return; // nothing is put together again here
  const upper = family.upper(packet);
  if (upper.protocol === UDP) deliverUdp(world, visit, upper);
  else if (upper.protocol === family.icmp) deliverIcmp(world, visit, upper);
  else if (!QUIET[family.number].has(upper.protocol)) sendError(world, visit, 'noProtocol', family.number === 6 ? upper.protocolAt : 0);
}

function deliverUdp(world: World, visit: Visit, { at }: Upper): void {
  const { family, packet } = visit;
  const length = at + UDP_HEADER <= packet.length ? u16(packet, at + 4) : 0;
  if (length < UDP_HEADER || at + length > packet.length) return;
  const unsummed = u16(packet, at + 6) === 0; // allowed over IPv4 only (RFC 768, RFC 8200 §8.1)
  if (unsummed ? family.number === 4 : isSumRight(family, packet, at, length, UDP)) sendError(world, visit, 'noPort');
}

function deliverIcmp(world: World, visit: Visit, { at }: Upper): void {
  const { family, packet } = visit;
  const request = family.number === 4 ? 8 : 128;
  if (at + ICMP_HEADER > packet.length || packet[at] !== request) return;
  if (isSumRight(family, packet, at, packet.length - at, family.icmp)) sendEchoReply(world, visit, at);
}
