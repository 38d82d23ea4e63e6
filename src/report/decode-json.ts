/** One JSON object a packet (docs/decode.md). Built as text: making an object for `JSON.stringify` would cost three times as much. */
import type { PacketSlot } from '../capture/slot.ts';
import { checksum } from '../wire/checksum.ts';
import { FAMILIES, UDP_PROTOCOL } from '../wire/family.ts';
import { uint16, uint32 } from '../wire/fields.ts';
import { type Glance, glance, newGlance } from '../wire/glance.ts';
import { nextHopMtu, readIcmp, readQuote } from '../wire/icmp.ts';
import { expectedTransport, headerChecksum } from './decode-checksums.ts';
import { isReturn } from './decode-line.ts';
import type { Sight } from './decode-sight.ts';
import { addressIn, nineDigits } from './decode-words.ts';

export const DECODE_VERSION = 1;

export function jsonOf(slot: PacketSlot, sight: Sight): string {
  const { bytes } = slot;
  let text = `{"v":${DECODE_VERSION},"type":"packet","timeMs":${timeMs(slot)},"number":${sight.number},"interface":${quotedName(slot.interface)}`;
  text += `,"direction":${sight.direction === null ? 'null' : sight.direction === 'inbound' ? '"in"' : '"out"'}`;
  text += `,"length":${slot.originalLength},"captured":${slot.end - slot.at},"linkType":${slot.linkType}`;
  text += `,"comment":${slot.comment === null ? 'null' : JSON.stringify(slot.comment)},"kind":"${sight.kind}","probe":${probeJson(sight)}`;
  text += `,"layers":${layersJson(bytes, sight.outer)},"body":${bodyJson(bytes, sight.outer)},"quote":${quoteJson(bytes, sight)}}`;
  return text;
}

/** Exact in decimal, though few readers' numbers are. Null where the file gives no time. */
function timeMs({ seconds, nanoseconds }: PacketSlot): string {
  if (seconds === 0 && nanoseconds === 0) return 'null';
  if (seconds <= 0) return String(seconds * 1000 + nanoseconds / 1e6);
  const digits = nineDigits(nanoseconds);
  return `${seconds}${digits.slice(0, 3)}.${digits.slice(3)}`;
}

let lastName: string | null = null;
let lastQuoted = 'null';

function quotedName(name: string | null): string {
  if (name !== lastName) {
    lastName = name;
    lastQuoted = JSON.stringify(name);
  }
  return lastQuoted;
}

function probeJson(sight: Sight): string {
  if (sight.sequence < 0) return 'null';
  const { shape, leg } = sight;
  const way = shape === null || leg < 0 ? 'null' : isReturn(sight) ? '"return"' : '"forward"';
  return (
    `{"run":${sight.run},"sequence":${sight.sequence},"path":${sight.path},"hop":${shape === null ? 'null' : shape.hop}` +
    `,"leg":${leg < 0 ? 'null' : leg + 1},"legs":${shape === null ? 'null' : shape.legs},"way":${way}` +
    `,"ageMs":${Number.isNaN(sight.ageNs) ? 'null' : sight.ageNs / 1e6},"grade":${sight.grade === null ? 'null' : `"${sight.grade}"`}}`
  );
}

function layersJson(bytes: Uint8Array, seen: Glance): string {
  let text = '[';
  for (let i = 0; i < seen.count; i += 1) text += (i > 0 ? ',' : '') + layerJson(bytes, seen.at[i]!, seen.length[i]!);
  return `${text}]`;
}

function layerJson(bytes: Uint8Array, at: number, length: number): string {
  return bytes[at]! >> 4 === 6 ? layer6(bytes, at, length) : layer4(bytes, at, length);
}

const PLAIN_FLAGS = 0x4000; // DF and nothing else

function layer4(bytes: Uint8Array, at: number, length: number): string {
  const flags = uint16(bytes, at + 6);
  const found = decimal(uint16(bytes, at + 10));
  const isRight = checksum(bytes, at, at + (bytes[at]! & 0x0f) * 4) === 0;
  return `{"family":4,"source":"${addressIn(bytes, at + 12, false)}","destination":"${addressIn(bytes, at + 16, false)}","ttl":${decimal(bytes[at + 8]!)}${TRAFFIC[bytes[at + 1]!]}${decimal(uint16(bytes, at + 4))},"flowLabel":null,"length":${decimal(length)}${flags === PLAIN_FLAGS ? ALONE : flagsJson(flags)}${decimal(bytes[at + 9]!)},"checksum":${found},"expected":${isRight ? found : headerChecksum(bytes, at)}}`;
}

