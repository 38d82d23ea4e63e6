/** What a probe costs the links that it crosses, and how many probes a second no link feels ("What may be sent"). */
import type { Address } from '../wire/address.ts';
import { layerLengths } from './craft.ts';
import { type Itinerary, smallestSize } from './itinerary.ts';

export interface LinkLoad {
  /** The ends of the leg that crosses it; which comes first says nothing. */
  readonly between: readonly [Address, Address];
  /** Crossings of one probe, each direction counted. */
  readonly times: number;
  /** Bytes of IP packets in all these crossings. */
  readonly bytes: number;
}

/** Of every leg of the itinerary: a leg counts as one link, and each router must be named by one address. */
export function linkLoads(itinerary: Itinerary): LinkLoad[] {
  const { layers, flow } = itinerary;
  const lengths = layerLengths(itinerary, flow.size ?? smallestSize(layers));
  const loads = new Map<string, LinkLoad>();
  let from = layers[0]!.source;
  for (const [index, { destination: to }] of layers.entries()) {
    if (to === from) continue; // two headers of one host: they come off without a link between
    const between = from < to ? ([from, to] as const) : ([to, from] as const);
    const known = loads.get(between.join(' ')) ?? { between, times: 0, bytes: 0 };
    loads.set(between.join(' '), { between, times: known.times + 1, bytes: known.bytes + lengths[index]! });
    from = to;
  }
  return [...loads.values()];
}

/** What the probes of a run cost the link that carries most. */
export interface Load {
  /** The most crossings of one link by one probe. */
  readonly crossings: number;
  /** Bytes that a probe puts on the busiest link, in all its crossings; the mean over the itineraries. */
  readonly bytes: number;
}

/** Of itineraries that are asked equally often; null without any. They are looked at one by one: there may be 80,000. */
export function loadOf(itineraries: Iterable<Itinerary>): Load | null {
  const bytes = new Map<string, number>();
  let [count, crossings] = [0, 0];
  for (const itinerary of itineraries) {
    count += 1;
    for (const load of linkLoads(itinerary)) {
      const link = load.between.join(' ');
      bytes.set(link, (bytes.get(link) ?? 0) + load.bytes);
      crossings = Math.max(crossings, load.times);
    }
  }
  if (count === 0) return null;
  let busiest = 0;
  for (const each of bytes.values()) busiest = Math.max(busiest, each);
  return { crossings, bytes: busiest / count };
}

/** Packets a second on one link, where nothing else is asked for. */
export const MOST_PACKETS = 100_000;
/** The part of a link that probes may take, where nothing else is asked for. */
export const USUAL_SHARE = 0.01;

/** Probes a second that keep every link below a bound; one a second is always allowed. */
export interface Ceiling {
  readonly rate: number;
  /** What sets it: packets on a link, or bits of the first link. */
  readonly bound: 'packets' | 'bits';
}

/**
 * The smaller of 100,000 packets and 1 % of `bitsPerSecond` a second on the busiest link; another `share` moves both in proportion.
 * null: a link whose speed nobody knows, which leaves the packets.
 */
export function ceilingOf({ crossings, bytes }: Load, bitsPerSecond: number | null, share: number): Ceiling {
  const packets = ((share / USUAL_SHARE) * MOST_PACKETS) / crossings;
  const bits = bitsPerSecond === null ? Number.POSITIVE_INFINITY : (share * bitsPerSecond) / (8 * bytes);
  return { rate: Math.max(1, Math.floor(Math.min(packets, bits) + ROUNDING)), bound: bits < packets ? 'bits' : 'packets' };
}

/** A share is rarely exact in binary: what is a whole number but for a hair is one. */
const ROUNDING = 1e-6;
