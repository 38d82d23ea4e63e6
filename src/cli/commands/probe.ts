/** `braceroute probe`: loss of every hop of a path, by boomerangs. */
import { sweep } from '../../boomerang/sweep.ts';
import type { Tally } from '../../boomerang/tally.ts';
import type { Body } from '../session.ts';
import { tallyEvent } from '../tally-event.ts';
import { type ReadyOptions, ready } from './ready.ts';

export const probeCommand = (options: ReadyOptions): Body =>
  async function* (network, signal) {
    const begun = yield* ready('probe', network, signal, options);
    if ('exit' in begun) return { reached: false, exit: begun.exit };
    let tallies: readonly Tally[] = [];
    for await (tallies of sweep(network.engine, begun.asking, begun.path, begun.hops, begun.sweep)) {
      for (const tally of tallies) yield tallyEvent(tally);
    }
    return begun.verdict(tallies);
  };
