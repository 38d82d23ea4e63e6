/** What each router of a path does with nested packets: one card a hop, each line of which is known, or says why it is not. */
import { FAR, type Itinerary, type Layer } from '../probe/itinerary.ts';
import type { Outcome } from '../probe/observation.ts';
import { type Address, type FamilyNumber, familyOf } from '../wire/address.ts';
import { type Heard, isExpired } from './asker.ts';
import { type Fact, INTERRUPTED, known, notKnown } from './fact.ts';
import type { LayerSource } from './layer-source.ts';
import { type Answers, answersOf, noAnswers } from './scan-answers.ts';
import { deliveredTo, dressed, heardOf, itineraryOver, nestedIn, type Scanner } from './scan-ask.ts';
import { type Dscp, dscpAt, type EcnFate, ecnAt, type TtlModel, ttlModelAt } from './scan-copies.ts';
import { depthAt, type Extent, noExtent, sizeAt } from './scan-extent.ts';
import { type Nested, nestingsAt } from './scan-nesting.ts';
import { allSources, reversePathCheckAt, type SourceFacts, type Stop, sourcesAt } from './scan-source.ts';

/** A hop as the search found it. */
export interface ScannedHop {
  readonly position: number;
  /** By which it was seen. */
  readonly address: Address;
  /** Others that are known to be its own. */
  readonly others: readonly Address[];
  /** That may be its own: they are asked if a probe shows so. */
  readonly maybe: readonly Address[];
}

export interface Card {
  readonly position: number;
  readonly address: Address;
  readonly addresses: readonly Address[];
  readonly nested: readonly Nested[];
  /** It stands as far away as it was seen. */
  readonly place: Fact<boolean>;
  readonly sources: SourceFacts;
  readonly reversePathCheck: Fact<boolean>;
  readonly ttl: Fact<TtlModel>;
  readonly dscp: Dscp;
  readonly ecn: Fact<EcnFate>;
  readonly depth: Extent;
  readonly size: Extent;
  readonly answers: Answers;
}

/** A hop and where it strips its path's family; null: nowhere that is known. */
interface Asked {
  readonly hop: ScannedHop;
  readonly addresses: readonly Address[];
  readonly nested: readonly Nested[];
  readonly place: Fact<boolean>;
  readonly at: Address | null;
  /** Of an earlier scan. */
  readonly card: Card | null;
}

/**
 * Yields a card for each hop, in the order of the path; `hops` have one family. After an interruption come those cards of which
 * something is known, what is missing being not known. `earlier`: a hop's card from the way to another host; it is not asked again, and
 * gets no other. Throws what Engine.route throws.
 */
export async function* scan(
  scanner: Scanner,
  hops: readonly ScannedHop[],
  target: Address,
  earlier: (address: Address) => Card | null = () => null,
): AsyncGenerator<Card> {
  const asked: Asked[] = [];
  for (const hop of hops) {
    if (scanner.isOver()) break;
    const card = earlier(hop.address);
    asked.push(card === null ? await askedAt(scanner, hop) : { ...card, hop, at: stripsAt(hop, card.nested), card });
  }
  const stops: (Stop & { readonly position: number })[] = [];
  let remarker: Address | null = null;
  for (const one of asked) {
    const card: Card = one.card ?? (await cardOf(scanner, one, asked, stops, remarker, target));
    if (one.at !== null) stops.push({ address: one.at, sources: card.sources, position: one.hop.position });
    if (card.dscp.fate.value === 'remarked') remarker ??= card.address;
    if (one.card === null) yield card;
  }
}

async function askedAt(scanner: Scanner, hop: ScannedHop): Promise<Asked> {
  const addresses = [...new Set([hop.address, ...hop.others])];
  const maybe = hop.maybe.filter((each) => !addresses.includes(each));
  const all = await nestingsAt(scanner, [...addresses, ...maybe]);
  addresses.push(...(await sameAs(scanner, all, hop.address, maybe)));
  const nested = all.filter(({ address }) => addresses.includes(address));
  return { hop, addresses, nested, place: await placeOf(scanner, hop), at: stripsAt(hop, nested), card: null };
}

