/** A packet as a tree: every header from the outside in, its checksums held against what they should be, and what is known of the probe. */
import type { PacketSlot } from '../capture/slot.ts';
import { UDP_PROTOCOL } from '../wire/family.ts';
import { uint16, uint32 } from '../wire/fields.ts';
import { type Glance, glance, newGlance } from '../wire/glance.ts';
import { nextHopMtu, quotes, readIcmp, readQuote } from '../wire/icmp.ts';
import { carriesIdentity, isGenuine, quotesIdentity, readSentNs } from '../wire/identity.ts';
import { readLink } from '../wire/link-header.ts';
import { expectedTransport, headerChecksum } from './decode-checksums.ts';
import { isReturn, lineOf } from './decode-line.ts';
import type { Sight } from './decode-sight.ts';
import { addressIn, etherTypeWords, hex, icmpWords, protocolWords, timeText } from './decode-words.ts';
import type { Decoder } from './decoder.ts';
import { printableLines } from './printable.ts';

/** An error may quote an error, and so on: no more of them than this are told. */
const DEEPEST_QUOTE = 8;

/** Lines: the packet's own, as without `-v`, and its headers, indented. */
export function treeOf(slot: PacketSlot, decoder: Decoder): string[] {
  const { sight } = decoder;
  const lines = [`#${sight.number} ${lineOf(slot, sight)}`, `    ${frameText(slot)}`, ...linkLines(slot)];
  if (slot.comment !== null)
    lines.push(
      ...printableLines(slot.comment)
        .split('\n')
        .map((text) => `    comment: ${text}`),
    );
  if (sight.outer.count > 0) packetLines(slot.bytes, sight.outer, decoder, placeOf(sight, sight.outer), 1, lines);
  return lines;
}

function frameText({ end, at, originalLength }: PacketSlot): string {
  const captured = end - at;
  return captured === originalLength ? `${captured} bytes` : `${originalLength} bytes, of which ${captured} were captured`;
}

function linkLines({ bytes, at, end, linkType }: PacketSlot): string[] {
  const { name, source, destination, etherType, tags } = readLink(linkType, bytes.subarray(at, end));
  const parts = [name];
  if (source !== null) parts.push(destination === null ? `from ${source}` : `${source} > ${destination}`);
  for (const tag of tags) parts.push(`VLAN ${tag.id} priority ${tag.priority} (${hex(tag.etherType, 4)})`);
  if (etherType !== null) parts.push(etherTypeWords(etherType));
  return [`    ${parts.join(', ')}`];
}

/** Where in its itinerary a packet's headers stand: the index of its first layer, and how many there were. */
interface Place {
  readonly first: number;
  readonly layers: number;
  readonly sight: Sight;
}

function placeOf(sight: Sight, seen: Glance): Place | null {
  if (sight.shape === null || sight.kind === 'foreign') return null;
  if (seen === sight.outer && sight.quoteAt >= 0) return null; // the answer's own header is none of the itinerary's
  if (seen === sight.outer && sight.kind === 'answered') return null;
  const first = sight.shape.lengths.indexOf(seen.length[0]!);
  return first < 0 ? null : { first, layers: sight.shape.layers, sight };
}

function packetLines(bytes: Uint8Array, seen: Glance, decoder: Decoder, place: Place | null, depth: number, lines: string[]): void {
  for (let i = 0; i < seen.count; i += 1) {
    const at = seen.at[i]!;
    lines.push(`${indent(depth + i)}${bytes[at]! >> 4 === 6 ? ipv6Text(bytes, at) : ipv4Text(bytes, at)}${layerText(place, i)}`);
  }
  bodyLines(bytes, seen, decoder, depth + seen.count, lines);
}

/** However deep, a line begins within the screen. */
const indent = (depth: number): string => '  '.repeat(2 + Math.min(depth, 20));

function layerText(place: Place | null, index: number): string {
  if (place === null) return '';
  const layer = place.first + index;
  const leg = Math.min(layer, place.sight.shape!.legs - 1);
  const way = isReturn({ ...place.sight, leg }) ? ' return' : '';
  return `  <- layer ${layer + 1} of ${place.layers}, leg ${leg + 1}${way}`;
}

const right = (found: number, expected: number | null): string =>
  expected === null
    ? `${hex(found, 4)} (not checked)`
    : found === expected
      ? `${hex(found, 4)} (right)`
      : `${hex(found, 4)} (wrong: should be ${hex(expected, 4)})`;

function ipv4Text(bytes: Uint8Array, at: number): string {
  const flags = uint16(bytes, at + 6);
  const headerLength = (bytes[at]! & 0x0f) * 4;
  const parts = [
    `IPv4 ${addressIn(bytes, at + 12, false)} > ${addressIn(bytes, at + 16, false)}`,
    `ttl ${bytes[at + 8]}`,
    trafficText(bytes[at + 1]!),
    `ID ${uint16(bytes, at + 4)}`,
    `length ${uint16(bytes, at + 2)}`,
  ];
  if (headerLength > 20) parts.push(`${headerLength - 20} bytes of options`);
  if ((flags & 0x4000) !== 0) parts.push('DF');
  if ((flags & 0x3fff) !== 0) parts.push(`fragment at ${(flags & 0x1fff) * 8}${(flags & 0x2000) !== 0 ? ', more follow' : ''}`);
  parts.push(protocolWords(bytes[at + 9]!), `checksum ${right(uint16(bytes, at + 10), headerChecksum(bytes, at))}`);
  return parts.join(', ');
}

