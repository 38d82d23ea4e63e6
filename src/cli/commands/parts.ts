/**
 * A sweep in parts: where its probes no longer fare as they did, what is in flight is waited out, and the path is looked at again. If it
 * is another one the counts so far stand as a part of their own, and the rest of the probes are sent along the new path.
 */
import { limited, onlyRefuses, unanswering } from '../../boomerang/no-answer.ts';
import { beginSweep, type Sweeping, sweep } from '../../boomerang/sweep.ts';
import { excuse } from '../../boomerang/tally.ts';
import { BeaconError, CANNOT_TELL } from '../../error.ts';
import type { Network } from '../network.ts';
import { fared, isOther, routeChanged } from '../route-change.ts';
import type { Said, Verdict } from '../session.ts';
import { icmpLimited, noAnswer } from '../silence-problems.ts';
import { tallyEvent } from '../tally-event.ts';
import { tooBig } from '../too-big.ts';
import { begin, type Ready, type ReadyOptions, ready } from './ready.ts';

/** A route that changes more often has no path that could be measured. */
const MOST_PARTS = 5;
/** Each look takes seconds, in which nothing is counted. */
const MOST_LOOKS = 10;
/** After a look in vain silence is no reason for another until the sweep has gone on for so many times as long. */
const REST = 4n;

export async function* inParts(network: Network, signal: AbortSignal, options: ReadyOptions): AsyncGenerator<Said, Verdict> {
  const { engine } = network;
  const begun = begin(network, signal, options);
  const told = new Set<string>();
  const first = yield* noted(ready('probe', network, signal, options, begun), told);
  if ('exit' in first) return { reached: false, exit: first.exit };
  const verdicts: Verdict[] = [];
  let now = first;
  let sweeping = await beginSweep(engine, now.path, now.hops, now.sweep);
  let part = 1;
  for (let looks = 0; ; looks += 1) {
    for await (const tallies of sweep(engine, begun.asking, sweeping)) for (const tally of tallies) yield tallyEvent(tally, part);
    const sign = sweeping.watch?.sign() ?? null;
    const left = sweeping.options.count - sweeping.rounds;
    if (sign === null || left === 0 || signal.aborted) break; // what a sign in the last probes means is not asked any more
    const beganNs = engine.nowNs();
    const again = await look(ready('probe', network, signal, options, begun), now.reached);
    if (signal.aborted) break;
    if (again === null || !isOther(now, again.ready, sign)) {
      sweeping.watch?.dismiss(engine.nowNs() + REST * (engine.nowNs() - beganNs));
      if (looks >= MOST_LOOKS) sweeping = { ...sweeping, watch: null };
      continue;
    }
    for (const tally of sweeping.tallies) if (tally.position >= sign.position) excuse(tally, sweeping.watch!.since(tally.position).lost);
    yield* explained(sweeping, part);
    verdicts.push(now.verdict(sweeping.tallies));
    yield routeChanged(fared(now.path, sign, begun.atNs), sign, part, MOST_PARTS);
    if (part === MOST_PARTS) return together([...verdicts, { reached: false, exit: CANNOT_TELL }]);
    part += 1;
    for (const said of again.said) if (isNew(said, told)) yield said.type === 'path' ? { ...said, part } : said;
    now = again.ready;
    sweeping = await beginSweep(engine, now.path, now.hops, { ...now.sweep, count: left });
  }
  yield* explained(sweeping, part);
  return together([...verdicts, now.verdict(sweeping.tallies)]);
}

/** Once a part is over: what its silence cannot mean, and the rows as they stand then. */
async function* explained({ tallies, watch }: Sweeping, part: number): AsyncGenerator<Said> {
  for (const tally of unanswering(tallies)) {
    excuse(tally, tally.lost);
    if (onlyRefuses(tally)) tally.state = 'does not decapsulate';
    else if (tally.errors.size === 0) tally.state = 'no answer';
    yield noAnswer(tally);
  }
  const few = watch === null ? null : limited(tallies, watch);
  if (few !== null) yield icmpLimited(few);
  const big = tooBig(tallies);
  if (big !== null) yield big;
  for (const tally of tallies) yield tallyEvent(tally, part);
}

type Steps = ReturnType<typeof ready>;

async function* noted(steps: Steps, told: Set<string>): Steps {
  for (let step = await steps.next(); ; step = await steps.next()) {
    if (step.done) return step.value;
    isNew(step.value, told);
    yield step.value;
  }
}

/** A problem that was told of an earlier part is not told again. */
function isNew(said: Said, told: Set<string>): boolean {
  if (said.type !== 'problem') return true;
  const text = `${said.code} ${said.message}`;
  if (told.has(text)) return false;
  told.add(text);
  return true;
}

/** Of the first path alone. */
const ONCE: ReadonlySet<Said['type']> = new Set(['start', 'hop', 'name']);

interface Look {
  readonly ready: Ready;
  readonly said: readonly Said[];
}

/**
 * Finds or takes the path as at the beginning. What it says is kept, for it may be of no use. Null where there is no path now, or
 * none to the end where there was one: in the middle of a change, or since the end is dead.
 */
async function look(steps: Steps, reached: boolean): Promise<Look | null> {
  const said: Said[] = [];
  try {
    for (let step = await steps.next(); ; step = await steps.next()) {
      if (step.done) return 'exit' in step.value ? null : { ready: step.value, said };
      if (reached && step.value.type === 'problem' && step.value.code === 'PATH_NOT_FOUND') return null;
      if (!ONCE.has(step.value.type)) said.push(step.value);
    }
  } catch (error) {
    if (error instanceof BeaconError) return null; // as where the new path is too deep
    throw error;
  } finally {
    await steps.return({ exit: CANNOT_TELL });
  }
}

/** A failure in any part is one; else what is not known in any part is not known. */
function together(verdicts: readonly Verdict[]): Verdict {
  const worst = [1, CANNOT_TELL].find((exit) => verdicts.some((verdict) => verdict.exit === exit));
  const last = verdicts.at(-1)!;
  return { reached: last.reached, exit: worst ?? last.exit };
}
