/**
 * What a packet of a recording is: a probe of ours on its way, home, or answered, or somebody else's. One sight serves all packets of a
 * file; nothing is made for a packet that is seen.
 */

import { OWN_ENTERPRISE } from '../capture/blocks.ts';
import type { CustomBlock } from '../capture/record.ts';
import type { PacketSlot } from '../capture/slot.ts';
import { decoded } from '../engine/recording/message.ts';
import type { Grade } from '../probe/observation.ts';
import { UDP_PROTOCOL } from '../wire/family.ts';
import { uint16, uint32 } from '../wire/fields.ts';
import { type Glance, glance, isWhole, newGlance } from '../wire/glance.ts';
import { quotes, readQuote } from '../wire/icmp.ts';
import { carriesIdentity, isGenuine } from '../wire/identity.ts';
import { LINK_TYPE } from '../wire/link.ts';
import { cookedDirection } from '../wire/link-header.ts';
import { networkIn } from '../wire/network-in.ts';
import { transportSum } from '../wire/transport-sum.ts';
import { createLedger, FATE, type Ledger } from './decode-ledger.ts';
import { createQuoted, type Quoted } from './decode-quoted.ts';
import { createRuns, type KnownRun, type Runs } from './decode-runs.ts';
import { createShapes, endsAtHome, isFromHome, type Shape, type Shapes, wears } from './decode-shape.ts';

/**
 * `sent`: a probe leaves, or is seen first. `passing`: seen again, neither at home nor an answer. `landed`: home; `duplicate`: once more.
 * `answered`: an ICMP error or an echo reply. `self`: our own stack's error about what landed. The rest as among a run's strays.
 */
export type SightKind =
  | 'sent'
  | 'passing'
  | 'landed'
  | 'duplicate'
  | 'answered'
  | 'redirect'
  | 'self'
  | 'corrupted'
  | 'ambiguous'
  | 'foreign';

/** `unproven`: the recording has no key, so the tag cannot be held against it. */
export type SightGrade = Grade | 'unproven';

export interface Sight {
  /** Of the packet in the file, from 1. */
  number: number;
  kind: SightKind;
  direction: 'inbound' | 'outbound' | null;
  /** Where the IP packet begins; -1 where there is none. */
  networkAt: number;
  readonly outer: Glance;
  /** What an ICMP error quotes; `quote.count` is 0 where it quotes no header. */
  readonly quote: Glance;
  /** Where the quote begins, or -1 where there is none, and where it ends. */
  quoteAt: number;
  quoteEnd: number;
  /** Where our payload begins in the packet or its quote, or -1. */
  identityAt: number;
  /** The probe; -1 where none is known. */
  run: number;
  path: number;
  sequence: number;
  /** Null where the recording did not show the probe when it was sent. */
  shape: Shape | null;
  /** Index of the leg, or -1. */
  leg: number;
  /** Nanoseconds since the probe was sent, NaN where that is not known or means nothing. */
  ageNs: number;
  grade: SightGrade | null;
}

export interface Decoder {
  readonly sight: Sight;
  readonly ledger: Ledger;
  readonly shapes: Shapes;
  readonly runs: Runs;
  /** Fills the sight with what the packet in the slot is. */
  look(slot: PacketSlot): void;
  /** Learns from a plan, where the block is one. */
  learn(block: CustomBlock): void;
}

/** Where the fields of our payload stand (wire/identity.ts). */
const RUN_AT = 8;
const PATH_AT = 12;
const SEQUENCE_AT = 16;
const TAG_AT = 20;
const SENT_AT = 28;
const TRANSPORT_HEADER = 8;

const ICMPV4 = 1;
const ICMPV6 = 58;
const ECHO_REPLY: Readonly<Record<number, number>> = { [ICMPV4]: 0, [ICMPV6]: 129 };
const REDIRECT: Readonly<Record<number, number>> = { [ICMPV4]: 5, [ICMPV6]: 137 };

/** A clock that jumps makes nonsense of ages; so does a payload that was made up. */
const LONGEST_AGE_NS = 1e15;
const SPAN = 2 ** 32;

