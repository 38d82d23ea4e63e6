/** What probes of one kind have in common, as the sent ones show it: their layers' addresses, ttls and lengths, and so the legs. */
import { FAMILIES } from '../wire/family.ts';
import { uint16, uint32 } from '../wire/fields.ts';
import type { Glance } from '../wire/glance.ts';

export interface Shape {
  /** Counts up for ever; an old shape's place is taken by a newer one. */
  readonly serial: number;
  readonly path: number;
  readonly layers: number;
  readonly lengths: Int32Array;
  readonly ttls: Uint8Array;
  /** Source and destination of each layer, end to end, and where each layer's begin. */
  readonly addresses: Uint8Array;
  /** The same as 32-bit numbers. */
  readonly words: Uint32Array;
  readonly starts: Int32Array;
  /** Layers that are left at home; 0 where it is not meant to come home. */
  readonly landing: number;
  readonly legs: number;
  readonly hop: number;
}

export interface Shapes {
  /** The shape of the packet at which was glanced: a known one where it is the same. */
  of(bytes: Uint8Array, seen: Glance, path: number): Shape;
  /** Undefined once it was displaced. */
  bySerial(serial: number): Shape | undefined;
}

/** A run has as many as its path has hops; this bounds what a hostile file makes us remember. */
const MOST_SHAPES = 4096;
/** A power of 2. */
const LATEST = 256;

export function createShapes(): Shapes {
  const byHash = new Map<number, Shape>();
  const ring: Shape[] = [];
  const latest: (Shape | undefined)[] = Array<Shape | undefined>(LATEST).fill(undefined); // by path: a sweep's probes of a path are all alike
  let next = 0;
  return {
    of(bytes, seen, path) {
      const before = latest[path & (LATEST - 1)];
      if (before !== undefined && fits(before, bytes, seen, path)) return before;
      const found = find(bytes, seen, path);
      latest[path & (LATEST - 1)] = found;
      return found;
    },
    bySerial: (serial) => {
      const shape = ring[serial % MOST_SHAPES];
      return shape?.serial === serial ? shape : undefined;
    },
  };

  function find(bytes: Uint8Array, seen: Glance, path: number): Shape {
    const hash = hashOf(bytes, seen, path);
    const known = byHash.get(hash);
    if (known !== undefined && fits(known, bytes, seen, path)) return known;
    const made = shapeOf(bytes, seen, path, next);
    if (byHash.size >= MOST_SHAPES) byHash.clear();
    byHash.set(hash, made);
    ring[next % MOST_SHAPES] = made;
    next += 1;
    return made;
  }
}

const isV4 = (bytes: Uint8Array, at: number): boolean => bytes[at]! >> 4 === 4;
const addressesAt = (bytes: Uint8Array, at: number): number => at + (isV4(bytes, at) ? 12 : 8);
const ttlAt = (bytes: Uint8Array, at: number): number => bytes[at + (isV4(bytes, at) ? 8 : 7)]!;
/** Of source and destination together. */
const addressesLength = (bytes: Uint8Array, at: number): number => (isV4(bytes, at) ? 8 : 32);

/** FNV-1a over words in place of bytes. */
function hashOf(bytes: Uint8Array, seen: Glance, path: number): number {
  let hash = path | 0;
  for (let i = 0; i < seen.count; i += 1) {
    const at = seen.at[i]!;
    hash = Math.imul(hash ^ ((seen.length[i]! << 8) | ttlAt(bytes, at)), 16_777_619);
    const from = addressesAt(bytes, at);
    const to = from + addressesLength(bytes, at);
    for (let word = from; word < to; word += 4)
      hash = Math.imul(hash ^ (uint16(bytes, word) * 65_599 + uint16(bytes, word + 2)), 16_777_619);
  }
  return hash;
}

