/** `braceroute probe`: loss of every hop of a path, by boomerangs. */
import type { Body } from '../session.ts';
import { inParts } from './parts.ts';
import type { ReadyOptions } from './ready.ts';

export const probeCommand = (options: ReadyOptions): Body =>
  async function* (network, signal) {
    return yield* inParts(network, signal, options);
  };
