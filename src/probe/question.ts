/** A question to the network, ready to be asked any number of times: an itinerary, its template, and the way out. */

import type { Engine, Route } from '../engine/engine.ts';
import { BeaconError } from '../error.ts';
import { addressBytes, familyOf } from '../wire/address.ts';
import { FAMILIES } from '../wire/family.ts';
import { compile, layerLengths, type Template } from './craft.ts';
import { headersLength, type Itinerary, type Layer, smallestSize } from './itinerary.ts';

export interface Question {
  readonly itinerary: Itinerary;
  readonly template: Template;
  readonly route: Route;
  /** Index of the flow within the run: 0 for a whole trace, the position for a sweep. */
  readonly path: number;
  /** Total length of each layer, outside in. */
  readonly lengths: readonly number[];
  /** Source and destination of each layer as bytes, outside in: what quotes are compared with. */
  readonly addresses: readonly { readonly source: Uint8Array; readonly destination: Uint8Array }[];
}

/** Finds the way out first. Throws what `questionBy` and Engine.route throw. */
export const question = async (engine: Engine, itinerary: Itinerary, path: number): Promise<Question> =>
  questionBy(await engine.route(itinerary.layers[0]!.destination), itinerary, path);

/** By a route that is known. Throws BeaconError ERR_MTU where the packet does not fit the first link, ERR_USAGE where a size is too small. */
export function questionBy(route: Route, itinerary: Itinerary, path: number): Question {
  refuseWrongSize(itinerary, route);
  const template = compile(itinerary);
  const addresses = itinerary.layers.map(({ source, destination }) => ({
    source: addressBytes(source),
    destination: addressBytes(destination),
  }));
  return { itinerary, template, route, path, lengths: layerLengths(itinerary, template.bytes.length), addresses };
}

/** The arithmetic is told, since nested headers add up fast. */
function refuseWrongSize({ layers, flow }: Itinerary, route: Route): void {
  const least = smallestSize(layers);
  const size = flow.size ?? least;
  if (size >= least && size <= route.mtu) return;
  const sum = `${headersText(layers)} + ${least - headersLength(layers)} of transport and identity = ${least}`;
  throw size < least
    ? new BeaconError('ERR_USAGE', `A probe of ${size} bytes cannot hold its headers (${sum}): give a larger --size, or none`)
    : new BeaconError(
        'ERR_MTU',
        `A probe of ${size} bytes exceeds the MTU of ${route.mtu} on ${route.interface} (${sum}): give a shorter path or a smaller --size`,
      );
}

const headersText = (layers: readonly Layer[]): string =>
  ([4, 6] as const)
    .map((family) => ({ family, count: layers.filter(({ destination }) => familyOf(destination) === family).length }))
    .filter(({ count }) => count > 0)
    .map(({ family, count }) => `${count} IPv${family} headers of ${FAMILIES[family].headerLength}`)
    .join(' + ');
