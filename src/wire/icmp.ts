/** ICMP (RFC 792) and ICMPv6 (RFC 4443): the message, and what an error quotes of the packet it is about. */
import type { FamilyNumber } from './address.ts';
import { type Decoded, malformed } from './decoded.ts';
import { type ExtensionObject, readExtensions } from './extensions.ts';
import { FAMILIES } from './family.ts';
import { uint16, uint32 } from './fields.ts';

export const ICMP_HEADER = 8;

export interface IcmpHeader {
  readonly family: FamilyNumber;
  readonly type: number;
  readonly code: number;
  readonly checksum: number;
  /** The second 32-bit word: identifier and sequence, next-hop MTU, pointer, or unused, by type. */
  readonly rest: number;
}

export function readIcmp(bytes: Uint8Array, family: FamilyNumber): Decoded<IcmpHeader> {
  if (bytes.length < ICMP_HEADER) return malformed(`${bytes.length} bytes cannot hold an ICMP header`);
  const header = { family, type: bytes[0]!, code: bytes[1]!, checksum: uint16(bytes, 2), rest: uint32(bytes, 4) };
  return { ok: true, header, payload: bytes.subarray(ICMP_HEADER) };
}

/** True for messages that quote a packet: errors, and redirects, which are none but quote as well. */
export function quotes(family: FamilyNumber, type: number): boolean {
  return family === 6 ? type < 128 || type === FAMILIES[6].icmp.redirect : [3, 4, 5, 11, 12].includes(type);
}

export const isRedirect = (family: FamilyNumber, type: number): boolean => type === FAMILIES[family].icmp.redirect;

export const isEchoReply = (family: FamilyNumber, type: number): boolean => type === FAMILIES[family].icmp.echoReply;

/** A redirect in IPv6 quotes within an option behind two addresses (RFC 4861 §4.5): type 4, length in 8 bytes, 6 reserved. */
const REDIRECTED_HEADER = 4;

export interface Quote {
  /** As much of the packet as the router sent back; may end in the middle of any header. */
  readonly packet: Uint8Array;
  readonly extensions: readonly ExtensionObject[];
}

/** What an error quotes. Where its length field says so (RFC 4884 §4), extensions follow the quote. */
export function readQuote(message: Uint8Array, family: FamilyNumber): Quote {
  if (isRedirect(family, message[0]!) && family === 6) return { packet: redirected(message), extensions: [] };
  const { at, unit } = FAMILIES[family].icmp.quoteLength;
  const body = message.subarray(ICMP_HEADER);
  const length = hasLength(family, message[0]!) ? message[at]! * unit : 0;
  if (length === 0 || length >= body.length) return { packet: body, extensions: [] };
  return { packet: body.subarray(0, length), extensions: readExtensions(body.subarray(length)) };
}

/** Unreachable, time exceeded and IPv4's parameter problem have a length field; elsewhere the byte means something else. */
function hasLength(family: FamilyNumber, type: number): boolean {
  const { unreachable, timeExceeded, parameterProblem } = FAMILIES[family].icmp;
  return type === unreachable || type === timeExceeded || (family === 4 && type === parameterProblem);
}

function redirected(message: Uint8Array): Uint8Array {
  for (let at = 40; at + 8 <= message.length && message[at + 1]! > 0; at += message[at + 1]! * 8) {
    if (message[at] === REDIRECTED_HEADER) return message.subarray(at + 8, at + message[at + 1]! * 8);
  }
  return message.subarray(message.length);
}

/** The next-hop MTU that a too-big error names (RFC 1191 §4, RFC 4443 §3.2), or null for other messages. */
export function nextHopMtu(header: IcmpHeader): number | null {
  const { type, code } = FAMILIES[header.family].icmp.tooBig;
  if (header.type !== type || (header.family === 4 && header.code !== code)) return null;
  return header.family === 4 ? header.rest & 0xffff : header.rest;
}

const NAMES: Readonly<Record<FamilyNumber, string>> = { 4: 'icmp', 6: 'icmpv6' };

/** What an error is called where errors are counted: `icmp 3/1`, `icmpv6 1/0` (type and code). */
export const errorKind = (family: FamilyNumber, type: number, code: number): string => `${NAMES[family]} ${type}/${code}`;