function fits(shape: Shape, bytes: Uint8Array, seen: Glance, path: number): boolean {
  if (shape.layers !== seen.count || shape.path !== path) return false;
  for (let i = 0; i < seen.count; i += 1) {
    const at = seen.at[i]!;
    if (shape.lengths[i] !== seen.length[i] || shape.ttls[i] !== ttlAt(bytes, at) || !wears(shape, i, bytes, at)) return false;
  }
  return true;
}

/** True where the header at `at` has the addresses of that layer. */
export function wears(shape: Shape, layer: number, bytes: Uint8Array, at: number): boolean {
  const start = shape.starts[layer]!;
  const length = shape.starts[layer + 1]! - start;
  if (length !== addressesLength(bytes, at)) return false;
  const from = addressesAt(bytes, at) - start;
  for (let i = start; i < start + length; i += 4) if (shape.words[i >> 2] !== uint32(bytes, from + i)) return false;
  return true;
}

/** True where the source address of the header at `at` is where probes of this shape come from. */
export function isFromHome(shape: Shape, bytes: Uint8Array, at: number): boolean {
  const length = shape.starts[1]! / 2;
  if (length !== addressesLength(bytes, at) / 2) return false;
  const from = addressesAt(bytes, at);
  for (let i = 0; i < length; i += 1) if (shape.addresses[i] !== bytes[from + i]) return false;
  return true;
}

/** Its last layer is addressed to where it comes from. */
export function endsAtHome({ addresses, starts, layers }: Shape): boolean {
  const end = starts[layers]!;
  const length = (end - starts[layers - 1]!) / 2;
  if (starts[1]! / 2 !== length) return false;
  for (let i = 0; i < length; i += 1) if (addresses[i] !== addresses[end - length + i]) return false;
  return true;
}

function shapeOf(bytes: Uint8Array, seen: Glance, path: number, serial: number): Shape {
  const ats = seen.at.subarray(0, seen.count);
  const starts = new Int32Array(seen.count + 1);
  ats.forEach((at, i) => {
    starts[i + 1] = starts[i]! + addressesLength(bytes, at);
  });
  const addresses = new Uint8Array(starts[seen.count]!);
  ats.forEach((at, i) => {
    addresses.set(bytes.subarray(addressesAt(bytes, at), addressesAt(bytes, at) + addressesLength(bytes, at)), starts[i]!);
  });
  const ttls = Uint8Array.from(ats, (at) => ttlAt(bytes, at));
  const landing = landingOf(bytes, ats);
  return {
    serial,
    path,
    layers: seen.count,
    lengths: seen.length.slice(0, seen.count),
    ttls,
    addresses,
    words: Uint32Array.from({ length: addresses.length / 4 }, (_, i) => uint32(addresses, 4 * i)),
    starts,
    landing,
    legs: seen.count - landing + (landing > 0 ? 1 : 0),
    hop: landing > 0 && path > 0 ? path : varied(ttls),
  };
}

/** How many of the innermost layers are addressed to where the outermost comes from. A single one goes elsewhere, or to ourselves. */
function landingOf(bytes: Uint8Array, ats: Int32Array): number {
  let count = 0;
  while (count < ats.length - 1 && isOurs(bytes, ats[0]!, ats[ats.length - 1 - count]!)) count += 1;
  return count;
}

/** The destination at `inner` is the source at `outer`. Of mixed families it never is: then the innermost pair tells, A to A. */
function isOurs(bytes: Uint8Array, outer: number, inner: number): boolean {
  const family = FAMILIES[isV4(bytes, inner) ? 4 : 6];
  const home = isV4(bytes, outer) === isV4(bytes, inner) ? outer : inner;
  for (let i = 0; i < family.addressLength; i += 4) {
    if (uint32(bytes, inner + family.at.destination + i) !== uint32(bytes, home + family.at.source + i)) return false;
  }
  return true;
}

/** The ttl that a trace gives a header whose way is to be any. */
const FAR = 64;

/** The ttl of a trace's probe: the innermost that is not meant to be any. */
function varied(ttls: Uint8Array): number {
  const limited = ttls.findLast((ttl) => ttl !== FAR);
  return limited ?? FAR;
}
