/**
 * Which nestings a router strips at one of its addresses. It is asked to send a probe home, to let one expire and to take one: a filter
 * that drops what goes home leaves the other two, and both say that it strips.
 */
import { FAR, type Itinerary } from '../probe/itinerary.ts';
import type { Nesting } from '../topology/behaviour.ts';
import { type Address, type FamilyNumber, familyOf } from '../wire/address.ts';
import { type Heard, isRefusalOf } from './asker.ts';
import { type Fact, INTERRUPTED, known, notKnown } from './fact.ts';
import { deliveredTo, heardOf, nestedIn, type Scanner, toldBy } from './scan-ask.ts';

export interface Nested {
  readonly address: Address;
  readonly nesting: Nesting;
  readonly fact: Fact<boolean>;
  /** Who refused in its place; null: nobody did. */
  readonly impostor: Address | null;
}

/** Of each address its own family first. */
export async function nestingsAt(scanner: Scanner, addresses: readonly Address[]): Promise<Nested[]> {
  const all = addresses.flatMap(nestingsOf);
  const asked = all.filter(({ inner }) => scanner.us[inner] !== undefined);
  const home = await heardOf(
    scanner,
    asked.map(({ address, inner }) => nestedIn(scanner, address, inner, FAR)),
  );
  const first = new Map(asked.map((one, index) => [one, judged(home[index] ?? null, one.address)] as const));
  const doubtful = asked.filter((one) => first.get(one)!.fact.value === null && first.get(one)!.impostor === null);
  const again = await askedOtherwise(scanner, doubtful);
  return all.map((one) => {
    const { address, nesting, inner } = one;
    if (!first.has(one)) return { address, nesting, fact: notKnown(`we have no IPv${inner} address`), impostor: null };
    const found = again.get(one) ?? first.get(one)!;
    return { address, nesting, ...(found.fact.value === null && scanner.isOver() ? { ...found, fact: INTERRUPTED } : found) };
  });
}

interface Asked {
  readonly address: Address;
  readonly nesting: Nesting;
  readonly inner: FamilyNumber;
}

function nestingsOf(address: Address): Asked[] {
  const outer = familyOf(address);
  const inside = outer === 4 ? ([4, 6] as const) : ([6, 4] as const);
  return inside.map((inner) => ({ address, nesting: `${inner}in${outer}`, inner }));
}

type Judged = Pick<Nested, 'fact' | 'impostor'>;

/** Those of which anything is told, or of which somebody else told. */
async function askedOtherwise(scanner: Scanner, doubtful: readonly Asked[]): Promise<Map<Asked, Judged>> {
  const ways = doubtful.flatMap((one) => otherWays(scanner, one).map((itinerary) => ({ one, itinerary })));
  const heard = await heardOf(
    scanner,
    ways.map(({ itinerary }) => itinerary),
  );
  const told = ways.map(({ one }, index) => ({ one, found: judged(heard[index] ?? null, one.address) }));
  const better = [...told.filter(({ found }) => found.impostor !== null), ...told.filter(({ found }) => found.fact.value !== null)];
  return new Map(better.map(({ one, found }) => [one, found]));
}

function otherWays(scanner: Scanner, { address, inner }: Asked): Itinerary[] {
  const ways = [nestedIn(scanner, address, inner, 1)];
  const second = scanner.second[inner];
  if (second !== undefined) ways.push(nestedIn(scanner, address, inner, FAR, second)); // a header from us to us looks like an attack (LAND)
  if (inner === familyOf(address)) ways.push(deliveredTo(scanner, address));
  return ways;
}

/** What was uncovered tells, whatever became of it; so does a refusal, if it is the router's own. */
function judged(heard: Heard | null, address: Address): Judged {
  if (heard === null) return { fact: notKnown('silent'), impostor: null };
  if (heard.kind === 'landed') return { fact: known(true), impostor: null };
  if (heard.leg !== null && heard.leg > 0) return { fact: known(true, `${toldBy(heard)} to what it uncovered`), impostor: null };
  if (!isRefusalOf(heard, 0)) return { fact: notKnown(`${toldBy(heard)} on the way there`), impostor: null };
  if (heard.from === address) return { fact: known(false, toldBy(heard)), impostor: null };
  return { fact: notKnown(`${toldBy(heard)} in its place`), impostor: heard.from };
}
