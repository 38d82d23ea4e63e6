/**
 * One JSON object a packet (docs/decode.md), as bytes: objects for `JSON.stringify` would cost ten times as much. What stands between the
 * numbers that change from packet to packet comes again and again, and is kept in pieces.
 */
import type { PacketSlot } from '../capture/slot.ts';
import { FAMILIES, UDP_PROTOCOL } from '../wire/family.ts';
import { uint16, uint32 } from '../wire/fields.ts';
import { type Glance, glance, newGlance } from '../wire/glance.ts';
import { nextHopMtu, readIcmp, readQuote } from '../wire/icmp.ts';
import { expectedTransport } from './decode-checksums.ts';
import { putLayer } from './decode-json-layer.ts';
import { isReturn } from './decode-line.ts';
import type { Sight } from './decode-sight.ts';
import { newPage, type Page, piece, put, putByte, putDigits, putMilliseconds, putNumber, putText, turn } from './page.ts';
import { createPieces, wordNumber } from './pieces.ts';

export const DECODE_VERSION = 1;

const [COMMA, CLOSE] = [0x2c, 0x7d];
const NULL = piece('null');
const CAPTURED = piece(',"captured":');
const LAYERS = piece(',"layers":[');
const NO_BODY = piece('],"body":null');
const EXPECTED = piece(',"expected":');
const NO_QUOTE = piece(',"quote":null');
const QUOTE = piece(',"quote":{"length":');

/** Without a line end. */
export function putJson(page: Page, slot: PacketSlot, sight: Sight): void {
  const { bytes } = slot;
  putTime(page, slot);
  putNumber(page, sight.number);
  put(page, placeText({ slot, sight }, wordNumber(slot.interface), wordNumber(sight.direction), 0));
  putNumber(page, slot.originalLength);
  put(page, CAPTURED);
  putNumber(page, slot.end - slot.at);
  putKind(page, slot, sight);
  if (sight.sequence >= 0) putProbe(page, sight);
  put(page, LAYERS);
  putLayers(page, bytes, sight.outer);
  putBody(page, bytes, sight.outer);
  if (sight.quoteAt < 0) put(page, NO_QUOTE);
  else putQuote(page, bytes, sight);
  putByte(page, CLOSE);
}

const timeText = (timeMs: string): string => `{"v":${DECODE_VERSION},"type":"packet","timeMs":${timeMs},"number":`;
const secondText = createPieces((seconds: number) => timeText(`${seconds}000.000000`));
/** How long that piece goes on behind its second. */
const FRACTION = '000.000000,"number":'.length;

/** Exact in decimal, though few readers' numbers are. Null where the file gives no time. */
function putTime(page: Page, { seconds, nanoseconds }: PacketSlot): void {
  if (seconds <= 0 || seconds > Number.MAX_SAFE_INTEGER) {
    putText(page, timeText(seconds === 0 && nanoseconds === 0 ? 'null' : String(seconds * 1000 + nanoseconds / 1e6)));
    return;
  }
  put(page, secondText(seconds, seconds, seconds / 2 ** 32, 0));
  const at = page.at - FRACTION;
  const milliseconds = Math.floor(nanoseconds / 1e6);
  const rest = nanoseconds - milliseconds * 1e6;
  const high = Math.floor(rest / 10_000);
  putDigits(page, at, milliseconds, 3);
  putDigits(page, at + 4, high, 2);
  putDigits(page, at + 6, rest - high * 10_000, 4);
}

interface Seen {
  readonly slot: PacketSlot;
  readonly sight: Sight;
}

const DIRECTIONS = { inbound: '"in"', outbound: '"out"' } as const;

const placeText = createPieces(
  ({ slot, sight }: Seen) =>
    `,"interface":${JSON.stringify(slot.interface)},"direction":${sight.direction === null ? 'null' : DIRECTIONS[sight.direction]},"length":`,
);

