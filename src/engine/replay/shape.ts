/** Probes compared as questions: what is the same whenever a question is asked, and which number it had. */
import { FAMILIES, nestedFamily, UDP_PROTOCOL } from '../../wire/family.ts';
import { setUint16, uint16, uint32 } from '../../wire/fields.ts';
import { readIcmp, readQuote } from '../../wire/icmp.ts';
import { carriesIdentity, readIdentity, readSentNs } from '../../wire/identity.ts';
import { networkAt } from '../../wire/link.ts';
import { outline } from '../../wire/outline.ts';
import type { Packet } from '../engine.ts';

const TRANSPORT_HEADER = 8; // of UDP and of an echo
const BALANCE_AT = 6;
const RUN_AT = 8;
const SEQUENCE_AT = 16;
const SENT_AT = 28;
const IDENTITY_END = 36;

/** Where the identity of the packet of ours at `from` begins, or -1. Packets of ours have no options and no fragments. */
function identityAt(bytes: Uint8Array, from = 0): number {
  let at = from;
  for (;;) {
    const version = bytes[at]! >> 4;
    if (version !== 4 && version !== 6) return -1;
    const protocol = bytes[at + (version === 4 ? 9 : 6)]!;
    at += FAMILIES[version].headerLength;
    if (nestedFamily(protocol) === null) break;
  }
  at += TRANSPORT_HEADER;
  return carriesIdentity(bytes, at, bytes.length) ? at : -1;
}

/** The probe number that a packet of ours carries, or null. */
export function sequenceOf(bytes: Uint8Array, from = 0): number | null {
  const at = identityAt(bytes, from);
  return at < 0 ? null : uint32(bytes, at + SEQUENCE_AT);
}

/** The time that the packet of ours at `from` says it was sent at, or null. */
export function sentNsOf(bytes: Uint8Array, from: number): bigint | null {
  const at = identityAt(bytes, from);
  return at < 0 ? null : readSentNs(bytes, at);
}

export const isOurs = (bytes: Uint8Array, run: number | null): boolean => {
  const at = identityAt(bytes);
  return at >= 0 && (run === null || uint32(bytes, at + RUN_AT) === run);
};

/** The number of a probe of this run, whole and not quoted; null for all else. */
export const isSentProbe = (bytes: Uint8Array, run: number | null): number | null => (isOurs(bytes, run) ? sequenceOf(bytes) : null);

/** `other[from, to)` is the same packet, but for the time that it was sent at. */
export function isSame(one: Uint8Array, other: Uint8Array, from: number, to: number): boolean {
  if (one.length !== to - from) return false;
  const at = identityAt(one);
  if (at < 0) return equal(one, other, 0, one.length, from);
  return (
    equal(one, other, 0, at + BALANCE_AT, from) &&
    equal(one, other, at + RUN_AT, at + SENT_AT, from) &&
    equal(one, other, at + IDENTITY_END, one.length, from)
  );
}

/** Below this many bytes a call into memcmp takes longer than comparing them here. */
const FEW = 40;

function equal(one: Uint8Array, other: Uint8Array, from: number, to: number, shift: number): boolean {
  if (to - from > FEW) return Buffer.prototype.compare.call(other, one, from, to, from + shift, to + shift) === 0;
  for (let i = from; i < to; i += 1) if (one[i] !== other[i + shift]) return false;
  return true;
}

/** What a question's probes have in common: all but their number in its places (IP IDs, transport, identity) and the time. */
export function shapeOf(packet: Uint8Array): string {
  const bytes = packet.slice();
  const at = identityAt(bytes);
  for (const layer of outline(bytes, 0)?.layers ?? []) {
    if (layer.family !== 4) continue;
    setUint16(bytes, layer.at + 4, 0);
    setUint16(bytes, layer.at + 10, 0);
  }
  if (at >= 0) {
    setUint16(bytes, at - 2, 0); // UDP's checksum, an echo's sequence
    bytes.fill(0, at + BALANCE_AT, at + RUN_AT);
    bytes.fill(0, at + SEQUENCE_AT, at + IDENTITY_END);
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Of a received packet: the number of the probe that it is, or that it quotes; null where that cannot be told. */
export function answeredSequence({ bytes, linkType }: Packet): number | null {
  const at = networkAt(linkType, bytes);
  const headers = at < 0 ? null : outline(bytes, at);
  if (headers === null) return null;
  const carried = readIdentity(bytes, headers.at + TRANSPORT_HEADER, headers.end);
  if (carried !== null) return carried.sequence;
  const { family } = headers.layers.at(-1)!;
  if (headers.protocol === UDP_PROTOCOL) return null;
  const icmp = bytes.subarray(headers.at, headers.end);
  if (!readIcmp(icmp, family).ok) return null;
  const { packet } = readQuote(icmp, family);
  const quoted = outline(packet, 0);
  return quoted === null ? null : (readIdentity(packet, quoted.at + TRANSPORT_HEADER, quoted.end)?.sequence ?? null);
}

/** The outermost header of a quote is one of this probe's: for routers that quote no more than it and 8 bytes. */
export function quotes({ bytes, linkType }: Packet, sent: Uint8Array): boolean {
  const at = networkAt(linkType, bytes);
  const headers = at < 0 ? null : outline(bytes, at);
  if (headers === null || headers.protocol === UDP_PROTOCOL) return false;
  const { family } = headers.layers.at(-1)!;
  const icmp = bytes.subarray(headers.at, headers.end);
  if (!readIcmp(icmp, family).ok) return false;
  const { packet } = readQuote(icmp, family);
  if (packet[0]! >> 4 !== 4) return false; // only IPv4 has an ID
  const id = uint16(packet, 4);
  return (outline(sent, 0)?.layers ?? []).some((layer) => layer.family === 4 && uint16(sent, layer.at + 4) === id);
}