function ipv6Text(bytes: Uint8Array, at: number): string {
  return [
    `IPv6 ${addressIn(bytes, at + 8, true)} > ${addressIn(bytes, at + 24, true)}`,
    `hop limit ${bytes[at + 7]}`,
    trafficText((uint16(bytes, at) >> 4) & 0xff),
    `flow label ${hex(uint32(bytes, at) & 0xfffff, 5)}`,
    `length ${40 + uint16(bytes, at + 4)}`,
    protocolWords(bytes[at + 6]!),
  ].join(', ');
}

const trafficText = (byte: number): string => `DSCP ${byte >> 2}, ECN ${byte & 3}`;

function bodyLines(bytes: Uint8Array, seen: Glance, decoder: Decoder, depth: number, lines: string[]): void {
  const { bodyAt, end, protocol, fragment } = seen;
  const length = end - bodyAt;
  const isV6 = bytes[seen.at[seen.count - 1]!]! >> 4 === 6;
  if (fragment || length < 8) {
    lines.push(`${indent(depth)}${fragment ? 'a later part of ' : ''}${protocolWords(protocol)}, ${Math.max(0, length)} bytes`);
  } else if (protocol === UDP_PROTOCOL) {
    const checksum = right(uint16(bytes, bodyAt + 6), expectedTransport(bytes, seen, bodyAt + 6));
    const ports = `${uint16(bytes, bodyAt)} > ${uint16(bytes, bodyAt + 2)}`;
    lines.push(`${indent(depth)}UDP ${ports}, length ${uint16(bytes, bodyAt + 4)}, checksum ${checksum}`);
    payloadLines(bytes, bodyAt + 8, end, decoder, depth + 1, lines);
  } else if (protocol === (isV6 ? 58 : 1)) {
    icmpLines(bytes, seen, isV6 ? 6 : 4, decoder, depth, lines);
  } else {
    lines.push(`${indent(depth)}${protocolWords(protocol)}, ${length} bytes`);
  }
}

function icmpLines(bytes: Uint8Array, seen: Glance, family: 4 | 6, decoder: Decoder, depth: number, lines: string[]): void {
  const { bodyAt, end } = seen;
  const [type, code] = [bytes[bodyAt]!, bytes[bodyAt + 1]!];
  const parts = [`ICMP${family === 6 ? 'v6' : ''} ${icmpWords(family === 6, type, code)} (type ${type}, code ${code})`];
  const read = readIcmp(bytes.subarray(bodyAt, end), family);
  const mtu = read.ok ? nextHopMtu(read.header) : null;
  if (mtu !== null) parts.push(`next-hop MTU ${mtu}`);
  if (!quotes(family, type)) parts.push(`identifier ${uint16(bytes, bodyAt + 4)}, sequence ${uint16(bytes, bodyAt + 6)}`);
  parts.push(`checksum ${right(uint16(bytes, bodyAt + 2), expectedTransport(bytes, seen, bodyAt + 2))}`);
  lines.push(`${indent(depth)}${parts.join(', ')}`);
  if (quotes(family, type)) quoteLines(bytes, seen, family, decoder, depth + 1, lines);
  else payloadLines(bytes, bodyAt + 8, end, decoder, depth + 1, lines);
}

function quoteLines(bytes: Uint8Array, seen: Glance, family: 4 | 6, decoder: Decoder, depth: number, lines: string[]): void {
  const { packet, extensions } = readQuote(bytes.subarray(seen.bodyAt, seen.end), family);
  const at = packet.byteOffset - bytes.byteOffset;
  const { sight } = decoder;
  const isFirst = at === sight.quoteAt;
  const quote = newGlance(Math.ceil(packet.length / 20));
  const nested = lines.filter((line) => line.includes('quoting ')).length;
  lines.push(`${indent(depth)}quoting ${packet.length} bytes${quoteNote(isFirst, sight)}`);
  if (nested >= DEEPEST_QUOTE) lines.push(`${indent(depth + 1)}…`);
  else if (!glance(bytes, at, at + packet.length, quote)) lines.push(`${indent(depth + 1)}no whole header`);
  else packetLines(bytes, quote, decoder, isFirst ? placeOf(sight, quote) : null, depth + 1, lines);
  for (const object of extensions) {
    if (object.kind === 'other')
      lines.push(`${indent(depth)}extension of class ${object.classNumber}, type ${object.classType}, ${object.bytes.length} bytes`);
    else
      for (const { label, trafficClass, bottom, ttl } of object.labels) {
        lines.push(`${indent(depth)}MPLS label ${label}, traffic class ${trafficClass}, ttl ${ttl}${bottom ? ', bottom of stack' : ''}`);
      }
  }
}

function quoteNote(isFirst: boolean, sight: Sight): string {
  if (!isFirst || sight.sequence < 0) return '';
  return `, of probe ${sight.sequence}`;
}

function payloadLines(bytes: Uint8Array, at: number, end: number, decoder: Decoder, depth: number, lines: string[]): void {
  if (end <= at) return;
  if (!quotesIdentity(bytes, at, end)) {
    lines.push(`${indent(depth)}${end - at} bytes of payload`);
    return;
  }
  const run = decoder.runs.of(uint32(bytes, at + 8));
  const tag = run.key === null ? 'not checked: the recording has no key' : isGenuine(bytes, at, run.key) ? 'right' : 'wrong';
  const sent = carriesIdentity(bytes, at, end) ? `sent ${sentText(readSentNs(bytes, at))}` : 'its time cut off';
  lines.push(
    `${indent(depth)}braceroute probe ${uint32(bytes, at + 16)}, path ${uint32(bytes, at + 12)}, run ${hex(run.number, 8)}, tag ${tag}, ${sent}, ${end - at} bytes`,
  );
}

const sentText = (sentNs: bigint): string => timeText(Number(sentNs / 1_000_000_000n), Number(sentNs % 1_000_000_000n));