export function createDecoder(): Decoder {
  const sight = emptySight();
  const [ledger, shapes, runs] = [createLedger(), createShapes(), createRuns()];
  const quoted: Quoted = createQuoted(ledger, shapes, runs);
  let baseSeconds = -1; // of the first packet: times are nanoseconds since then, which a number holds exactly
  let baseNanoseconds = 0;
  let [baseHigh, baseLow] = [0, 0];
  let nowNs = 0;

  function begin(slot: PacketSlot): void {
    if (baseSeconds < 0) {
      baseSeconds = slot.seconds;
      baseNanoseconds = slot.nanoseconds;
      const all = BigInt(baseSeconds) * 1_000_000_000n + BigInt(baseNanoseconds);
      baseHigh = Number(all >> 32n);
      baseLow = Number(all & 0xffffffffn);
    }
    nowNs = (slot.seconds - baseSeconds) * 1e9 + (slot.nanoseconds - baseNanoseconds);
    sight.number += 1;
    sight.kind = 'foreign';
    sight.direction = slot.direction ?? linkDirection(slot);
    sight.outer.count = 0;
    sight.quote.count = 0;
    sight.quoteAt = -1;
    sight.quoteEnd = -1;
    sight.identityAt = -1;
    sight.run = -1;
    sight.path = -1;
    sight.sequence = -1;
    sight.shape = null;
    sight.leg = -1;
    sight.ageNs = Number.NaN;
    sight.grade = null;
    sight.networkAt = networkIn(slot.linkType, slot.bytes, slot.at, slot.end);
  }

  function look(slot: PacketSlot): void {
    begin(slot);
    const { bytes } = slot;
    const { outer } = sight;
    if (sight.networkAt < 0 || !glance(bytes, sight.networkAt, slot.end, outer) || outer.fragment) return;
    if (outer.protocol === UDP_PROTOCOL) carried(bytes, false);
    else if (outer.protocol === (isV6(bytes, outer.at[outer.count - 1]!) ? ICMPV6 : ICMPV4)) icmp(bytes);
  }

  function icmp(bytes: Uint8Array): void {
    const { outer } = sight;
    if (outer.bodyAt + TRANSPORT_HEADER > outer.end) return;
    const type = bytes[outer.bodyAt]!;
    const family = outer.protocol === ICMPV6 ? 6 : 4;
    if (!quotes(family, type)) {
      carried(bytes, type === ECHO_REPLY[outer.protocol] && outer.count === 1);
      return;
    }
    quoteIn(bytes, family, type);
    if (outer.count === 1 && glance(bytes, sight.quoteAt, sight.quoteEnd, sight.quote) && !sight.quote.fragment) error(bytes, type);
  }

  /** Most quotes reach to the end; the others are found the long way. */
  function quoteIn(bytes: Uint8Array, family: 4 | 6, type: number): void {
    const { outer } = sight;
    sight.quoteAt = outer.bodyAt + TRANSPORT_HEADER;
    sight.quoteEnd = outer.end;
    if (bytes[outer.bodyAt + (family === 6 ? 4 : 5)] === 0 && type !== REDIRECT[ICMPV6]) return;
    const { packet } = readQuote(bytes.subarray(outer.bodyAt, outer.end), family);
    sight.quoteAt = packet.byteOffset - bytes.byteOffset;
    sight.quoteEnd = sight.quoteAt + packet.length;
  }

  function named(bytes: Uint8Array, identityAt: number): KnownRun {
    sight.identityAt = identityAt;
    sight.run = uint32(bytes, identityAt + RUN_AT);
    sight.path = uint32(bytes, identityAt + PATH_AT);
    sight.sequence = uint32(bytes, identityAt + SEQUENCE_AT);
    return runs.of(sight.run);
  }

  /** By the payload's own word: it is outside the tag, and a nanosecond truer than the capture's stamp. */
  function payloadAge(bytes: Uint8Array): number {
    const at = sight.identityAt + SENT_AT;
    return reasonable(nowNs - ((uint32(bytes, at) - baseHigh) * SPAN + (uint32(bytes, at + 4) - baseLow)));
  }

  function carried(bytes: Uint8Array, isReply: boolean): void {
    const { outer } = sight;
    const at = outer.bodyAt + TRANSPORT_HEADER;
    if (!carriesIdentity(bytes, at, outer.end)) return;
    const run = named(bytes, at);
    const place = ledger.find(sight.run, sight.sequence);
    const isLoop = wearsOneAddress(bytes, outer.at[0]!);
    const first = place < 0 && !isReply && !isLoop;
    if (sight.direction === 'outbound' ? !isReply : sight.direction === null && first) sent(bytes, run);
    else arrived(bytes, run, place, isReply, isLoop);
  }

  function sent(bytes: Uint8Array, run: KnownRun): void {
    const { outer } = sight;
    const shape = shapes.of(bytes, outer, sight.path);
    ledger.add(run.number, sight.sequence, nowNs, shape.serial, bytes, sight.identityAt + TAG_AT);
    if (sight.sequence > run.newest) run.newest = sight.sequence;
    if (run.idKey === null) run.idKey = idKeyOf(bytes, outer, sight.sequence);
    sight.kind = 'sent';
    sight.shape = shape;
    sight.leg = 0;
  }

  function arrived(bytes: Uint8Array, run: KnownRun, place: number, isReply: boolean, isLoop: boolean): void {
    const { outer } = sight;
    const shape = place < 0 ? null : (shapes.bySerial(ledger.shape(place)) ?? null);
    sight.shape = shape;
    if (shape !== null && !isReply) sight.leg = Math.min(shape.layers - outer.count, shape.legs - 1);
    if (!isIntact(bytes, outer) || !isOurs(bytes, run, place)) {
      sight.kind = 'corrupted';
      return;
    }
    sight.grade = run.key === null ? 'unproven' : 'proven';
    const home = isReply || (shape === null ? isLoop : isHome(shape, bytes, outer));
    sight.kind = isReply ? 'answered' : home ? 'landed' : 'passing';
    if (!home) return;
    sight.ageNs = payloadAge(bytes);
    if (place < 0) return;
    if (!isReply && ledger.fate(place) === FATE.landed) sight.kind = 'duplicate';
    ledger.settle(place, isReply ? FATE.answered : FATE.landed);
  }

  /** The tag is the one that was sent, or, where that was not seen, the one that the key makes. */
  function isOurs(bytes: Uint8Array, run: KnownRun, place: number): boolean {
    if (place >= 0) return ledger.hasTag(place, bytes, sight.identityAt + TAG_AT);
    return run.key === null || isGenuine(bytes, sight.identityAt, run.key);
  }

  function error(bytes: Uint8Array, type: number): void {
    const { outer, quote } = sight;
    const identityAt = quote.bodyAt + TRANSPORT_HEADER;
    const found = carriesIdentity(bytes, identityAt, quote.end) ? whole(bytes, identityAt) : quoted.byHalves(bytes, quote, sight);
    if (found === 'none') return;
    if (!isIntact(bytes, outer)) {
      sight.kind = 'corrupted'; // one wrong bit of a quoted ID would be another probe's answer
      return;
    }
    sight.kind = found === 'ambiguous' ? 'ambiguous' : type === REDIRECT[outer.protocol] ? 'redirect' : 'answered';
    if (found === 'ambiguous') return;
    const place = ledger.find(sight.run, sight.sequence);
    sight.ageNs = sight.identityAt >= 0 ? payloadAge(bytes) : place < 0 ? Number.NaN : reasonable(nowNs - ledger.sentNs(place));
    if (sight.shape !== null && isSelf(sight.shape, bytes)) sight.kind = 'self';
    else if (place >= 0 && sight.kind === 'answered' && ledger.fate(place) === FATE.outstanding) ledger.settle(place, FATE.answered);
  }

  function whole(bytes: Uint8Array, identityAt: number): 'one' | 'none' {
    const run = named(bytes, identityAt);
    const place = ledger.find(sight.run, sight.sequence);
    sight.shape = place < 0 ? null : (shapes.bySerial(ledger.shape(place)) ?? null);
    if (!isOurs(bytes, run, place)) {
      sight.identityAt = -1;
      sight.run = -1;
      sight.path = -1;
      sight.sequence = -1;
      sight.shape = null;
      return 'none';
    }
    sight.grade = run.key === null ? 'unproven' : 'proven';
    if (sight.shape !== null) sight.leg = Math.min(sight.shape.layers - sight.quote.count, sight.shape.legs - 1);
    return 'one';
  }

  /** Our own stack answers what landed; only of a target that is us is that an answer. */
  const isSelf = (shape: Shape, bytes: Uint8Array): boolean =>
    isFromHome(shape, bytes, sight.outer.at[0]!) && (shape.landing > 0 || !endsAtHome(shape));

  function learn(block: CustomBlock): void {
    const message = block.enterpriseNumber === OWN_ENTERPRISE ? decoded(block.bytes) : null;
    if (message?.kind !== 'plan') return;
    try {
      runs.learn(message.run);
    } catch {} // a plan that is bent is none
  }

  return { sight, ledger, shapes, runs, look, learn };
}