const kindOf = ({ slot, sight }: Seen): string =>
  `,"linkType":${slot.linkType},"comment":${JSON.stringify(slot.comment)},"kind":"${sight.kind}"` +
  `,"probe":${sight.sequence < 0 ? 'null' : `{"run":${sight.run},"sequence":`}`;
const kindText = createPieces(kindOf);
const strangeText = createPieces(kindOf);

function putKind(page: Page, slot: PacketSlot, sight: Sight): void {
  const seen = { slot, sight };
  if (slot.comment !== null) putText(page, kindOf(seen));
  else put(page, (sight.sequence < 0 ? strangeText : kindText)(seen, wordNumber(sight.kind), slot.linkType, sight.run));
}

const WAYS = ['null', '"forward"', '"return"'] as const;
const wayOf = (sight: Sight): 0 | 1 | 2 => (sight.shape === null || sight.leg < 0 ? 0 : isReturn(sight) ? 2 : 1);

const wayText = createPieces((sight: Sight) => {
  const { path, shape, leg } = sight;
  const [hop, legs] = [shape?.hop ?? null, shape?.legs ?? null];
  return `,"path":${path},"hop":${hop},"leg":${leg < 0 ? null : leg + 1},"legs":${legs},"way":${WAYS[wayOf(sight)]},"ageMs":`;
});
/** No packet has so many layers. */
const MOST_LEGS = 4096;

const gradeText = createPieces(({ grade }: Sight) => `,"grade":${grade === null ? 'null' : `"${grade}"`}}`);

function putProbe(page: Page, sight: Sight): void {
  const { sequence, path, shape, leg, ageNs, grade } = sight;
  putNumber(page, sequence);
  const legs = (leg + 1) * MOST_LEGS + (shape === null ? 0 : shape.legs);
  put(page, wayText(sight, path, shape === null ? -1 : shape.hop, 3 * legs + wayOf(sight)));
  if (Number.isNaN(ageNs)) put(page, NULL);
  else putMilliseconds(page, ageNs);
  put(page, gradeText(sight, wordNumber(grade), 0, 0));
}

function putLayers(page: Page, bytes: Uint8Array, seen: Glance): void {
  for (let i = 0; i < seen.count; i += 1) {
    if (i > 0) putByte(page, COMMA);
    putLayer(page, bytes, seen.at[i]!, i, seen.count);
  }
}

/** Behind the layers: what follows the innermost header; null where there is none. */
function putBody(page: Page, bytes: Uint8Array, seen: Glance): void {
  if (seen.count === 0) {
    put(page, NO_BODY);
    return;
  }
  const { bodyAt, end, protocol, fragment } = seen;
  const family = bytes[seen.at[seen.count - 1]!]! >> 4 === 6 ? 6 : 4;
  const isWhole = !fragment && end - bodyAt >= 8;
  if (isWhole && protocol === UDP_PROTOCOL) putUdp(page, bytes, seen);
  else if (isWhole && protocol === FAMILIES[family].icmpProtocol) putIcmp(page, bytes, seen, family);
  else putText(page, `],"body":{"kind":"other","protocol":${protocol},"fragment":${fragment},"length":${end - bodyAt}`);
  putByte(page, CLOSE);
}

interface Body {
  readonly bytes: Uint8Array;
  readonly at: number;
}

const udpText = createPieces(({ bytes, at }: Body) => {
  const [source, destination, length] = [uint16(bytes, at), uint16(bytes, at + 2), uint16(bytes, at + 4)];
  return `],"body":{"kind":"udp","sourcePort":${source},"destinationPort":${destination},"length":${length},"checksum":`;
});

function putUdp(page: Page, bytes: Uint8Array, seen: Glance): void {
  const at = seen.bodyAt;
  put(page, udpText({ bytes, at }, uint32(bytes, at), uint16(bytes, at + 4), 0));
  putChecksum(page, bytes, seen, at + 6);
}

interface Message extends Body {
  readonly family: 4 | 6;
}

const icmpText = createPieces(({ bytes, at, family }: Message) => {
  const read = readIcmp(bytes.subarray(at, at + 8), family);
  const mtu = read.ok ? nextHopMtu(read.header) : null;
  return `],"body":{"kind":"icmp","icmpType":${bytes[at]},"code":${bytes[at + 1]},"mtu":${mtu},"checksum":`;
});

function putIcmp(page: Page, bytes: Uint8Array, seen: Glance, family: 4 | 6): void {
  const at = seen.bodyAt;
  put(page, icmpText({ bytes, at, family }, uint16(bytes, at), uint32(bytes, at + 4), family));
  putChecksum(page, bytes, seen, at + 2);
}

function putChecksum(page: Page, bytes: Uint8Array, seen: Glance, at: number): void {
  putNumber(page, uint16(bytes, at));
  put(page, EXPECTED);
  const expected = expectedTransport(bytes, seen, at);
  if (expected === null) put(page, NULL);
  else putNumber(page, expected);
}

const spare = newGlance();

function putQuote(page: Page, bytes: Uint8Array, sight: Sight): void {
  const seen = sight.quote.count > 0 ? sight.quote : spare;
  if (seen === spare) glance(bytes, sight.quoteAt, sight.quoteEnd, spare); // of a nested error, which is no answer to us
  put(page, QUOTE);
  putNumber(page, sight.quoteEnd - sight.quoteAt);
  put(page, LAYERS);
  putLayers(page, bytes, seen);
  putBody(page, bytes, seen);
  putText(page, `,"labels":${labelsJson(bytes, sight)}}`);
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

const SHORT_PAGE = 4096;

/** The same as text, for those who print few. */
export function jsonOf(slot: PacketSlot, sight: Sight): string {
  const full: Buffer[] = [];
  const page = newPage(SHORT_PAGE, (bytes) => {
    full.push(bytes);
    return Buffer.allocUnsafe(SHORT_PAGE);
  });
  putJson(page, slot, sight);
  turn(page);
  return Buffer.concat(full).toString();
}
