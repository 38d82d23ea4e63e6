/** Links of which each is told once, whichever of its ends comes first. */
import type { Address } from '../wire/address.ts';

export interface Ends {
  readonly from: Address;
  readonly to: Address | null;
}

export const alike = (links: readonly Ends[]): Ends[] =>
  [...new Map(links.toReversed().map((link) => [[link.from, link.to ?? ''].toSorted().join(' '), link])).values()].toReversed();
