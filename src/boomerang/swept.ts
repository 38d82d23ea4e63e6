/**
 * What a spray changes from flow to flow, as a table: a field of its packets that routers may choose by, the headers it is in, and the
 * 16-bit words that it comes to. Everything else stays as it is, so what differs between flows is the way that was chosen by this field.
 */
import { SPRAY_WORDS } from '../engine/spray.ts';
import { BeaconError } from '../error.ts';
import { type Flow, headersLength, type Itinerary } from '../probe/itinerary.ts';
import { layerAt } from '../probe/spray-template.ts';
import { type Address, addressBytes, familyOf } from '../wire/address.ts';
import { FAMILIES } from '../wire/family.ts';
import { uint16 } from '../wire/fields.ts';

export const SWEEPS = ['ports', 'flow-label', 'source', 'outer', 'inner'] as const;
export type SweepKind = (typeof SWEEPS)[number];

export interface Swept {
  readonly kind: SweepKind;
  /** One a flow: ports, labels, or addresses of one family. */
  readonly values: readonly (number | Address)[];
  /** Only headers between the hops at this position and the next are changed, where the field is of headers; null: any. */
  readonly segment: number | null;
}

/** The two positions that a layer leads between, 0 being us. */
export type Leg = readonly [from: number, to: number];

interface Field {
  /** Which layers have it changed; none: it is the transport's. */
  readonly layers: (itinerary: Itinerary, legs: readonly Leg[], segment: number | null) => readonly number[];
  /** Where the field stands in such a layer, or from the transport on. */
  readonly at: (itinerary: Itinerary, layer: number) => number;
  /** What of a layer it replaces. */
  readonly replaces: 'source' | 'destination' | 'flowLabel' | null;
}

const of = (itinerary: Itinerary, layer: number): (typeof FAMILIES)[4] => FAMILIES[familyOf(itinerary.layers[layer]!.destination)];
const indexes = ({ layers }: Itinerary): number[] => layers.map((_, index) => index);
const isOn = ([from, to]: Leg, segment: number): boolean => Math.min(from, to) === segment && Math.max(from, to) === segment + 1;
const onSegment = (itinerary: Itinerary, legs: readonly Leg[], segment: number): number[] =>
  indexes(itinerary).filter((index) => isOn(legs[index]!, segment));

const FIELDS: Readonly<Record<SweepKind, Field>> = {
  ports: {
    layers: () => [],
    at: ({ layers, flow }) => headersLength(layers) + (flow.transport === 'udp' ? 0 : 4), // an echo's identifier
    replaces: null,
  },
  'flow-label': {
    layers: (itinerary, legs, segment) =>
      (segment === null ? indexes(itinerary) : onSegment(itinerary, legs, segment)).filter((index) => of(itinerary, index).number === 6),
    at: layerAt,
    replaces: 'flowLabel',
  },
  source: {
    layers: (itinerary, legs, segment) => (segment === null ? [0] : onSegment(itinerary, legs, segment)),
    at: (itinerary, layer) => layerAt(itinerary, layer) + of(itinerary, layer).at.source,
    replaces: 'source',
  },
  outer: {
    layers: (itinerary, legs, segment) =>
      indexes(itinerary).filter((index) => legs[index]![0] === segment && legs[index]![1] === segment + 1),
    at: (itinerary, layer) => layerAt(itinerary, layer) + of(itinerary, layer).at.destination,
    replaces: 'destination',
  },
  inner: {
    layers: ({ layers }) => [layers.length - 1],
    at: (itinerary, layer) => layerAt(itinerary, layer) + of(itinerary, layer).at.source,
    replaces: 'source',
  },
};

/** A million values are compared once, not for each template. */
const compared = new WeakMap<Swept['values'], readonly number[]>();

/** Those of a value's 16-bit words in which the values differ: what they share stands in the templates. */
function movingWords({ kind, values }: Swept): readonly number[] {
  const known = compared.get(values);
  if (known !== undefined) return known;
  const first = wordsOfValue(kind, values[0]!, 0);
  const moves = first.map(() => false);
  for (const value of values) for (const [word, one] of wordsOfValue(kind, value, 0).entries()) moves[word] ||= one !== first[word];
  const moving = [...moves.keys()].filter((word) => moves[word]);
  compared.set(values, moving);
  return moving;
}

/** A flow label of 20 bits begins in the word that holds version and traffic class (RFC 8200 §3). */
function wordsOfValue(kind: SweepKind, value: number | Address, dscp: number): number[] {
  if (kind === 'flow-label') return [(6 << 12) | (dscp << 6) | ((value as number) >>> 16), (value as number) & 0xffff];
  if (typeof value === 'number') return [value];
  const bytes = addressBytes(value);
  return Array.from({ length: bytes.length / 2 }, (_, word) => uint16(bytes, 2 * word));
}

/** The itinerary of the first flow. Throws BeaconError ERR_USAGE where a value is of another family than the header that it is for. */
export function firstFlow(itinerary: Itinerary, legs: readonly Leg[], swept: Swept): Itinerary {
  const { replaces, layers } = FIELDS[swept.kind];
  const value = swept.values[0]!;
  if (swept.kind === 'ports') return { ...itinerary, flow: { ...itinerary.flow, sourcePort: value as number } };
  const changed = new Set(layers(itinerary, legs, swept.segment));
  for (const index of changed) {
    const { destination } = itinerary.layers[index]!;
    if (replaces !== 'flowLabel' && familyOf(value as Address) !== familyOf(destination))
      throw new BeaconError(
        'ERR_USAGE',
        `--values ${value} is no IPv${familyOf(destination)} address, which the header to ${destination} needs`,
      );
  }
  return { ...itinerary, layers: itinerary.layers.map((layer, index) => (changed.has(index) ? { ...layer, [replaces!]: value } : layer)) };
}

/** Where word k of a flow's value goes in this itinerary. Throws ERR_USAGE where it would take more words than a flow has. */
export function placesOf(itinerary: Itinerary, legs: readonly Leg[], swept: Swept): (number | null)[] {
  const { layers, at } = FIELDS[swept.kind];
  const words = movingWords(swept);
  const starts = swept.kind === 'ports' ? [at(itinerary, 0)] : layers(itinerary, legs, swept.segment).map((layer) => at(itinerary, layer));
  const places = starts.flatMap((start) => words.map((word) => start + 2 * word));
  if (places.length <= SPRAY_WORDS) return places;
  throw new BeaconError(
    'ERR_USAGE',
    `--sweep ${swept.kind} would change ${places.length} words of a probe (${words.length} in each of ${starts.length} headers), and ${SPRAY_WORDS} is the most: give --segment, or a shorter path`,
  );
}

/** SPRAY_WORDS words a flow. In a template that has fewer places the last words have none. */
export function flowWords(swept: Swept, { dscp }: Pick<Flow, 'dscp'>): Uint16Array {
  const moving = movingWords(swept);
  const all = new Uint16Array(swept.values.length * SPRAY_WORDS);
  for (const [flow, value] of swept.values.entries()) {
    const words = wordsOfValue(swept.kind, value, dscp);
    for (let k = 0; k < SPRAY_WORDS && moving.length > 0; k += 1) all[flow * SPRAY_WORDS + k] = words[moving[k % moving.length]!]!;
  }
  return all;
}