const flagsJson = (flags: number): string =>
  `,"dontFragment":${(flags & 0x4000) !== 0},"moreFragments":${(flags & 0x2000) !== 0},"fragmentOffset":${(flags & 0x1fff) * 8},"protocol":`;
const ALONE = flagsJson(PLAIN_FLAGS);

/** By the byte of DSCP and ECN. */
const TRAFFIC: readonly string[] = Array.from({ length: 256 }, (_, byte) => `,"dscp":${byte >> 2},"ecn":${byte & 3},"id":`);

const decimals: (string | undefined)[] = Array<string | undefined>(65_576 + 40).fill(undefined);

/** 16-bit numbers in decimal, each made once. */
function decimal(value: number): string {
  let text = decimals[value];
  if (text === undefined) {
    text = String(value);
    decimals[value] = text;
  }
  return text;
}

function layer6(bytes: Uint8Array, at: number, length: number): string {
  const traffic = (uint16(bytes, at) >> 4) & 0xff;
  return (
    `{"family":6,"source":"${addressIn(bytes, at + 8, true)}","destination":"${addressIn(bytes, at + 24, true)}","ttl":${bytes[at + 7]}` +
    `,"dscp":${traffic >> 2},"ecn":${traffic & 3},"id":null,"flowLabel":${uint32(bytes, at) & 0xfffff},"length":${length}` +
    `,"dontFragment":null,"moreFragments":null,"fragmentOffset":null,"protocol":${bytes[at + 6]},"checksum":null,"expected":null}`
  );
}

/** What follows the innermost header; null where there is none. */
function bodyJson(bytes: Uint8Array, seen: Glance): string {
  if (seen.count === 0) return 'null';
  const length = seen.end - seen.bodyAt;
  const last = seen.at[seen.count - 1]!;
  const isV6 = bytes[last]! >> 4 === 6;
  if (!seen.fragment && length >= 8) {
    if (seen.protocol === UDP_PROTOCOL) return udpJson(bytes, seen);
    if (seen.protocol === FAMILIES[isV6 ? 6 : 4].icmpProtocol) return icmpJson(bytes, seen, isV6 ? 6 : 4);
  }
  return `{"kind":"other","protocol":${seen.protocol},"fragment":${seen.fragment},"length":${length}}`;
}

function udpJson(bytes: Uint8Array, seen: Glance): string {
  const at = seen.bodyAt;
  return (
    `{"kind":"udp","sourcePort":${uint16(bytes, at)},"destinationPort":${uint16(bytes, at + 2)},"length":${uint16(bytes, at + 4)}` +
    `,"checksum":${uint16(bytes, at + 6)},"expected":${expectedTransport(bytes, seen, at + 6)}}`
  );
}

function icmpJson(bytes: Uint8Array, seen: Glance, family: 4 | 6): string {
  const at = seen.bodyAt;
  const read = readIcmp(bytes.subarray(at, at + 8), family);
  const mtu = read.ok ? nextHopMtu(read.header) : null;
  return (
    `{"kind":"icmp","icmpType":${bytes[at]},"code":${bytes[at + 1]},"mtu":${mtu}` +
    `,"checksum":${uint16(bytes, at + 2)},"expected":${expectedTransport(bytes, seen, at + 2)}}`
  );
}

const spare = newGlance();

function quoteJson(bytes: Uint8Array, sight: Sight): string {
  if (sight.quoteAt < 0) return 'null';
  const seen = sight.quote.count > 0 ? sight.quote : spare;
  if (seen === spare) glance(bytes, sight.quoteAt, sight.quoteEnd, spare); // of a nested error, which is no answer to us
  const { layers, body } = { layers: layersJson(bytes, seen), body: bodyJson(bytes, seen) };
  return `{"length":${sight.quoteEnd - sight.quoteAt},"layers":${layers},"body":${body},"labels":${labelsJson(bytes, sight)}}`;
}

/** MPLS labels that the router added behind the quote (RFC 4950), outermost first. */
function labelsJson(bytes: Uint8Array, sight: Sight): string {
  const { outer } = sight;
  if (sight.quoteEnd === outer.end) return '[]';
  const family = outer.protocol === 58 ? 6 : 4;
  const { extensions } = readQuote(bytes.subarray(outer.bodyAt, outer.end), family);
  const labels = extensions.flatMap((object) => (object.kind === 'mpls' ? object.labels : []));
  return JSON.stringify(labels);
}
