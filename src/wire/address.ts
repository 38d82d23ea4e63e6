/** Addresses: canonical text (dotted quad, RFC 5952) outside this room, 4 or 16 bytes inside it. */
import { isIPv4, isIPv6 } from 'node:net';

/** Canonical text of an IPv4 or IPv6 address: two addresses are equal exactly when their texts are. */
export type Address = string;
export type FamilyNumber = 4 | 6;

/** The canonical text of what a user typed, or null where it is no address (`127.1` and zones such as `%eth0` are none). */
export function parseAddress(text: string): Address | null {
  if (isIPv4(text)) return text;
  // A colon first: Node compiles a large pattern for the rest, which names need not wait for.
  return text.includes(':') && isIPv6(text) && !text.includes('%') ? addressText(ipv6Bytes(text)) : null;
}

export const familyOf = (address: Address): FamilyNumber => (address.includes(':') ? 6 : 4);

/** 4 or 16 bytes in network order. Throws RangeError for text that is no address. */
export function addressBytes(address: Address): Uint8Array {
  const bytes = new Uint8Array(familyOf(address) === 4 ? 4 : 16);
  writeAddress(bytes, 0, address);
  return bytes;
}

/** The same bytes into others. */
export function writeAddress(into: Uint8Array, at: number, address: Address): void {
  if (writeIpv4Address(into, at, address)) return;
  if (!isIPv6(address) || address.includes('%')) throw new RangeError(`"${address}" is not an IPv4 or IPv6 address`);
  into.set(ipv6Bytes(address), at);
}

const [ZERO, NINE, DOT] = [0x30, 0x39, 0x2e];

/**
 * False, and whatever in the four bytes, for all that is no dotted quad. By the character: a spray writes millions of them, and to split
 * the text into parts costs twenty times as much.
 */
function writeIpv4Address(into: Uint8Array, at: number, text: string): boolean {
  let part = 0;
  let value = -1;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= ZERO && code <= NINE && value !== 0) {
      value = (value < 0 ? 0 : value * 10) + code - ZERO;
      if (value > 255) return false;
    } else if (code === DOT && value >= 0 && part < 3) {
      into[at + part] = value;
      part += 1;
      value = -1;
    } else return false;
  }
  if (part < 3 || value < 0) return false;
  into[at + 3] = value;
  return true;
}

function ipv6Bytes(text: string): Uint8Array {
  const dotted = text.slice(text.lastIndexOf(':') + 1);
  const [high, low] = hexTail(text, dotted).split('::');
  const head = groups(high);
  const tail = groups(low);
  const words = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

/** An IPv6 address may end in dotted decimal (RFC 4291 §2.2): the same in two hexadecimal groups. */
function hexTail(text: string, dotted: string): string {
  if (!isIPv4(dotted)) return text;
  const [a, b, c, d] = dotted.split('.').map(Number) as [number, number, number, number];
  return `${text.slice(0, -dotted.length)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

const groups = (text = ''): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));

/** Text of 4 or 16 bytes at an offset, canonical as RFC 5952 §4 wants it. */
export function addressText(bytes: Uint8Array, at = 0, length: number = bytes.length - at): Address {
  if (length === 4) return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
  const words = Array.from({ length: 8 }, (_, i) => (bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]!);
  const [from, count] = longestZeroRun(words);
  const hex = (part: number[]): string => part.map((word) => word.toString(16)).join(':');
  if (isMapped(words)) return `::ffff:${addressText(bytes, at + 12, 4)}`; // RFC 5952 §5
  return count < 2 ? hex(words) : `${hex(words.slice(0, from))}::${hex(words.slice(from + count))}`;
}

const isMapped = (words: number[]): boolean => words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0);

/** The first of the longest runs of zero words (RFC 5952 §4.2.3). */
function longestZeroRun(words: number[]): [from: number, count: number] {
  let best: [number, number] = [0, 0];
  for (let from = 0; from < words.length; from += 1) {
    let count = 0;
    while (words[from + count] === 0) count += 1;
    if (count > best[1]) best = [from, count];
    from += count;
  }
  return best;
}
