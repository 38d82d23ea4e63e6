/** `braceroute spray --classic`: a path hop by hop, each packet told as the first braceroute told it. */
import { classicSpray } from '../../boomerang/classic.ts';
import { addressAt, type ProbedPath } from '../../boomerang/path.ts';
import { createRouteWatch } from '../../boomerang/route-watch.ts';
import { firstTally } from '../../boomerang/sweep.ts';
import { count } from '../../boomerang/tally.ts';
import { isOutcome } from '../../probe/observation.ts';
import { packetLines, pairLine } from '../../report/classic.ts';
import { fared } from '../route-change.ts';
import type { Body, Said } from '../session.ts';
import { tallyEvent } from '../tally-event.ts';
import { tooBig } from '../too-big.ts';
import { type ReadyOptions, ready } from './ready.ts';

/** `print` takes the classic lines; null where only events are wanted. */
export const classicSprayCommand = (options: ReadyOptions, print: ((line: string) => void) | null): Body =>
  async function* (network, signal) {
    const begun = yield* ready('spray', network, signal, options);
    if ('exit' in begun) return { reached: false, exit: begun.exit };
    const { asking, path, hops, sweep } = begun;
    const tallies = hops.map(firstTally);
    const watch = createRouteWatch();
    const { engine } = network;
    const beganNs = engine.nowNs();
    let at = 0;
    for await (const { position, seen } of classicSpray(engine, asking, path, hops, sweep)) {
      const tally = tallies.find((one) => one.position === position)!;
      count(tally, seen);
      watch.seen(seen, engine.nowNs());
      if (!isOutcome(seen)) continue;
      if (position !== at) print?.(pairLine(addressAt(path, position)!, before(path, position)));
      at = position;
      tally.sent += 1;
      for (const line of packetLines(seen.kind === 'landed', tally.received, tally.sent)) print?.(line);
    }
    const sign = watch.sign();
    if (sign !== null) yield doubtful(fared(path, sign, beganNs));
    const big = tooBig(tallies);
    if (big !== null) yield big;
    for (const tally of tallies) yield tallyEvent(tally);
    return begun.verdict(tallies);
  };

const before = (path: ProbedPath, position: number): string => (position === 1 ? path.us : (addressAt(path, position - 1) ?? '*'));

const doubtful = (what: string): Said => ({
  type: 'problem',
  code: 'ROUTE_DOUBTFUL',
  message: `${what}: the route may have changed, and the counts are of before and after`,
});
