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

/** The address's own family first. */
export async function nestingsAt(scanner: Scanner, address: Address): Promise<Nested[]> {
  const outer = familyOf(address);
  const nested: Nested[] = [];
  for (const inner of outer === 4 ? ([4, 6] as const) : ([6, 4] as const)) {
    const nesting: Nesting = `${inner}in${outer}`;
    if (scanner.us[inner] === undefined)
      nested.push({ address, nesting, fact: notKnown(`we have no IPv${inner} address`), impostor: null });
    else nested.push({ address, nesting, ...(await nestingAt(scanner, address, inner)) });
  }
  return nested;
}

async function nestingAt(scanner: Scanner, address: Address, inner: FamilyNumber): Promise<Pick<Nested, 'fact' | 'impostor'>> {
  const [home] = await heardOf(scanner, [nestedIn(scanner, address, inner, FAR)]);
  const first = judged(home ?? null, address);
  if (first.fact.value !== null || first.impostor !== null) return first;
  const ways: Itinerary[] = [nestedIn(scanner, address, inner, 1)];
  if (inner === familyOf(address)) ways.push(deliveredTo(scanner, address));
  const others = (await heardOf(scanner, ways)).map((heard) => judged(heard, address));
  const told = others.find(({ fact }) => fact.value !== null) ?? others.find(({ impostor }) => impostor !== null);
  return told ?? (scanner.isOver() ? { fact: INTERRUPTED, impostor: null } : first);
}

/** What was uncovered tells, whatever became of it; so does a refusal, if it is the router's own. */
function judged(heard: Heard | null, address: Address): Pick<Nested, 'fact' | 'impostor'> {
  if (heard === null) return { fact: notKnown('silent'), impostor: null };
  if (heard.kind === 'landed') return { fact: known(true), impostor: null };
  if (heard.leg !== null && heard.leg > 0) return { fact: known(true, `${toldBy(heard)} to what it uncovered`), impostor: null };
  if (!isRefusalOf(heard, 0)) return { fact: notKnown(`${toldBy(heard)} on the way there`), impostor: null };
  if (heard.from === address) return { fact: known(false, toldBy(heard)), impostor: null };
  return { fact: notKnown(`${toldBy(heard)} in its place`), impostor: heard.from };
}
