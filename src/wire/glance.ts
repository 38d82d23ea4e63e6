/** Where the headers of a packet stand, in columns that are used again for the next: `outline` without an object, for whole recordings. */
import { uint16 } from './fields.ts';
import { IPV4_HEADER } from './ipv4.ts';
import { IPV6_HEADER, skipExtensions } from './ipv6.ts';

/** No IP packet has more: each header takes at least 20 of 65,575 bytes. */
const MOST_LAYERS = 3280;

export interface Glance {
  /** Complete IP headers; 0 where none stands there. */
  count: number;
  /** Where each header stands, outside in; its version is the upper half of its first byte. */
  readonly at: Int32Array;
  /** Bytes of each header and all it says it carries; more than there are when a quote is cut short. */
  readonly length: Int32Array;
  /** What follows the innermost of them, by its protocol number, and from where to where. */
  protocol: number;
  bodyAt: number;
  end: number;
  /** What follows starts in the middle: a fragment other than the first, or an extension header that is cut off. */
  fragment: boolean;
}

/** With room for so many layers; those that have none are left out. */
export const newGlance = (layers: number = MOST_LAYERS): Glance => ({
  count: 0,
  at: new Int32Array(layers),
  length: new Int32Array(layers),
  protocol: 0,
  bodyAt: 0,
  end: 0,
  fragment: false,
});

/** Reads the packet in `bytes[at, end)`; false where no IP header stands there. What it finds is what `outline` finds. */
export function glance(bytes: Uint8Array, at: number, end: number, into: Glance): boolean {
  into.count = 0;
  let version = at < end ? bytes[at]! >> 4 : 0;
  while (version === 4 ? step4(bytes, at, end, into) : version === 6 && step6(bytes, at, end, into)) {
    at = into.bodyAt;
    end = into.end;
    const nested = into.fragment ? 0 : into.protocol === 4 ? 4 : into.protocol === 41 ? 6 : 0;
    if (nested === 0 || at >= end || bytes[at]! >> 4 !== nested || into.count === into.at.length) return true;
    version = nested;
  }
  return into.count > 0;
}

/** The transport is all there: neither a fragment nor cut by the capture or the quote. */
export function isWhole(bytes: Uint8Array, seen: Glance): boolean {
  const last = seen.count - 1;
  const at = seen.at[last]!;
  if (seen.fragment || seen.end < at + seen.length[last]!) return false;
  return bytes[at]! >> 4 === 6 ? bytes[at + 6] !== FRAGMENT : (uint16(bytes, at + 6) & MORE_FRAGMENTS) === 0;
}

const FRAGMENT = 44;
const MORE_FRAGMENTS = 0x2000;

/** Leaves all as it was where no whole header stands there. */
function step4(bytes: Uint8Array, at: number, end: number, into: Glance): boolean {
  if (at + IPV4_HEADER > end) return false;
  const headerLength = (bytes[at]! & 0x0f) * 4;
  const length = uint16(bytes, at + 2);
  if (headerLength < IPV4_HEADER || at + headerLength > end || length < headerLength) return false;
  into.at[into.count] = at;
  into.length[into.count] = length;
  into.count += 1;
  into.protocol = bytes[at + 9]!;
  into.bodyAt = at + headerLength;
  into.end = Math.min(end, at + length);
  into.fragment = (uint16(bytes, at + 6) & 0x1fff) !== 0;
  return true;
}

function step6(bytes: Uint8Array, at: number, end: number, into: Glance): boolean {
  if (at + IPV6_HEADER > end) return false;
  const length = IPV6_HEADER + uint16(bytes, at + 4);
  const inside = Math.min(end, at + length);
  const next = bytes[at + 6]!;
  into.at[into.count] = at;
  into.length[into.count] = length;
  into.count += 1;
  into.protocol = next;
  into.bodyAt = at + IPV6_HEADER;
  into.end = inside;
  into.fragment = false;
  if (!PLAIN.has(next)) overExtensions(bytes, inside, into);
  return true;
}

/** What most often follows, and is no extension header: IPv4, IPv6, UDP, TCP, ICMPv6. */
const PLAIN: ReadonlySet<number> = new Set([4, 41, 17, 6, 58]);

function overExtensions(bytes: Uint8Array, inside: number, into: Glance): void {
  const upper = skipExtensions(bytes.subarray(0, inside), into.bodyAt, into.protocol);
  if (!upper.ok || upper.at > inside) {
    into.fragment = true;
    return;
  }
  into.protocol = upper.protocol;
  into.bodyAt = upper.at;
}
