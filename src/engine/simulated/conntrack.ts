/** A router that remembers the flows which passed it, and drops what it then calls invalid (net/netfilter/nf_conntrack_proto_*.c). */
import { destinationBytes, type Family, sourceBytes, type Upper, u16 } from './header.ts';
import { isSumRight } from './icmp.ts';

/** Flow → when it was last seen, in either direction. */
export type Flows = Map<string, number>;

const UDP = 17;
const TCP = 6;
/** How long the kernel remembers a flow that nobody answers; other protocols ten minutes. TCP does not occur here. */
const REMEMBERED_NS: Readonly<Record<number, number>> = { 1: 30e9, 17: 30e9, 58: 30e9 };
const OTHERS_NS = 600e9;

const ECHO = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;
const ERROR_TYPES = { 4: [3, 4, 5, 11, 12], 6: [1, 2, 3, 4] } as const satisfies Record<Family['number'], readonly number[]>;
const ICMP_HEADER = 8;

/** A packet that the router has handed on or taken; errors belong to the flow that they quote. */
export function remember(flows: Flows, family: Family, packet: Uint8Array, nowNs: number): void {
  const upper = family.upper(packet);
  if (upper.protocol !== family.icmp || isEcho(family, packet[upper.at])) flows.set(flowOf(family, packet, upper), nowNs);
}

/** Before it is remembered itself. */
export function isInvalid(flows: Flows, family: Family, packet: Uint8Array, nowNs: number): boolean {
  const upper = family.upper(packet);
  if (family.isFragment(packet)) return false; // the kernel would put it together first
  if (upper.protocol === UDP)
    return u16(packet, upper.at + 6) !== 0 && !isSumRight(family, packet, upper.at, u16(packet, upper.at + 4), UDP);
  if (upper.protocol !== family.icmp) return false;
  if (!isSumRight(family, packet, upper.at, packet.length - upper.at, family.icmp)) return true;
  const type = packet[upper.at]!;
  if (type === ECHO[family.number].reply) return !knows(flows, family, packet, nowNs);
  return (
    (ERROR_TYPES[family.number] as readonly number[]).includes(type) &&
    !knows(flows, family, packet.subarray(upper.at + ICMP_HEADER), nowNs)
  );
}

function knows(flows: Flows, family: Family, packet: Uint8Array, nowNs: number): boolean {
  if (packet.length < family.headerLength) return false;
  const upper = family.upper(packet);
  const seenNs = flows.get(flowOf(family, packet, upper));
  return seenNs !== undefined && nowNs - seenNs < (REMEMBERED_NS[upper.protocol] ?? OTHERS_NS);
}

const isEcho = (family: Family, type: number | undefined): boolean =>
  type === ECHO[family.number].request || type === ECHO[family.number].reply;

/** The same for both directions: protocol and the two ends in a fixed order, each with its port or the echo's identifier. */
function flowOf(family: Family, packet: Uint8Array, { protocol, at }: Upper): string {
  const marks = protocol === UDP || protocol === TCP ? [at, at + 2] : protocol === family.icmp ? [at + 4, at + 4] : [];
  const ends = [sourceBytes(family, packet), destinationBytes(family, packet)].map(
    (address, i) => `${[...address]}/${marks[i] === undefined ? '' : u16(packet, marks[i])}`,
  );
  return [protocol, ...ends.sort()].join(' ');
}
