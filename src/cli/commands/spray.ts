/** `braceroute spray --classic`: a path hop by hop, each packet told as the first braceroute told it. */
import { classicSpray } from '../../boomerang/classic.ts';
import { addressAt, type ProbedPath } from '../../boomerang/path.ts';
import { firstTally } from '../../boomerang/sweep.ts';
import { count } from '../../boomerang/tally.ts';
import { BeaconError } from '../../error.ts';
import { isOutcome } from '../../probe/observation.ts';
import { packetLines, pairLine } from '../../report/classic.ts';
import type { Body } from '../session.ts';
import { tallyEvent } from '../tally-event.ts';
import { type ReadyOptions, ready } from './ready.ts';

export interface SprayCommandOptions extends ReadyOptions {
  readonly classic?: boolean;
}

/** `print` takes the classic lines; null where only events are wanted. */
export const sprayCommand = (options: SprayCommandOptions, print: ((line: string) => void) | null): Body =>
  async function* (network, signal) {
    if (!options.classic) throw new BeaconError('ERR_USAGE', 'spray at rate is not built yet: give --classic, or use braceroute probe');
    const begun = yield* ready('spray', network, signal, options);
    if ('exit' in begun) return { reached: false, exit: begun.exit };
    const { asking, path, hops, sweep } = begun;
    const tallies = hops.map(firstTally);
    let at = 0;
    for await (const { position, seen } of classicSpray(network.engine, asking, path, hops, sweep)) {
      const tally = tallies.find((one) => one.position === position)!;
      if (position !== at) print?.(pairLine(addressAt(path, position)!, before(path, position)));
      at = position;
      count(tally, seen);
      if (!isOutcome(seen)) continue;
      tally.sent += 1;
      for (const line of packetLines(seen.kind === 'landed', tally.received, tally.sent)) print?.(line);
    }
    for (const tally of tallies) yield tallyEvent(tally);
    return begun.verdict(tallies);
  };

const before = (path: ProbedPath, position: number): string => (position === 1 ? path.us : (addressAt(path, position - 1) ?? '*'));
