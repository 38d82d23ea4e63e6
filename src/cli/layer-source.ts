/** `--layer-source`: which sources the nested headers may carry, and what is said where the filters of the way decide. */
import { chosenSources, type LayerSource, type LayerSourceKind } from '../boomerang/layer-source.ts';
import type { SurveyedHop } from '../boomerang/survey.ts';
import { BeaconError } from '../error.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { isPrivate } from '../wire/scope.ts';
import type { Network } from './network.ts';
import type { Said } from './session.ts';

export interface LayerSourceOptions {
  readonly layerSource?: LayerSourceKind | 'auto';
}

/** In the order in which they are tried. Throws ERR_USAGE where a second address is asked for and we have none. */
export function sourcesFor(us: Address, network: Network, { layerSource = 'auto' }: LayerSourceOptions): readonly LayerSource[] {
  return chosenSources(layerSource, otherAddress(us, network)) ?? [{ kind: 'second', address: secondAddress(us, network) }];
}

/** Of the same kind, public or private: routers that check sources would drop the other. */
export const otherAddress = (us: Address, { ownAddresses }: Network): Address | null =>
  ownAddresses?.(us).find((address) => isPrivate(address) === isPrivate(us)) ?? null;

/** Throws ERR_USAGE where we have none. */
export function secondAddress(us: Address, network: Network): Address {
  const second = otherAddress(us, network);
  if (second !== null) return second;
  const family = `IPv${familyOf(us)}`;
  throw new BeaconError(
    'ERR_USAGE',
    `--layer-source second needs another ${family} address of ours beside ${us}, and there is none: give this host one, or choose another`,
  );
}

/** The last hop before this one whose probes came home. */
const lastHome = (before: readonly SurveyedHop[]): SurveyedHop | undefined => before.findLast(({ state }) => state === 'visited');

const CARRIES: { readonly [Kind in LayerSourceKind]: (source: Extract<LayerSource, { kind: Kind }>) => string } = {
  us: () => 'our own address alone as source',
  second: ({ address }) => `our other address ${address} as source of the last header`,
  waypoint: () => "the last visited hop's address as source of the last header",
  previous: () => "each the address of the hop before as their headers' source",
};

const carries = (source: LayerSource): string => (CARRIES[source.kind] as (source: LayerSource) => string)(source);

/** Null where the hop's probes carry what the hop's before did. `tried`: the first source of all. */
export function sourceChange(hop: SurveyedHop, before: readonly SurveyedHop[], tried: LayerSource): Said | null {
  const last = before.at(-1)?.source ?? tried;
  if (hop.source.kind === last.kind) return null;
  const message = `From hop ${hop.position} on probes carry ${carries(hop.source)}, since those with ${carries(last)} do not come home: something drops them ${where(hop, before)}`;
  return { type: 'problem', code: 'LAYER_SOURCE', message };
}

/** A check is made where the packet is uncovered, where it comes in next, or anywhere on its way from there. */
function where(hop: SurveyedHop, before: readonly SurveyedHop[]): string {
  const last = lastHome(before);
  return last === undefined ? `at ${hop.address} or on the way home from it` : `at ${last.address} or between it and ${hop.address}`;
}

export function filtered(hop: SurveyedHop, before: readonly SurveyedHop[], sources: readonly LayerSource[]): Said {
  const first = before.find(({ state }) => state === 'filtered');
  const what = `${hop.address}: unknown (filter: source check ${where(first ?? hop, first ? before.slice(0, before.indexOf(first)) : before)})`;
  if (first !== undefined) return { type: 'problem', code: 'FILTERED', message: `${what}, on its probes' way too` };
  const tried = sources.map(({ kind }) => kind);
  const without = sources.length > 1 && sources.every(({ kind }) => kind !== 'second') ? '; we have no second address to try' : '';
  const which =
    tried.length > 1
      ? `whatever source its headers carry (${tried.join(', ')})`
      : `with the one source that was to be tried (${tried[0]}; --layer-source auto tries others)`;
  const message = `${what}. It answers, and nothing that turns there comes home, ${which}${without}; NAT that translates the outer header alone would look the same`;
  return { type: 'problem', code: 'FILTERED', message };
}
