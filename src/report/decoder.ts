/**
 * Says of each packet of a recording what it is: a probe of ours on its way, home, or answered, or somebody else's. Nothing is made for a
 * packet that is seen.
 */

import { OWN_ENTERPRISE } from '../capture/blocks.ts';
import type { CustomBlock } from '../capture/record.ts';
import type { PacketSlot } from '../capture/slot.ts';
import { decoded } from '../engine/recording/message.ts';
import { UDP_PROTOCOL } from '../wire/family.ts';
import { uint32 } from '../wire/fields.ts';
import { type Glance, glance } from '../wire/glance.ts';
import { quotes, readQuote } from '../wire/icmp.ts';
import { carriesIdentity, isGenuine, quotesIdentity } from '../wire/identity.ts';
import { networkIn } from '../wire/network-in.ts';
import { createLedger, FATE, type Ledger } from './decode-ledger.ts';
import { idKeyOf, isIntact, isV6, linkDirection, wearsOneAddress } from './decode-marks.ts';
import { createQuoted, type Quoted } from './decode-quoted.ts';
import { createRuns, type KnownRun, type Runs } from './decode-runs.ts';
import { createShapes, endsAtHome, isFromHome, type Shape, type Shapes, wears } from './decode-shape.ts';
import { clearSight, forgetProbe, newSight, type Sight } from './decode-sight.ts';

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
const SENT_LENGTH = 8;
const TRANSPORT_HEADER = 8;

const ICMPV4 = 1;
const ICMPV6 = 58;
const ECHO_REPLY: Readonly<Record<number, number>> = { [ICMPV4]: 0, [ICMPV6]: 129 };
const REDIRECT: Readonly<Record<number, number>> = { [ICMPV4]: 5, [ICMPV6]: 137 };

/** A clock that jumps makes nonsense of ages; so does a payload that was made up. */
const LONGEST_AGE_NS = 1e15;
const SPAN = 2 ** 32;

export function createDecoder(): Decoder {
  const sight = newSight();
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
    clearSight(sight);
    sight.direction = slot.direction ?? linkDirection(slot);
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

  /** Between the two stamps, as a report's round trip; by the payload's own word where its sending was not seen. */
  function ageOf(bytes: Uint8Array, place: number): number {
    if (place >= 0) return reasonable(nowNs - ledger.sentNs(place));
    const at = sight.identityAt + SENT_AT;
    const end = sight.quoteAt < 0 ? sight.outer.end : sight.quote.end;
    if (sight.identityAt < 0 || at + SENT_LENGTH > end) return Number.NaN;
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
    sight.ageNs = ageOf(bytes, place);
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
    const found = quotesIdentity(bytes, identityAt, quote.end) ? whole(bytes, identityAt) : quoted.byHalves(bytes, quote, sight);
    if (found === 'none') return;
    if (!isIntact(bytes, outer)) {
      sight.kind = 'corrupted'; // one wrong bit of a quoted ID would be another probe's answer
      return;
    }
    sight.kind = found === 'ambiguous' ? 'ambiguous' : type === REDIRECT[outer.protocol] ? 'redirect' : 'answered';
    if (found === 'ambiguous') return;
    const place = ledger.find(sight.run, sight.sequence);
    sight.ageNs = ageOf(bytes, place);
    if (sight.shape !== null && isSelf(sight.shape, bytes)) sight.kind = 'self';
    else if (place >= 0 && sight.kind === 'answered' && ledger.fate(place) === FATE.outstanding) ledger.settle(place, FATE.answered);
  }

  function whole(bytes: Uint8Array, identityAt: number): 'one' | 'none' {
    const run = named(bytes, identityAt);
    const place = ledger.find(sight.run, sight.sequence);
    sight.shape = place < 0 ? null : (shapes.bySerial(ledger.shape(place)) ?? null);
    if (!isOurs(bytes, run, place)) {
      forgetProbe(sight);
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

/** It wears exactly the layers that are left for home, between the addresses that they were sent with. */
const isHome = (shape: Shape, bytes: Uint8Array, seen: Glance): boolean =>
  shape.landing > 0 && seen.count === shape.landing && wears(shape, shape.layers - shape.landing, bytes, seen.at[0]!);
