/**
 * Our payload: it says which probe a packet is, and proves it with a keyed tag.
 *
 *      0  magic           0xbeac2003
 *      4  version         1, then a zero byte
 *      6  balance         makes the transport's checksum what the plan wants it to be
 *      8  run             random per run
 *     12  path            index of the itinerary within the run (the flow)
 *     16  sequence        dense over the run: the probe's number
 *     20  tag             SipHash-2-4 of bytes 8–19 under the run's key
 *     28  sent            nanoseconds since 1970, outside the tag
 *
 * All big-endian but the tag, which is in the order of SipHash's reference code. Zeros follow up to the wanted size.
 */
import { fold, onesSum } from './checksum.ts';
import { setUint16, setUint32, uint16, uint32 } from './fields.ts';
import { type SipKey, sipHash } from './siphash.ts';

export const MAGIC = 0xbeac2003;
const VERSION = 1;
export const IDENTITY_LENGTH = 36;
const BALANCE_AT = 6;
const RUN_AT = 8;
const TAG_AT = 20;
const SENT_AT = 28;

export interface Identity {
  readonly run: number;
  readonly path: number;
  readonly sequence: number;
}

/** Writes all but the balance, which is zeroed. */
export function writeIdentity(into: Uint8Array, at: number, identity: Identity, key: SipKey, sentNs: bigint): void {
  setUint32(into, at, MAGIC);
  setUint16(into, at + 4, VERSION << 8);
  setUint16(into, at + BALANCE_AT, 0);
  setUint32(into, at + RUN_AT, identity.run);
  setUint32(into, at + 12, identity.path);
  setUint32(into, at + 16, identity.sequence);
  sipHash(key, into, at + RUN_AT, at + TAG_AT, into, at + TAG_AT);
  wide.setBigUint64(0, sentNs); // without a BigInt for each half
  setUint32(into, at + SENT_AT, wide.getUint32(0));
  setUint32(into, at + SENT_AT + 4, wide.getUint32(4));
}

const wide = new DataView(new ArrayBuffer(8));

/**
 * Sets the balance so that a transport header and payload `[from, to)` whose checksum field already holds the wanted value
 * sum up as right (RFC 1071). `sum` is the pseudo-header's.
 */
export function balance(into: Uint8Array, identityAt: number, from: number, to: number, sum: number): void {
  setUint16(into, identityAt + BALANCE_AT, ~fold(onesSum(into, from, to) + sum) & 0xffff);
}

export const carriesIdentity = (bytes: Uint8Array, at: number, end: number): boolean =>
  at + IDENTITY_LENGTH <= end && quotesIdentity(bytes, at, end);

/** All up to the tag stands there: a quote that is cut behind it, as an ICMPv6 redirect may be, still proves which probe it is about. */
export const quotesIdentity = (bytes: Uint8Array, at: number, end: number): boolean =>
  at + SENT_AT <= end && uint32(bytes, at) === MAGIC && uint16(bytes, at + 4) >> 8 === VERSION;

/** The identity that stands at `at`, or null where none does. Says nothing about whether it is genuine. */
export function readIdentity(bytes: Uint8Array, at: number, end: number): Identity | null {
  if (!carriesIdentity(bytes, at, end)) return null;
  return { run: uint32(bytes, at + RUN_AT), path: uint32(bytes, at + 12), sequence: uint32(bytes, at + 16) };
}

/** The time that the payload says it was sent at; not covered by the tag. */
export const readSentNs = (bytes: Uint8Array, at: number): bigint =>
  (BigInt(uint32(bytes, at + SENT_AT)) << 32n) | BigInt(uint32(bytes, at + SENT_AT + 4));

const expected = new Uint8Array(8);

/** True where the tag fits the identity under this key: nobody without the key wrote it. */
export function isGenuine(bytes: Uint8Array, at: number, key: SipKey): boolean {
  sipHash(key, bytes, at + RUN_AT, at + TAG_AT, expected, 0);
  for (let i = 0; i < 8; i += 1) if (bytes[at + TAG_AT + i] !== expected[i]) return false;
  return true;
}
