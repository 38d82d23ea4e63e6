/** One line a packet, in tcpdump's words, and behind a bar what is known of the probe. */
import type { PacketSlot } from '../capture/slot.ts';
import { UDP_PROTOCOL } from '../wire/family.ts';
import { uint16 } from '../wire/fields.ts';
import { type Glance, glance, newGlance } from '../wire/glance.ts';
import { quotes } from '../wire/icmp.ts';
import { linkTypeName, readLink } from '../wire/link-header.ts';
import type { Sight } from './decode-sight.ts';
import { addressIn, ageText, etherTypeWords, icmpWords, printableName, protocolWords, timeText } from './decode-words.ts';

const TCP = 6;
const DIRECTIONS = { inbound: 'In ', outbound: 'Out' } as const;

export function lineOf(slot: PacketSlot, sight: Sight): string {
  const time = slot.seconds === 0 && slot.nanoseconds === 0 ? '(no time)' : timeText(slot.seconds, slot.nanoseconds);
  const name = slot.interface === null ? '' : `${printableName(slot.interface)} `;
  const direction = sight.direction === null ? '' : `${DIRECTIONS[sight.direction]} `;
  return `${time} ${name}${direction}${packetText(slot, sight)}${probeText(sight)}`;
}

function packetText(slot: PacketSlot, sight: Sight): string {
  if (sight.outer.count === 0) return foreignText(slot, sight);
  return stackText(slot.bytes, sight.outer, sight);
}

/** The headers from the outside in; of an error also those that it quotes. */
function stackText(bytes: Uint8Array, seen: Glance, sight: Sight | null): string {
  let text = '';
  for (let i = 0; i < seen.count - 1; i += 1) text += `${headText(bytes, seen.at[i]!)}${between(bytes, seen.at[i]!, '', '')}: `;
  const last = seen.at[seen.count - 1]!;
  const length = seen.end - seen.bodyAt;
  const hasPorts = !seen.fragment && (seen.protocol === UDP_PROTOCOL || seen.protocol === TCP) && length >= 4;
  const [from, to] = hasPorts ? [`.${uint16(bytes, seen.bodyAt)}`, `.${uint16(bytes, seen.bodyAt + 2)}`] : ['', ''];
  text += `${headText(bytes, last)}${between(bytes, last, from, to)}: `;
  if (seen.fragment) return `${text}fragment of ${protocolWords(seen.protocol)}, length ${length}`;
  if (seen.protocol === UDP_PROTOCOL && length >= 8) return `${text}UDP, length ${uint16(bytes, seen.bodyAt + 4) - 8}`;
  const isIcmp = seen.protocol === (isV6(bytes, last) ? 58 : 1);
  return isIcmp && length >= 8 ? text + icmpText(bytes, seen, sight) : `${text}${protocolWords(seen.protocol)}, length ${length}`;
}

const isV6 = (bytes: Uint8Array, at: number): boolean => bytes[at]! >> 4 === 6;
const headText = (bytes: Uint8Array, at: number): string => (isV6(bytes, at) ? 'IP6 ' : 'IP ');

function between(bytes: Uint8Array, at: number, from: string, to: string): string {
  const six = isV6(bytes, at);
  return `${addressIn(bytes, at + (six ? 8 : 12), six)}${from} > ${addressIn(bytes, at + (six ? 24 : 16), six)}${to}`;
}

function icmpText(bytes: Uint8Array, seen: Glance, sight: Sight | null): string {
  const six = isV6(bytes, seen.at[seen.count - 1]!);
  const [type, code] = [bytes[seen.bodyAt]!, bytes[seen.bodyAt + 1]!];
  const text = `ICMP${six ? '6' : ''} ${icmpWords(six, type, code)} (${type}/${code}), length ${seen.end - seen.bodyAt}`;
  if (!quotes(six ? 6 : 4, type)) return text;
  return `${text}, about ${quoteText(bytes, sight)}`;
}

const spare = newGlance();

/** Of a quote within a quote no more is told. */
function quoteText(bytes: Uint8Array, sight: Sight | null): string {
  if (sight === null) return '…';
  if (sight.quote.count > 0) return stackText(bytes, sight.quote, null);
  const found = sight.quoteAt >= 0 && glance(bytes, sight.quoteAt, sight.quoteEnd, spare);
  return found ? stackText(bytes, spare, null) : 'nothing readable';
}

function foreignText(slot: PacketSlot, sight: Sight): string {
  const frame = slot.bytes.subarray(slot.at, slot.end);
  const { etherType, name } = readLink(slot.linkType, frame);
  const length = `length ${slot.originalLength}`;
  if (sight.networkAt >= 0) return `IP, but no whole header, ${length}`;
  return etherType === null
    ? `${linkTypeName(slot.linkType) === name ? name : 'frame'}, no IP packet, ${length}`
    : `${etherTypeWords(etherType)}, ${length}`;
}

/** Empty for a packet that is none of ours. */
export function probeText(sight: Sight): string {
  if (sight.kind === 'foreign') return '';
  if (sight.sequence < 0) return ` | a probe of ours, ${sight.kind}`;
  const { shape } = sight;
  const parts = [`probe ${sight.sequence} ${sight.kind}`, `path ${sight.path}`];
  if (shape !== null) parts.push(`hop ${shape.hop}`);
  if (shape !== null && sight.leg >= 0) parts.push(`leg ${sight.leg + 1}/${shape.legs}${isReturn(sight) ? ' return' : ''}`);
  if (!Number.isNaN(sight.ageNs)) parts.push(ageText(sight.ageNs));
  if (sight.grade !== null) parts.push(sight.grade);
  return ` | ${parts.join(', ')}`;
}

/** Past the middle of what comes home, all goes back. */
export const isReturn = ({ shape, leg }: Sight): boolean => shape !== null && shape.landing > 0 && leg >= shape.legs / 2;
