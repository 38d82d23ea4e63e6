/** `braceroute spray --classic`: a path hop by hop, each packet told as the first braceroute told it. */
import { classicSpray } from '../../boomerang/classic.ts';
import { addressAt } from '../../boomerang/path.ts';
import { survey } from '../../boomerang/survey.ts';
import { firstTally } from '../../boomerang/sweep.ts';
import { count } from '../../boomerang/tally.ts';
import { BeaconError } from '../../error.ts';
import { openAsk } from '../../probe/ask.ts';
import { newRun } from '../../probe/run.ts';
import { packetLines, pairLine } from '../../report/classic.ts';
import { flowOf } from '../flow.ts';
import { familyWanted } from '../network.ts';
import type { Body } from '../session.ts';
import { tallyEvent } from '../tally-event.ts';
import { discover } from './discover.ts';
import { type ProbeCommandOptions, surveyed, verdictOf } from './probe.ts';

export interface SprayCommandOptions extends ProbeCommandOptions {
  readonly classic?: boolean;
}

/** `print` takes the classic lines; null where only events are wanted. */
export const sprayCommand = (options: SprayCommandOptions, print: ((line: string) => void) | null): Body =>
  async function* (network, signal) {
    if (!options.classic) throw new BeaconError('ERR_USAGE', 'spray at rate is not built yet: give --classic, or use braceroute probe');
    const { engine, random } = network;
    const run = newRun(random);
    const asking = openAsk(engine, run, signal);
    const flow = flowOf(options, run);
    const found = yield* discover('spray', network, asking, { ...flow, size: null }, { ...options, family: familyWanted({ ...options }) });
    if ('exit' in found) return { reached: false, exit: found.exit };

    const timeoutNs = options.timeout * 1e9;
    const hops = yield* surveyed(survey(engine, asking, found.path, { ...options, flow, timeoutNs, rttNs: found.rttNs }));
    const tallies = hops.map(firstTally);
    let at = 0;
    for await (const { position, seen } of classicSpray(engine, asking, found.path, hops, { ...options, flow, timeoutNs })) {
      const tally = tallies.find((one) => one.position === position)!;
      if (position !== at)
        print?.(pairLine(addressAt(found.path, position)!, addressAt(found.path, position - 1) ?? (position === 1 ? found.path.us : '*')));
      at = position;
      tally.sent += 1;
      count(tally, seen);
      for (const line of packetLines(seen.kind === 'landed', tally.received, tally.sent)) print?.(line);
    }
    for (const tally of tallies) yield tallyEvent(tally);
    return verdictOf(tallies, found.reached && hops.at(-1)?.position === found.path.hops.length, options.maxLoss, signal.aborted);
  };
