/** What the contract of the senders sends: plans of every shape, with the itinerary that each flow amounts to. */
import { SPRAY_WORDS } from '../../src/engine/spray.ts';
import type { Itinerary } from '../../src/probe/itinerary.ts';
import { layerAt } from '../../src/probe/spray-template.ts';
import { type Address, addressBytes, familyOf } from '../../src/wire/address.ts';
import { FAMILIES } from '../../src/wire/family.ts';
import { uint16 } from '../../src/wire/fields.ts';
import { A4, itinerary, R4, R6 } from '../probe/plans.ts';

export interface Shape {
  readonly itineraries: readonly Itinerary[];
  /** VLAN tags between the addresses and the EtherType. */
  readonly tags: readonly number[];
  /** The offsets that a flow's words go to, in each itinerary alike, and the itinerary that flow k of it amounts to. */
  readonly places: readonly number[];
  readonly words: readonly (readonly number[])[];
  readonly changed: (plan: Itinerary, flow: number) => Itinerary;
  /** First sequence, and the key that scatters it. */
  readonly first: number;
  readonly idKey: number;
  readonly tag: 'full' | 'sampled' | 'none';
}

const PLAIN: Omit<Shape, 'itineraries'> = {
  tags: [],
  places: [],
  words: [[]],
  changed: (plan) => plan,
  first: 0,
  idKey: 0x5eed_0011, // sequence 17 cannot be sent
  tag: 'full',
};

const V4 = itinerary([R4[0], A4]);
const V6 = itinerary([R6[0], '2001:db8::1']);
const addressPlaces = (plan: Itinerary, layer: number, field: 'source' | 'destination'): number[] => {
  const family = FAMILIES[familyOf(plan.layers[layer]!.destination)];
  return Array.from({ length: family.addressLength / 2 }, (_, word) => layerAt(plan, layer) + family.at[field] + 2 * word);
};
const addressWords = (address: Address): number[] => {
  const bytes = addressBytes(address);
  return Array.from({ length: bytes.length / 2 }, (_, word) => uint16(bytes, 2 * word));
};

const sweptAddress = (plan: Itinerary, layer: number, field: 'source' | 'destination', values: readonly Address[]): Shape => ({
  ...PLAIN,
  itineraries: [plan],
  places: addressPlaces(plan, layer, field),
  words: values.map(addressWords),
  changed: (one, flow) => ({
    ...one,
    layers: one.layers.map((old, index) => (index === layer ? { ...old, [field]: values[flow]! } : old)),
  }),
});

const PORTS = [33_000, 33_001, 47_111] as const;
const LABELS = [1, 0xffff, 0x1234] as const;
const LONG_LABELS = [0xfffff, 1, 0x10000] as const;
const MARKED = itinerary([R6[0], '2001:db8::1'], { dscp: 46 }); // a traffic class of 0xb8

export const SHAPES: Readonly<Record<string, Shape>> = {
  'two IPv4 headers': { ...PLAIN, itineraries: [V4] },
  'IPv4 paths of different lengths, over the sequences that cannot be sent': {
    ...PLAIN,
    itineraries: [V4, itinerary([R4[0], R4[1], R4[0], A4]), itinerary([A4])],
    first: 65_480,
    idKey: 0x0001_0007, // 65,536 to 131,071 cannot be sent, nor each one that ends in 7
  },
  'IPv6 headers': { ...PLAIN, itineraries: [V6] },
  'IPv6 in IPv4 in IPv6': { ...PLAIN, itineraries: [itinerary([R6[0], R4[0], R6[1], '2001:db8::1']), itinerary([R4[0], R6[1], A4])] },
  'a VLAN tag': { ...PLAIN, itineraries: [V4, V6], tags: [0x8100_0007] },
  'two VLAN tags': { ...PLAIN, itineraries: [V4], tags: [0x88a8_0002, 0x8100_0007] },
  'echo requests padded to 700 bytes': {
    ...PLAIN,
    itineraries: [itinerary([R4[0], A4], { transport: 'icmp', size: 700 }), itinerary([R6[0]], { transport: 'icmp', size: 640 })],
  },
  'tags on one in 64': { ...PLAIN, itineraries: [V4], tag: 'sampled' },
  'no tags': { ...PLAIN, itineraries: [V6], tag: 'none' },
  'swept ports': {
    ...PLAIN,
    itineraries: [V4, itinerary([R4[1], A4])],
    places: [layerAt(V4, 2)],
    words: PORTS.map((port) => [port]),
    changed: (plan, flow) => ({ ...plan, flow: { ...plan.flow, sourcePort: PORTS[flow]! } }),
  },
  'swept flow labels': {
    ...PLAIN,
    itineraries: [V6],
    places: [layerAt(V6, 0) + 2, layerAt(V6, 1) + 2],
    words: LABELS.map((label) => [label, label]),
    changed: (plan, flow) => ({ ...plan, flow: { ...plan.flow, flowLabel: LABELS[flow]! } }),
  },
  // the first word of a header has version and DSCP beside the label's upper bits (RFC 8200 §3)
  'swept flow labels of 20 bits, with a DSCP': {
    ...PLAIN,
    itineraries: [MARKED],
    places: [0, 2].flatMap((at) => [layerAt(MARKED, 0) + at, layerAt(MARKED, 1) + at]),
    words: LONG_LABELS.map((label) => [0, 0, 16, 16].map((bits) => (bits === 0 ? 0x6b80 + (label >> 16) : label & 0xffff))),
    changed: (plan, flow) => ({ ...plan, flow: { ...plan.flow, flowLabel: LONG_LABELS[flow]! } }),
  },
  'a swept outer source': sweptAddress(V4, 0, 'source', ['192.0.2.7', '192.0.2.255']),
  'a swept waypoint': sweptAddress(V4, 0, 'destination', ['198.51.100.9', '203.0.113.1']),
  'a swept inner source': sweptAddress(V4, 1, 'source', ['192.0.2.7', '255.255.255.255', '192.0.2.8']),
  'a swept inner source of IPv6': sweptAddress(V6, 1, 'source', ['2001:db8::7', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff']),
};

/** A flow's words as one array for all flows. */
export function valuesOf({ words }: Shape): Uint16Array {
  const values = new Uint16Array(words.length * SPRAY_WORDS);
  for (const [flow, one] of words.entries()) values.set(one, flow * SPRAY_WORDS);
  return values;
}