function stripsAt({ address }: ScannedHop, nested: readonly Nested[]): Address | null {
  const family = familyOf(address);
  return nested.find(({ nesting, fact }) => nesting === `${family}in${family}` && fact.value === true)?.address ?? null;
}

/**
 * Those that are the router's too: what is stripped at the one address and is for the other needs no further hop (ttl 1), or is refused
 * by it. Where one of the two strips nothing the other may.
 */
async function sameAs(scanner: Scanner, nested: readonly Nested[], seen: Address, others: readonly Address[]): Promise<Address[]> {
  const strips = (at: Address, inside: Address): boolean =>
    nested.some(
      ({ address, nesting, fact }) => address === at && nesting === `${familyOf(inside)}in${familyOf(at)}` && fact.value === true,
    );
  const pairs = others.flatMap((other) => {
    const pair = strips(seen, other) ? ([seen, other] as const) : strips(other, seen) ? ([other, seen] as const) : null;
    return pair === null ? [] : [{ other, layers: throughTo(scanner, ...pair) }];
  });
  const { flow } = scanner;
  const home = await heardOf(
    scanner,
    pairs.map(({ layers }) => ({ layers, flow, landing: layers.length - 2 })),
  );
  const silent = pairs.filter((_, index) => home[index] === null); // what goes home may be filtered
  const taken = await heardOf(
    scanner,
    silent.map(({ layers }) => ({ layers: layers.slice(0, 2), flow, landing: 0 })),
  );
  const shown = [...pairs.filter((_, index) => isThere(home[index]!)), ...silent.filter((_, index) => isThere(taken[index]!))];
  return shown.map(({ other }) => other);
}

const isThere = (heard: Heard | null): boolean =>
  heard?.kind === 'landed' || (heard?.kind === 'answered' && (heard.leg ?? 0) >= 1 && !isExpired(heard));

/** Stripped at the one address, with a ttl of 1 for the other inside, and home from there. */
function throughTo(scanner: Scanner, at: Address, inside: Address): Layer[] {
  const outer = nestedIn(scanner, at, familyOf(inside), FAR).layers[0]!;
  const [first, ...rest] = itineraryOver(scanner, [inside]).layers;
  return [outer, { ...first!, ttl: 1 }, ...rest];
}

/** A ttl of so many hops gets there, and one less does not: else somebody has answered with another's address. */
async function placeOf(scanner: Scanner, { address, position }: ScannedHop): Promise<Fact<boolean>> {
  const to = (ttl: number): Itinerary => dressed(nestedIn(scanner, address, familyOf(address), FAR), { ttl }, {});
  const [home, before] = await heardOf(scanner, position > 1 ? [to(position), to(position - 1)] : [to(position)]);
  const taken = dressed(deliveredTo(scanner, address), { ttl: position }, {}); // answered where what goes home is filtered
  const at = home ?? (await heardOf(scanner, [taken]))[0];
  const arrives = (heard: typeof at): boolean | null =>
    heard ? !(heard.kind === 'answered' && heard.leg === 0 && isExpired(heard)) : null;
  if (arrives(at) === false) return known(false, `a ttl of ${position} does not get there`);
  if (arrives(before) === true) return known(false, `a ttl of ${position - 1} gets there`);
  if (arrives(at) === null) return scanner.isOver() ? INTERRUPTED : notKnown('silent');
  return known(true);
}

