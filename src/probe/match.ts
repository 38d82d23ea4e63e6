/** A received packet to what it says about which probe: by what the packet carries, never by the order of arrival. */
import type { Packet } from '../engine/engine.ts';
import { addressText, type FamilyNumber } from '../wire/address.ts';
import { FAMILIES, UDP_PROTOCOL } from '../wire/family.ts';
import { type IcmpHeader, isEchoReply, isRedirect, nextHopMtu, quotes, readIcmp, readQuote } from '../wire/icmp.ts';
import { type Identity, isGenuine, readIdentity } from '../wire/identity.ts';
import { networkAt } from '../wire/link.ts';
import { isBetween, type Outline, outline, trafficClassOf, ttlOf } from '../wire/outline.ts';
import { ECHO_HEADER, UDP_HEADER } from '../wire/transport.ts';
import { transportSum } from '../wire/transport-sum.ts';
import type { Answer, Strays } from './observation.ts';
import type { Pending } from './pending.ts';
import type { Question } from './question.ts';
import { type Quoted, quotedProbe } from './quoted.ts';
import { type Rewritten, rewriting } from './rewritten.ts';
import type { Run } from './run.ts';

export type Sighting =
  | { readonly kind: 'landing'; readonly sequence: number; readonly ttl: number; readonly trafficClass: number }
  /** `rewritten`: what a quote that is proven ours shows to be changed on the way; null where it shows nothing. */
  | { readonly kind: 'answer'; readonly sequence: number; readonly answer: Answer; readonly rewritten: Rewritten | null }
  | { readonly kind: 'redirect'; readonly sequence: number }
  /** A probe of ours at home under a source that it was not sent with. */
  | { readonly kind: 'translated'; readonly rewritten: Rewritten }
  | { readonly kind: keyof Strays };

const FOREIGN: Sighting = { kind: 'foreign' };

/** Pure but for what it reads in `pending`. Never throws, whatever the bytes. */
export function match(packet: Packet, run: Run, pending: Pending): Sighting {
  const { bytes, linkType } = packet;
  const at = networkAt(linkType, bytes);
  const headers = at < 0 ? null : outline(bytes, at);
  if (headers === null || headers.fragment) return FOREIGN;
  const innermost = headers.layers.at(-1)!;
  if (headers.protocol === UDP_PROTOCOL) return matchCarried(bytes, headers, UDP_HEADER, run, pending);
  if (headers.protocol !== FAMILIES[innermost.family].icmpProtocol) return FOREIGN;
  const icmp = readIcmp(bytes.subarray(headers.at, headers.end), innermost.family);
  if (!icmp.ok) return FOREIGN;
  if (!quotes(innermost.family, icmp.header.type)) return matchEcho(bytes, headers, icmp.header, run, pending);
  return headers.layers.length > 1 ? FOREIGN : matchError(bytes, headers, icmp.header, run, pending);
}

function matchEcho(bytes: Uint8Array, headers: Outline, icmp: IcmpHeader, run: Run, pending: Pending): Sighting {
  const seen = matchCarried(bytes, headers, ECHO_HEADER, run, pending);
  if (!isEchoReply(icmp.family, icmp.type) || headers.layers.length > 1) return seen;
  if (seen.kind !== 'passing' && seen.kind !== 'landing') return seen;
  const { sequence } = readIdentity(bytes, headers.at + ECHO_HEADER, headers.end)!;
  if (pending.question(sequence) === undefined) return seen;
  const grade = run.isUnproven ? 'quoted' : 'proven';
  const answer = { ...answerOf(bytes, headers, icmp), grade, leg: null, mtu: null, quotedTtl: null } as const;
  return isSelf(answer, sequence, pending) ? { kind: 'self' } : { kind: 'answer', sequence, answer, rewritten: null };
}

const answerOf = (bytes: Uint8Array, headers: Outline, icmp: IcmpHeader): Pick<Answer, 'from' | 'icmp' | 'ttl'> => {
  const layer = headers.layers[0]!;
  const { at, addressLength } = FAMILIES[layer.family];
  const from = addressText(bytes, layer.at + at.source, addressLength);
  return { from, icmp: { family: icmp.family, type: icmp.type, code: icmp.code }, ttl: ttlOf(bytes, layer) };
};

