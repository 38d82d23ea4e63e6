/**
 * Whose address the headers of a boomerang carry as source, as a table: filters on the way judge packets by it. Stock routers pass
 * `us` and send us their errors, but a last header from us to us looks like the LAND attack, and many a border drops its own
 * network's addresses that come from outside (ARCHITECTURE.md, "Layer sources").
 */
import { type Address, familyOf } from '../wire/address.ts';
import { ownAddress, type ProbedPath } from './path.ts';

export const LAYER_SOURCES = ['us', 'second', 'waypoint', 'previous'] as const;
export type LayerSourceKind = (typeof LAYER_SOURCES)[number];

/** `second` needs another address of ours. */
export type LayerSource = { readonly kind: Exclude<LayerSourceKind, 'second'> } | { readonly kind: 'second'; readonly address: Address };

export const US: LayerSource = { kind: 'us' };

/** Where one header goes, of all that a boomerang wears. */
interface Leg {
  readonly us: Address;
  /** Of the header around it; ours for the outermost. */
  readonly before: Address;
  /** Of the last hop that is visited. */
  readonly last: Address;
  /** It leads from the last hop home, or is uncovered there. */
  readonly home: boolean;
}

const SOURCES: { readonly [Kind in LayerSourceKind]: (leg: Leg, source: Extract<LayerSource, { kind: Kind }>) => Address } = {
  us: ({ us }) => us,
  second: ({ us, home }, { address }) => (home ? address : us),
  waypoint: ({ us, last, home }) => (home ? last : us),
  // What is uncovered with a router's own address as source is dropped by Linux over IPv4, but for accept_local.
  previous: ({ before, last, home }) => (home ? last : before),
};

/** The sources of headers to these destinations, outside in; those that lead home go to us. One of another family is our own. */
export function sourcesOf(path: ProbedPath, destinations: readonly Address[], source: LayerSource): Address[] {
  const ours = destinations.map((destination) => ownAddress(path, familyOf(destination)) ?? path.us);
  const lastHop = destinations.findLast((destination, index) => destination !== ours[index]);
  return destinations.map((destination, index) => {
    const us = ours[index]!;
    const leg = { us, before: destinations[index - 1] ?? us, last: lastHop ?? us, home: destination === us };
    const chosen = (SOURCES[source.kind] as (leg: Leg, source: LayerSource) => Address)(leg, source);
    return familyOf(chosen) === familyOf(destination) ? chosen : us;
  });
}

/** Without a second address of ours there is no `second`. */
export const layerSources = (second: Address | null): LayerSource[] =>
  LAYER_SOURCES.flatMap((kind): LayerSource[] => {
    if (kind !== 'second') return [{ kind }];
    return second === null ? [] : [{ kind, address: second }];
  });

/** `--layer-source`: all of them, `us` first; or one. Null where that one needs an address that we do not have. */
export function chosenSources(wanted: LayerSourceKind | 'auto', second: Address | null): readonly LayerSource[] | null {
  const all = layerSources(second);
  const chosen = wanted === 'auto' ? all : all.filter(({ kind }) => kind === wanted);
  return chosen.length === 0 ? null : chosen;
}
