/** What each router of a path does with nested packets: one card a hop, each line of which is known, or says why it is not. */
import { FAR, type Itinerary } from '../probe/itinerary.ts';
import type { Outcome } from '../probe/observation.ts';
import { type Address, type FamilyNumber, familyOf } from '../wire/address.ts';
import { isExpired } from './asker.ts';
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
}

/**
 * Yields a card for each hop, in the order of the path; `hops` have one family. After an interruption come those cards of which
 * something is known, what is missing being not known. Throws what Engine.route throws.
 */
export async function* scan(scanner: Scanner, hops: readonly ScannedHop[], target: Address): AsyncGenerator<Card> {
  const asked: Asked[] = [];
  for (const hop of hops) {
    if (scanner.isOver()) break;
    asked.push(await askedAt(scanner, hop));
  }
  const stops: (Stop & { readonly position: number })[] = [];
  let remarker: Address | null = null;
  for (const one of asked) {
    const card = await cardOf(scanner, one, asked, stops, remarker, target);
    if (one.at !== null) stops.push({ address: one.at, sources: card.sources, position: card.position });
    if (card.dscp.fate.value === 'remarked') remarker ??= card.address;
    yield card;
  }
}

async function askedAt(scanner: Scanner, hop: ScannedHop): Promise<Asked> {
  const addresses = [...new Set([hop.address, ...hop.others])];
  const nested: Nested[] = [];
  for (const address of addresses) nested.push(...(await nestingsAt(scanner, address)));
  for (const address of hop.maybe.filter((each) => !addresses.includes(each))) {
    const more = await nestingsAt(scanner, address);
    if (!(await isSame(scanner, [...nested, ...more], hop.address, address))) continue;
    addresses.push(address);
    nested.push(...more);
  }
  const family = familyOf(hop.address);
  const at = nested.find(({ nesting, fact }) => nesting === `${family}in${family}` && fact.value === true)?.address ?? null;
  return { hop, addresses, nested, place: await placeOf(scanner, hop), at };
}

/** What is stripped at the one address and is for the other needs no further hop (ttl 1), or is refused by it. */
async function isSame(scanner: Scanner, nested: readonly Nested[], one: Address, other: Address): Promise<boolean> {
  for (const [at, inside] of [
    [one, other],
    [other, one],
  ] as const) {
    const nesting = `${familyOf(inside)}in${familyOf(at)}`;
    if (!nested.some((each) => each.address === at && each.nesting === nesting && each.fact.value === true)) continue;
    const [first, ...rest] = itineraryOver(scanner, [inside]).layers;
    const outer = nestedIn(scanner, at, familyOf(inside), FAR).layers[0]!;
    const layers = [outer, { ...first!, ttl: 1 }, ...rest];
    const [heard] = await heardOf(scanner, [{ layers, flow: scanner.flow, landing: rest.length }]);
    if (heard?.kind === 'landed' || (heard?.kind === 'answered' && (heard.leg ?? 0) >= 1 && !isExpired(heard))) return true;
  }
  return false;
}

/** A ttl of so many hops gets there, and one less does not: else somebody has answered with another's address. */
async function placeOf(scanner: Scanner, { address, position }: ScannedHop): Promise<Fact<boolean>> {
  const to = (ttl: number): Itinerary => dressed(nestedIn(scanner, address, familyOf(address), FAR), { ttl }, {});
  const taken = dressed(deliveredTo(scanner, address), { ttl: position }, {}); // answered where what goes home is filtered
  const [home, delivered, before] = await heardOf(scanner, [to(position), taken, ...(position > 1 ? [to(position - 1)] : [])]);
  const at = home ?? delivered;
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
  const reversePathCheck = await reversePathCheckAt(scanner, at, neighboursOf(all, position));
  const copied = passing === null ? nothing('nothing that it hands on comes home') : await copiesAt(scanner, at, passing, remarker);
  const through = passing === null ? (deeper === null ? null : itineraryOver(scanner, [deeper])) : itineraryOver(scanner, [at], passing);
  return { ...known, ...copied, sources: facts, reversePathCheck, answers: await heardAnswers(scanner, hop, at, through, target) };
}

type Copies = Pick<Card, 'ttl' | 'dscp' | 'ecn' | 'depth' | 'size'>;

async function copiesAt(scanner: Scanner, at: Address, passing: LayerSource, remarker: Address | null): Promise<Copies> {
  const home = itineraryOver(scanner, [at], passing);
  const { mtu } = await scanner.engine.route(at);
  return {
    ttl: await ttlModelAt(scanner, home),
    dscp: await dscpAt(scanner, home, remarker),
    ecn: await ecnAt(scanner, home),
    depth: await depthAt(scanner, at, passing, mtu),
    size: await sizeAt(scanner, home, mtu),
  };
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

/** Steered to it and out of ttl there, where it strips; else by the ttl of a plain probe to the target. */
async function heardAnswers(
  scanner: Scanner,
  { position, address }: ScannedHop,
  at: Address | null,
  through: Itinerary | null,
  target: Address,
): Promise<Answers> {
  if (scanner.isOver()) return noAnswers(INTERRUPTED);
  if (at !== null) {
    const isTold = (outcome: Outcome): boolean => outcome.kind === 'answered' && outcome.leg === 1 && isExpired(outcome);
    return answersOf(scanner, nestedIn(scanner, at, familyOf(at), 1), isTold, through);
  }
  const [plain] = deliveredTo(scanner, target).layers;
  const expiring = { layers: [{ ...plain!, ttl: position }], flow: scanner.flow, landing: 0 };
  return answersOf(scanner, expiring, (outcome) => outcome.kind === 'answered' && outcome.from === address, through);
}