const reasonable = (ageNs: number): number => (Math.abs(ageNs) > LONGEST_AGE_NS ? Number.NaN : ageNs);

const isV6 = (bytes: Uint8Array, at: number): boolean => bytes[at]! >> 4 === 6;

function emptySight(): Sight {
  return {
    number: 0,
    kind: 'foreign',
    direction: null,
    networkAt: -1,
    outer: newGlance(),
    quote: newGlance(),
    quoteAt: -1,
    quoteEnd: -1,
    identityAt: -1,
    run: -1,
    path: -1,
    sequence: -1,
    shape: null,
    leg: -1,
    ageNs: Number.NaN,
    grade: null,
  };
}

/** Linux cooked headers tell it where the file does not. */
function linkDirection({ bytes, at, end, linkType }: PacketSlot): 'inbound' | 'outbound' | null {
  if (linkType === LINK_TYPE.linuxCooked2 && at + 20 <= end) return cookedDirection(bytes[at + 10]!);
  if (linkType === LINK_TYPE.linuxCooked && at + 16 <= end) return cookedDirection(uint16(bytes, at));
  return null;
}

/** From A to A: only what comes home looks so. */
function wearsOneAddress(bytes: Uint8Array, at: number): boolean {
  const [from, length] = isV6(bytes, at) ? [at + 8, 16] : [at + 12, 4];
  for (let i = from; i < from + length; i += 1) if (bytes[i] !== bytes[i + length]) return false;
  return true;
}

