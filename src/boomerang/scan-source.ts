/**
 * Which sources the header home may carry where a router hands it on, and whether the router checks sources against its routes. A source
 * is told not to pass where it never comes home while another does, asked in turn; where none does, nothing is known.
 */
import { FAR, type Itinerary } from '../probe/itinerary.ts';
import { type Address, familyOf } from '../wire/address.ts';
import type { Heard } from './asker.ts';
import { type Fact, INTERRUPTED, known, notKnown } from './fact.ts';
import { LAYER_SOURCES, type LayerSource, type LayerSourceKind } from './layer-source.ts';
import { contrastOf, heardOf, isDropped, itineraryOver, type Scanner, toldBy } from './scan-ask.ts';

export type SourceFacts = Readonly<Record<LayerSourceKind, Fact<boolean>>>;

/** A router of the path that strips its own family. */
export interface Stop {
  readonly address: Address;
  readonly sources: SourceFacts;
}

export interface Sources {
  readonly facts: SourceFacts;
  /** With which probes come home from there; null: with none. */
  readonly passing: LayerSource | null;
}

export const allSources = (fact: Fact<boolean>): SourceFacts =>
  Object.fromEntries(LAYER_SOURCES.map((kind) => [kind, fact])) as Record<LayerSourceKind, Fact<boolean>>;

/** `before`: the routers nearer to us that strip, nearest first. `previous`: the hop before, where it strips. */
export async function sourcesAt(
  scanner: Scanner,
  address: Address,
  before: readonly Stop[],
  previous: Stop | null,
  isFirst: boolean,
): Promise<Sources> {
  const tried = triedAt(scanner, address, previous);
  const heard = await heardOf(
    scanner,
    tried.map(({ itinerary }) => itinerary),
  );
  const passing = tried.find(({ source }, index) => source.kind !== 'previous' && heard[index]?.kind === 'landed') ?? null; // over this hop alone
  const facts = new Map<LayerSourceKind, Fact<boolean>>();
  for (const [index, one] of tried.entries()) {
    facts.set(one.source.kind, await passes(scanner, one, heard[index] ?? null, passing, before, previous));
  }
  const missing = (kind: LayerSourceKind): Fact<boolean> => {
    if (kind === 'second') return notKnown('we have no second address');
    return isFirst ? { ...facts.get('waypoint')! } : notKnown('the hop before it is not known to strip headers'); // from us it is the same
  };
  const all = LAYER_SOURCES.map((kind) => [kind, facts.get(kind) ?? missing(kind)] as const);
  return { facts: Object.fromEntries(all) as Record<LayerSourceKind, Fact<boolean>>, passing: passing?.source ?? null };
}

interface Tried {
  readonly source: LayerSource;
  readonly itinerary: Itinerary;
}

function triedAt(scanner: Scanner, address: Address, previous: Stop | null): Tried[] {
  const second = scanner.second[familyOf(address)];
  const tried: Tried[] = [];
  for (const kind of LAYER_SOURCES) {
    if ((kind === 'second' && second === undefined) || (kind === 'previous' && previous === null)) continue;
    const source: LayerSource = kind === 'second' ? { kind, address: second! } : { kind };
    const stops = kind === 'previous' ? [previous!.address, address] : [address];
    tried.push({ source, itinerary: itineraryOver(scanner, stops, source) });
  }
  return tried;
}

async function passes(
  scanner: Scanner,
  { source, itinerary }: Tried,
  heard: Heard | null,
  passing: Tried | null,
  before: readonly Stop[],
  previous: Stop | null,
): Promise<Fact<boolean>> {
  if (heard?.kind === 'landed') return known(true);
  if (heard !== null) return notKnown(toldBy(heard));
  if (scanner.isOver()) return INTERRUPTED;
  if (passing === null) return notKnown('nothing that it hands on comes home');
  // the same header from a nearer router met less on its way
  const nearer =
    source.kind === 'us' || source.kind === 'second' ? before.find(({ sources }) => sources[source.kind].value !== true) : null;
  if (nearer) return notKnown(`it does not come home from ${nearer.address} either`);
  if (source.kind === 'previous' && previous!.sources.waypoint.value !== true)
    return notKnown(`${previous!.address} may be what drops its own address as source`);
  const contrast = await contrastOf(scanner, itinerary, passing.itinerary);
  if (contrast.tested > 0) return known(true);
  const counts = `${contrast.tested} of ${contrast.asked} came home, and ${contrast.control} of ${contrast.asked} with ${passing.source.kind}`;
  return isDropped(contrast) ? known(false, counts) : notKnown(counts);
}

/** Who stands next to a router, and behind it. */
export interface Neighbours {
  /** The hop nearer to us; null: that is us. */
  readonly nearer: Address | null;
  /** The next hop, where it strips headers. */
  readonly next: Address | null;
  /** A hop behind that one. */
  readonly beyond: Address | null;
}

/**
 * Strict reverse path check (RFC 3704 §2.2): a header comes in from the next hop with a source to which the router has its route on our
 * side. Where that comes home there is no such check; where it never does while one with a source behind the next hop does, there is.
 * `isUniform`: it copies ttls inwards.
 */
export async function reversePathCheckAt(
  scanner: Scanner,
  address: Address,
  { nearer, next, beyond }: Neighbours,
  isUniform: boolean,
): Promise<Fact<boolean>> {
  if (next === null) return notKnown('no next hop is known that strips headers');
  const us = scanner.us[familyOf(address)]!;
  const from = (source: Address): Itinerary => comingFrom(scanner, address, next, source, isUniform ? FAR : 2); // a copied ttl must do for the way home too
  const tested = from(nearer ?? us);
  const [heard] = await heardOf(scanner, [tested]);
  if (heard?.kind === 'landed') return known(false);
  if (heard) return notKnown(toldBy(heard));
  if (scanner.isOver()) return INTERRUPTED;
  const behind = beyond ?? (familyOf(address) === 6 ? next : null); // Linux refuses its own address as source over IPv4
  if (behind === null) return notKnown('a source from our side does not come home, and no hop behind the next is known to compare with');
  const contrast = await contrastOf(scanner, tested, from(behind));
  const counts = `${contrast.tested} of ${contrast.asked} came home with a source from our side, and ${contrast.control} with one from behind`;
  if (contrast.tested > 0) return known(false);
  if (!isDropped(contrast)) return notKnown(counts);
  return nearer === null ? notKnown(`${counts}; a filter of our own prefix would look the same`) : known(true, counts);
}

/** Stripped at the next hop, one hop back to the router with this source, stripped there, and home with the next hop's own. */
function comingFrom(scanner: Scanner, address: Address, next: Address, source: Address, ttl: number): Itinerary {
  const plain = itineraryOver(scanner, [next, address]);
  const layers = plain.layers.map((layer, index) => {
    if (index === 0) return layer;
    return index === 1 ? { ...layer, source, ttl } : { ...layer, source: next, ttl: index === 2 ? FAR : layer.ttl };
  });
  return { ...plain, layers };
}