/** A packet that carries a payload of ours: the probe itself, at home or on its way, or the echo of one. */
function matchCarried(bytes: Uint8Array, headers: Outline, transportHeader: number, run: Run, pending: Pending): Sighting {
  const identityAt = headers.at + transportHeader;
  const identity = readIdentity(bytes, identityAt, headers.end);
  if (identity === null || identity.run !== run.number) return FOREIGN;
  if (!isIntact(bytes, headers) || !(run.isUnproven || isGenuine(bytes, identityAt, run.key))) return { kind: 'corrupted' };
  if (isHome(bytes, headers, identity, pending)) {
    const outer = headers.layers[0]!;
    return { kind: 'landing', sequence: identity.sequence, ttl: ttlOf(bytes, outer), trafficClass: trafficClassOf(bytes, outer) };
  }
  const rewritten = translation(bytes, headers, identity, run, pending);
  return rewritten === null ? { kind: 'passing' } : { kind: 'translated', rewritten };
}

/** The transport's checksum is right: the tag covers the identity alone, this the rest. */
function isIntact(bytes: Uint8Array, headers: Outline): boolean {
  return transportSum(bytes, headers.layers.at(-1)!.at, headers.protocol, headers.at, headers.end) === 0xffff;
}

/** It wears exactly the layers that its plan leaves for home, between the addresses that the plan says. */
function isHome(bytes: Uint8Array, headers: Outline, identity: Identity, pending: Pending): boolean {
  const question = landedQuestion(headers, identity, pending);
  if (question === null) return false;
  const planned = question.addresses[question.itinerary.layers.length - headers.layers.length]!;
  return isBetween(bytes, headers.layers[0]!, planned.source, planned.destination);
}

/** The question of a probe that wears as many layers as its plan leaves for home; null where it does not, or none asked it. */
function landedQuestion(headers: Outline, { sequence, path }: Identity, pending: Pending): Question | null {
  const question = pending.question(sequence);
  if (question === undefined || question.path !== path) return null;
  return headers.layers.length === question.itinerary.landing ? question : null;
}

/** Its destination is home, and its source is not what it was. */
function translation(bytes: Uint8Array, headers: Outline, identity: Identity, run: Run, pending: Pending): Rewritten | null {
  const question = landedQuestion(headers, identity, pending);
  const outer = headers.layers[0]!;
  const { at, addressLength } = FAMILIES[outer.family];
  if (question === null || addressText(bytes, outer.at + at.destination, addressLength) !== question.itinerary.layers.at(-1)!.destination)
    return null;
  const leg = question.itinerary.layers.length - headers.layers.length;
  return rewriting(bytes, headers, question, run, identity.sequence, leg);
}

function matchError(bytes: Uint8Array, headers: Outline, icmp: IcmpHeader, run: Run, pending: Pending): Sighting {
  const quote = readQuote(bytes.subarray(headers.at, headers.end), icmp.family);
  const quoted = quotedProbe(quote.packet, run, pending);
  if (quoted === null) return FOREIGN;
  if (!isIntact(bytes, headers)) return { kind: 'corrupted' }; // one wrong bit of a quoted ID would be another probe's answer
  if (quoted === 'ambiguous') return { kind: 'ambiguous' };
  if (isRedirect(icmp.family, icmp.type)) return { kind: 'redirect', sequence: quoted.sequence };
  const { grade, leg } = quoted;
  const quotedTtl = quote.packet[FAMILIES[(quote.packet[0]! >> 4) as FamilyNumber].at.ttl]!;
  const answer: Answer = { ...answerOf(bytes, headers, icmp), grade, leg, mtu: nextHopMtu(icmp), quotedTtl };
  if (isSelf(answer, quoted.sequence, pending)) return { kind: 'self' };
  return {
    kind: 'answer',
    sequence: quoted.sequence,
    answer,
    rewritten: quoted.grade === 'proven' ? shown(quote.packet, quoted, run, pending) : null,
  };
}

const shown = (quote: Uint8Array, { sequence, leg }: Quoted, run: Run, pending: Pending): Rewritten | null =>
  rewriting(quote, outline(quote, 0)!, pending.question(sequence)!, run, sequence, leg);

/** Our own stack answers what landed, or what we sent to ourselves; only of a target that is us is that an answer. */
function isSelf(answer: Answer, sequence: number, pending: Pending): boolean {
  const { itinerary, route } = pending.question(sequence)!;
  const ours = [route.source, itinerary.layers[0]!.source]; // a router's address may be the source of inner layers
  if (itinerary.landing > 0) ours.push(itinerary.layers.at(-1)!.destination);
  if (!ours.includes(answer.from)) return false;
  return itinerary.landing > 0 || itinerary.layers.at(-1)!.destination !== answer.from;
}