/** It wears exactly the layers that are left for home, between the addresses that they were sent with. */
const isHome = (shape: Shape, bytes: Uint8Array, seen: Glance): boolean =>
  shape.landing > 0 && seen.count === shape.landing && wears(shape, shape.layers - shape.landing, bytes, seen.at[0]!);

/** The transport's checksum is right, or cannot be told: the capture cut the packet, or UDP went without one. */
function isIntact(bytes: Uint8Array, seen: Glance): boolean {
  const at = seen.at[seen.count - 1]!;
  if (!isWhole(bytes, seen)) return true;
  if (seen.protocol === UDP_PROTOCOL && !isV6(bytes, at) && uint16(bytes, seen.bodyAt + 6) === 0) return true;
  return transportSum(bytes, at, seen.protocol, seen.bodyAt, seen.end) === 0xffff;
}

/** The two 16-bit halves that a whole probe's layers show, XOR its sequence; null where it shows one alone. */
function idKeyOf(bytes: Uint8Array, seen: Glance, sequence: number): number | null {
  const halves: [number | null, number | null] = [null, null];
  for (let i = 0; i < seen.count; i += 1) {
    if (!isV6(bytes, seen.at[i]!)) halves[(i % 2) as 0 | 1] = uint16(bytes, seen.at[i]! + 4);
  }
  halves[(seen.count % 2) as 0 | 1] ??= uint16(bytes, seen.bodyAt + 6); // UDP's checksum, or the echo's sequence
  const [low, high] = halves;
  return low === null || high === null ? null : (((high << 16) | low) ^ sequence) >>> 0;
}
