/** What routers may choose among equal ways by, as far as a probe of ours can change it: each field with the values that are tried. */
import { FAR, type Flow, type Itinerary } from '../probe/itinerary.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { type Carries, type PathEnds, tracePlan } from './path-kind.ts';

/** Named as they stand in the header that routers of the path see outermost; `inner` ones are those of the next header. */
export type FieldName =
  | 'source port'
  | 'destination port'
  | 'identifier'
  | 'checksum'
  | 'flow label'
  | 'outer source'
  | 'waypoint address'
  | 'inner addresses'
  | 'inner ports';

/** One value of a field, and the probe that has it, all else as in the trace. */
export interface Variant {
  readonly value: number | Address;
  readonly itinerary: (ttl: number) => Itinerary;
}

export interface Field {
  readonly name: FieldName;
  /** The trace's own value. */
  readonly own: number | Address;
  /** Others than the trace's own. */
  readonly variants: readonly Variant[];
}

export interface FieldsAsked {
  readonly ends: PathEnds;
  readonly flow: Flow;
  readonly carries: Carries;
  /** Values of each field, the trace's own included; fewer where there are not so many. */
  readonly values: number;
  /** Another address of our own, or null. */
  readonly second: Address | null;
  /** Addresses of the path's hops, first to last; null where nobody knows it, or probes may not be sent there. */
  readonly hops: readonly (Address | null)[];
}

export const traceItinerary =
  ({ ends, flow, carries }: Pick<FieldsAsked, 'ends' | 'flow' | 'carries'>) =>
  (ttl: number): Itinerary => {
    const { layers, landing } = tracePlan(ends, carries);
    return { layers: layers(ttl), flow, landing };
  };

/** Those that have more than one value here. */
export function fieldsOf(asked: FieldsAsked): Field[] {
  const more = asked.values - 1;
  const all = [...transportFields(asked), ...addressFields(asked)];
  return all.map((field) => ({ ...field, variants: field.variants.slice(0, more) })).filter(({ variants }) => variants.length > 0);
}

function transportFields(asked: FieldsAsked): Field[] {
  const { ends, flow, values, carries } = asked;
  const vary = (name: FieldName, key: keyof typeof RANGES): Field => ({
    name,
    own: flow[key],
    variants: others(flow[key], RANGES[key], values - 1).map((value) => ({
      value,
      itinerary: traceItinerary({ ...asked, flow: { ...flow, [key]: value } }),
    })),
  });
  const label = familyOf(ends.to) === 6 ? [vary('flow label', 'flowLabel')] : [];
  if (isSteered(ends, carries)) return [vary('inner ports', 'sourcePort'), ...label];
  const [source, destination] = TRANSPORT_NAMES[flow.transport];
  return [vary(source, 'sourcePort'), vary(destination, 'destinationPort'), ...label];
}

/** What the flow's two ports are in each transport. */
const TRANSPORT_NAMES = { udp: ['source port', 'destination port'], icmp: ['identifier', 'checksum'] } as const;
const isSteered = (ends: PathEnds, carries: Carries): boolean => carries !== 'probe' && ends.to !== ends.us;

interface Range {
  readonly first: number;
  readonly room: number;
  readonly step: number;
}

/** Values next to each other are a poor sample of a weak hash; but nobody listens where traceroutes knock. */
const RANGES: Readonly<Record<'sourcePort' | 'destinationPort' | 'flowLabel', Range>> = {
  sourcePort: { first: 40_000, room: 25_000, step: 7919 },
  destinationPort: { first: 33_434, room: 512, step: 1 },
  flowLabel: { first: 1, room: 0xfffff, step: 65_537 },
};

function others(own: number, { first, room, step }: Range, count: number): number[] {
  return Array.from({ length: count + 1 }, (_, i) => first + ((Math.max(0, own - first) + (i + 1) * step) % room))
    .filter((value) => value !== own)
    .slice(0, count);
}

function addressFields(asked: FieldsAsked): Field[] {
  const { ends, second, hops, carries } = asked;
  const variant = (value: Address, changed: PathEnds): Variant => ({ value, itinerary: traceItinerary({ ...asked, ends: changed }) });
  const source = ends.second ?? ends.us;
  const sources = [...new Set([ends.us, second])].filter((address) => address !== null && address !== source) as Address[];
  const [entry] = hops;
  const isOther = ends.kind !== 'trace' && ends.entry === undefined && entry != null && entry !== ends.from;
  const entries = isOther ? [entry] : [];
  const inner = isSteered(ends, carries) ? [...new Set(hops)].filter((hop) => hop !== null && hop !== ends.us) : [];
  return [
    { name: 'outer source', own: source, variants: sources.map((other) => ({ value: other, itinerary: fromSource(asked, other) })) },
    { name: 'waypoint address', own: ends.from, variants: entries.map((from) => variant(from, { ...ends, from })) },
    { name: 'inner addresses', own: ends.us, variants: inner.map((to) => ({ value: to!, itinerary: carryingTo(asked, to!) })) },
  ];
}

/** Only the header with the varied ttl: errors about it come home to that address. */
const fromSource =
  (asked: FieldsAsked, source: Address) =>
  (ttl: number): Itinerary => {
    const plain = traceItinerary(asked)(ttl);
    const { varied } = tracePlan(asked.ends, asked.carries);
    return { ...plain, layers: plain.layers.map((layer, index) => (index === varied ? { ...layer, source } : layer)) };
  };

/** As on the legs of a boomerang, where the next header goes to another hop. */
export const carryingTo =
  (asked: Pick<FieldsAsked, 'ends' | 'flow' | 'carries'>, destination: Address) =>
  (ttl: number): Itinerary => {
    const plain = traceItinerary(asked)(ttl);
    const layers = [...plain.layers.slice(0, -1), { source: asked.ends.us, destination, ttl: FAR }];
    return { ...plain, layers, landing: 0 };
  };
