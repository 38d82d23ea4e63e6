/** Where the headers of a packet stand, without reading what they say: the quick look that every received packet gets. */
import type { FamilyNumber } from './address.ts';
import { FAMILIES, nestedFamily } from './family.ts';
import { uint16 } from './fields.ts';
import { IPV4_HEADER } from './ipv4.ts';
import { IPV6_HEADER, skipExtensions } from './ipv6.ts';

export interface OutlinedLayer {
  readonly family: FamilyNumber;
  readonly at: number;
  /** Bytes of this header and all it says it carries; more than there are when a quote is cut short. */
  readonly length: number;
}

export interface Outline {
  /** Complete IP headers from the outside in; at least one. */
  readonly layers: readonly OutlinedLayer[];
  /** What follows the innermost of them, by its protocol number, and from where to where. */
  readonly protocol: number;
  readonly at: number;
  readonly end: number;
  /** True where what follows starts in the middle: a fragment other than the first. */
  readonly fragment: boolean;
}

/** The outline of the IP packet at `at`, or null where no IP header stands there. Steps inwards at most once per 20 bytes. */
export function outline(bytes: Uint8Array, at: number, end: number = bytes.length): Outline | null {
  const layers: OutlinedLayer[] = [];
  let next: Step | null = step(bytes, at, end);
  if (next === null) return null;
  for (;;) {
    const current: Step = next;
    layers.push(current.layer);
    const inner: FamilyNumber | null = current.fragment ? null : nestedFamily(current.protocol);
    next = inner === null ? null : step(bytes, current.at, current.end);
    if (next === null || next.layer.family !== inner) {
      return { layers, protocol: current.protocol, at: current.at, end: current.end, fragment: current.fragment };
    }
  }
}

interface Step {
  readonly layer: OutlinedLayer;
  readonly protocol: number;
  readonly at: number;
  readonly end: number;
  readonly fragment: boolean;
}

function step(bytes: Uint8Array, at: number, end: number): Step | null {
  if (at >= end) return null;
  const version = bytes[at]! >> 4;
  return version === 4 ? step4(bytes, at, end) : version === 6 ? step6(bytes, at, end) : null;
}

function step4(bytes: Uint8Array, at: number, end: number): Step | null {
  if (at + IPV4_HEADER > end) return null;
  const headerLength = (bytes[at]! & 0x0f) * 4;
  const length = uint16(bytes, at + 2);
  if (headerLength < IPV4_HEADER || at + headerLength > end || length < headerLength) return null;
  const fragment = (uint16(bytes, at + 6) & 0x1fff) !== 0;
  return { layer: { family: 4, at, length }, protocol: bytes[at + 9]!, at: at + headerLength, end: Math.min(end, at + length), fragment };
}

function step6(bytes: Uint8Array, at: number, end: number): Step | null {
  if (at + IPV6_HEADER > end) return null;
  const length = IPV6_HEADER + uint16(bytes, at + 4);
  const inside = Math.min(end, at + length);
  const upper = skipExtensions(bytes.subarray(0, inside), at + IPV6_HEADER, bytes[at + 6]!);
  if (!upper.ok || upper.at > inside) {
    return { layer: { family: 6, at, length }, protocol: bytes[at + 6]!, at: at + IPV6_HEADER, end: inside, fragment: true };
  }
  return { layer: { family: 6, at, length }, protocol: upper.protocol, at: upper.at, end: inside, fragment: false };
}

/** The ttl or hop limit of an outlined layer. */
export const ttlOf = (bytes: Uint8Array, layer: OutlinedLayer): number => bytes[layer.at + FAMILIES[layer.family].at.ttl]!;

/** DSCP and ECN of an outlined layer (RFC 2474, RFC 3168). */
export const trafficClassOf = (bytes: Uint8Array, { family, at }: OutlinedLayer): number =>
  family === 4 ? bytes[at + 1]! : (uint16(bytes, at) >> 4) & 0xff;

/** True where the two addresses of the layer are exactly these bytes: no text is made on the way. */
export function isBetween(bytes: Uint8Array, layer: OutlinedLayer, source: Uint8Array, destination: Uint8Array): boolean {
  const { at } = FAMILIES[layer.family];
  return same(bytes, layer.at + at.source, source) && same(bytes, layer.at + at.destination, destination);
}

function same(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i += 1) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}