async function cardOf(
  scanner: Scanner,
  { hop, addresses, nested, place, at }: Asked,
  all: readonly Asked[],
  stops: readonly (Stop & { readonly position: number })[],
  remarker: Address | null,
  target: Address,
): Promise<Card> {
  const { position, address } = hop;
  const known = { position, address, addresses, nested, place };
  const deeper = all.find((other) => other.hop.position > position && other.at !== null)?.at ?? null;
  if (at === null) {
    const why = whyNot(nested, familyOf(address));
    const through = deeper === null ? null : itineraryOver(scanner, [deeper]);
    return { ...known, ...nothing(why), answers: await heardAnswers(scanner, hop, null, through, target) };
  }
  const previous = stops.find((stop) => stop.position === position - 1) ?? null;
  const { facts, passing } = await sourcesAt(scanner, at, stops, previous, position === 1);
  const home = passing === null ? null : itineraryOver(scanner, [at], passing);
  const copies = home === null ? null : await copiesAt(scanner, home, remarker);
  const through = home ?? (deeper === null ? null : itineraryOver(scanner, [deeper]));
  const expiring = passing?.kind === 'second' ? home! : itineraryOver(scanner, [at]); // errors go to the source, which must be us
  const answers = await heardAnswers(scanner, hop, expiring, through, target); // before other questions use up what it may say
  const reversePathCheck = await reversePathCheckAt(scanner, at, neighboursOf(all, position), copies?.ttl.value === 'uniform');
  const extents = passing === null ? null : await extentsAt(scanner, at, passing);
  const why = scanner.isOver() ? INTERRUPTED.why! : 'nothing that it hands on comes home';
  return { ...known, ...nothing(why), ...copies, ...extents, sources: facts, reversePathCheck, answers };
}

async function copiesAt(scanner: Scanner, home: Itinerary, remarker: Address | null): Promise<Pick<Card, 'ttl' | 'dscp' | 'ecn'>> {
  const ttl = await ttlModelAt(scanner, home);
  return { ttl, dscp: await dscpAt(scanner, home, remarker), ecn: await ecnAt(scanner, home) };
}

async function extentsAt(scanner: Scanner, at: Address, passing: LayerSource): Promise<Pick<Card, 'depth' | 'size'>> {
  const { mtu } = await scanner.engine.route(at);
  const depth = await depthAt(scanner, at, passing, mtu);
  return { depth, size: await sizeAt(scanner, itineraryOver(scanner, [at], passing), mtu) };
}

function nothing(why: string): Omit<Card, 'position' | 'address' | 'addresses' | 'nested' | 'place' | 'answers'> {
  const fact = notKnown(why);
  const dscp = { fate: fact, remarkedTo: null };
  const extents = { depth: noExtent(fact), size: noExtent(fact) };
  return { sources: allSources(fact), reversePathCheck: fact, ttl: fact, dscp, ecn: fact, ...extents };
}

function whyNot(nested: readonly Nested[], family: FamilyNumber): string {
  const own = nested.filter(({ nesting }) => nesting === `${family}in${family}`);
  return own.every(({ fact }) => fact.value === false) ? 'it does not decapsulate' : 'it is not known to decapsulate';
}

/** Only of hops that stand side by side is it known by which link a packet comes. */
function neighboursOf(all: readonly Asked[], position: number): Parameters<typeof reversePathCheckAt>[2] {
  const at = (wanted: number): Asked | undefined => all.find(({ hop }) => hop.position === wanted);
  const beyond = all.find(({ hop }) => hop.position > position + 1)?.hop.address ?? null;
  return { nearer: at(position - 1)?.hop.address ?? null, next: at(position + 1)?.at ?? null, beyond };
}

/** `expiring`: stripped there, and out of ttl with another one of 1; null: a plain probe to the target runs out of ttl there. */
async function heardAnswers(
  scanner: Scanner,
  { position, address }: ScannedHop,
  expiring: Itinerary | null,
  through: Itinerary | null,
  target: Address,
): Promise<Answers> {
  if (scanner.isOver()) return noAnswers(INTERRUPTED);
  if (expiring !== null) {
    const isTold = (outcome: Outcome): boolean => outcome.kind === 'answered' && outcome.leg === 1 && isExpired(outcome);
    return answersOf(scanner, dressed(expiring, {}, { ttl: 1 }), isTold, through);
  }
  const [plain] = deliveredTo(scanner, target).layers;
  const short = { layers: [{ ...plain!, ttl: position }], flow: scanner.flow, landing: 0 };
  return answersOf(scanner, short, (outcome) => outcome.kind === 'answered' && outcome.from === address, through);
}
