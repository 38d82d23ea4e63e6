/** How deep a nest and how large a packet a router strips and hands on, and what sets the bound: the router, the first link, or the way. */
import { type Itinerary, smallestSize } from '../probe/itinerary.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { FAMILIES } from '../wire/family.ts';
import { type Heard, isRefusalOf } from './asker.ts';
import { type Fact, INTERRUPTED, known, notKnown } from './fact.ts';
import type { LayerSource } from './layer-source.ts';
import { contrastOf, heardOf, isDropped, itineraryOver, type Scanner, toldBy } from './scan-ask.ts';

/** `value`: the most that came home. `router`: it takes no more; `first link`: nothing larger can be sent; null: not known what ends it. */
export interface Extent extends Fact<number> {
  readonly bound: 'router' | 'first link' | 'way' | null;
}

export const noExtent = (fact: Fact<never>): Extent => ({ ...fact, bound: null });

/** More than any path needs. */
const MOST_HEADERS = 64;

/** Headers to the router, one in another, that it strips at one visit. One of them is known to come home. */
export async function depthAt(scanner: Scanner, address: Address, source: LayerSource, mtu: number): Promise<Extent> {
  const nest = (count: number): Itinerary => itineraryOver(scanner, Array<Address>(count).fill(address), source);
  let fits = 1;
  while (fits < MOST_HEADERS && smallestSize(nest(fits + 1).layers) <= mtu) fits += 1;
  let [home, fails] = [1, fits + 1];
  let last: Heard | null = null; // what came of the least that failed
  let next = 2;
  while (home + 1 < fails) {
    const count = Math.min(Math.max(next, home + 1), fails - 1);
    const [heard] = await heardOf(scanner, [nest(count)]);
    if (scanner.isOver()) return { ...known(home, 'interrupted'), bound: null };
    if (heard?.kind === 'landed') {
      home = count;
      next = fails > fits ? count * 2 : (home + fails) >> 1;
      continue;
    }
    [fails, last] = [count, heard ?? null];
    const stripped = refusedAt(heard ?? null);
    if (stripped !== null && stripped > 0 && stripped < count) fails = Math.max(stripped, home) + 1;
    next = stripped !== null && stripped > home ? stripped : (home + fails) >> 1;
  }
  if (fails > fits) return fits < MOST_HEADERS ? firstLink(home, mtu) : { ...known(home, 'deeper ones were not asked'), bound: null };
  if (last === null) return silentDepth(scanner, nest(home), nest(fails), home);
  if (last.kind === 'answered' && refusedAt(last) !== null) return { ...known(home, toldBy(last)), bound: 'router' };
  return { ...known(home, last.kind === 'answered' ? toldBy(last) : null), bound: isTooBig(last) ? 'way' : null };
}

const firstLink = (value: number, mtu: number): Extent => ({ ...known(value, `the first link takes ${mtu} bytes`), bound: 'first link' });

/** How many headers were stripped before one was refused; null where none was. */
const refusedAt = (heard: Heard | null): number | null =>
  heard?.kind === 'answered' && heard.leg !== null && isRefusalOf(heard, heard.leg) ? heard.leg : null;

const isTooBig = (heard: Heard): boolean => heard.kind === 'answered' && heard.mtu !== null;

/** A nest that is as large and one header less deep tells depth from size. */
async function silentDepth(scanner: Scanner, home: Itinerary, deeper: Itinerary, count: number): Promise<Extent> {
  const asLarge = { ...home, flow: { ...home.flow, size: smallestSize(deeper.layers) } };
  const contrast = await contrastOf(scanner, deeper, asLarge);
  const counts = `of ${count + 1} headers ${contrast.tested} of ${contrast.asked} came home, of ${count} and as large ${contrast.control}`;
  if (isDropped(contrast)) return { ...known(count, counts), bound: 'router' };
  return { ...known(count, `deeper ones are silent: ${counts}`), bound: null };
}

/** Larger frames are not captured whole. */
export const LARGEST_SCANNED = 9216;
/** A way may tell of one smaller link after the other. */
const MOST_TOLD = 6;

/** Bytes of the packet on the first link. `home`: comes home as small as it gets. */
export async function sizeAt(scanner: Scanner, home: Itinerary, mtu: number): Promise<Extent> {
  const sized = (size: number): Itinerary => ({ ...home, flow: { ...home.flow, size } });
  const largest = Math.min(mtu, LARGEST_SCANNED);
  let low = smallestSize(home.layers);
  let [fails, next] = [largest + 1, largest];
  let last: Heard | null = null;
  for (let told = 0; low + 1 < fails; ) {
    const [heard] = await heardOf(scanner, [sized(next)]);
    if (scanner.isOver()) return noExtent(INTERRUPTED);
    if (heard?.kind === 'landed') low = next;
    else [fails, last] = [next, heard ?? null];
    const allowed = told < MOST_TOLD && heard?.kind === 'answered' ? allowedBy(heard, home) : null;
    if (allowed !== null && allowed >= low && allowed < fails) {
      told += 1;
      [fails, next] = [allowed + 1, Math.max(allowed, low)];
    } else next = (low + fails) >> 1;
  }
  if (fails > largest) return largest < mtu ? { ...known(low, 'larger ones were not asked'), bound: null } : firstLink(low, mtu);
  if (last?.kind === 'answered')
    return { ...known(low, `${toldBy(last)}${last.mtu === null ? '' : `: ${last.mtu} bytes fit`}`), bound: isTooBig(last) ? 'way' : null };
  const contrast = await contrastOf(scanner, sized(fails), sized(low));
  const counts = `of ${fails} bytes ${contrast.tested} of ${contrast.asked} came home, of ${low} ${contrast.control}, and nobody tells why`;
  return isDropped(contrast) ? { ...known(low, counts), bound: 'way' } : noExtent(notKnown(counts));
}

/** The size on the first link of what is told to fit; headers are gone by then. */
function allowedBy({ mtu, leg }: Heard & { readonly kind: 'answered' }, { layers }: Itinerary): number | null {
  if (mtu === null || leg === null) return null;
  return mtu + layers.slice(0, leg).reduce((sum, { destination }) => sum + FAMILIES[familyOf(destination)].headerLength, 0);
}
