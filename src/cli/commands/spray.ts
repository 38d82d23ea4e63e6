/** `braceroute spray`: paths at rate, each hop or its end, over as many flows as are asked for; `--classic` packet by packet. */
import type { SprayPlan } from '../../boomerang/spray-plan.ts';
import { itineraryOf, templateOf } from '../../boomerang/spray-plan.ts';
import { addedRuns, type SprayTally, tallySpray } from '../../boomerang/spray-tally.ts';
import { quantiles, type SprayEnd, watched } from '../../boomerang/spraying.ts';
import { flowWords } from '../../boomerang/swept.ts';
import type { MatcherName, SenderName, Spraying, SprayJob, TagMode } from '../../engine/spray.ts';
import { BeaconError, CANNOT_TELL } from '../../error.ts';
import { moveTogether, spareMemory } from '../../host/spare-memory.ts';
import { loadOf } from '../../probe/load.ts';
import { newRun } from '../../probe/run.ts';
import type { Address } from '../../wire/address.ts';
import { permittedRate } from '../ceiling.ts';
import type { Network } from '../network.ts';
import { publicHop } from '../permission.ts';
import type { Body, Said, Verdict } from '../session.ts';
import { errorProblems } from '../spray-errors.ts';
import { countsOf, flowEvents, placeOf, rttOf, sprayEvent, worstCells } from '../spray-events.ts';
import { type Prepared, prepared, type SprayPrepareOptions } from '../spray-prepared.ts';
import { isFrozen, segmentEvent } from '../spray-segment.ts';
import { classicSprayCommand } from './spray-classic.ts';

export interface SprayCommandOptions extends Omit<SprayPrepareOptions, 'rate'> {
  readonly classic?: boolean;
  /** Packets in all; of `--classic` per hop. */
  readonly count?: number;
  readonly rate?: number | 'max';
  readonly duration?: number;
  readonly sender: SenderName | 'auto';
  readonly matcher: MatcherName | 'auto';
  readonly tag: TagMode;
  readonly stopLoss?: number;
}

const CLASSIC_COUNT = 30;
const USUAL_DURATION_S = 10;
/** Rates above this begin with a ramp, so that what cannot bear them is seen before they are reached. */
const GENTLE_RATE = 1000;
const RAMP_NS = 1_000_000_000;
const NANOSECONDS = 1e9;
const WORST = 5;
/** What the paths of so many were made of is cleared up before they become packets. */
const MANY_TEMPLATES = 10_000;
/** Of more cells the worst are only told at the end. */
const FEW_CELLS = 100_000;

/** `print` takes the classic lines; null where only events are wanted. */
export function sprayCommand(options: SprayCommandOptions, print: ((line: string) => void) | null): Body {
  const { rate } = options;
  if (options.classic) {
    refuseAtRate(options);
    const { size, ...rest } = options;
    const classic = {
      ...rest,
      ...(typeof rate === 'number' && { rate }),
      ...(size !== undefined && { size: typeof size === 'number' ? size : size.high }),
    }; // older recordings have a number
    return classicSprayCommand({ ...classic, count: options.count ?? CLASSIC_COUNT } as Parameters<typeof classicSprayCommand>[0], print);
  }
  return (network, signal) => atRate(network, signal, options);
}

/** Options that mean nothing with `--classic`. */
const AT_RATE = ['paths', 'duration', 'sweep', 'segment', 'values', 'sweepHops', 'flows', 'stopLoss'] as const;

function refuseAtRate(options: SprayCommandOptions): void {
  const wrong = AT_RATE.find((name) => options[name] !== undefined);
  const flag = wrong?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (wrong !== undefined) throw new BeaconError('ERR_USAGE', `--${flag} is of a spray at rate: leave it or --classic out`);
  if (options.rate === 'max') throw new BeaconError('ERR_USAGE', '--rate max is of a spray at rate: give a number, or leave --classic out');
  if (typeof options.size === 'object' && options.size.low !== options.size.high)
    throw new BeaconError(
      'ERR_USAGE',
      `--size ${options.size.low}-${options.size.high} is of a spray at rate: give one size, or leave --classic out`,
    );
}

async function* atRate(network: Network, signal: AbortSignal, options: SprayCommandOptions): AsyncGenerator<Said, Verdict> {
  const { engine } = network;
  if (engine.spray === undefined)
    throw new BeaconError(
      'ERR_ENGINE',
      `The ${engine.name} engine cannot spray at rate: --engine live or simulated can, and --classic anywhere`,
    );
  const run = newRun(network.random);
  if (options.paths !== undefined) spareMemory();
  const found = yield* prepared(network, signal, options);
  if ('exit' in found) return { reached: false, exit: found.exit };
  const { plan, route } = found;
  if (signal.aborted) return { reached: false, exit: CANNOT_TELL };
  if (options.segment !== undefined && !isFrozen(plan)) yield notFrozen(plan, options.segment);
  const rate = yield* rateFor(network, found, options);
  const job: SprayJob = {
    route,
    run,
    templates: plan.targets.length,
    template: (index) => templateOf(plan, plan.targets.at(index), run),
    flows: plan.swept.values.length,
    values: flowWords(plan.swept, plan.flow),
    pace: paceOf(options, rate),
    timeoutNs: options.timeout * NANOSECONDS,
    tag: options.tag,
    sender: options.sender,
    matcher: options.matcher,
  };
  if (job.templates > MANY_TEMPLATES) moveTogether();
  const spraying = await engine.spray(job);
  try {
    return yield* sprayed(network, signal, options, found, job, spraying);
  } finally {
    await spraying.close();
  }
}

async function* sprayed(
  { engine }: Network,
  signal: AbortSignal,
  options: SprayCommandOptions,
  { plan, rttNs, complete }: Prepared,
  job: SprayJob,
  spraying: Spraying,
): AsyncGenerator<Said, Verdict> {
  const { perSecond } = job.pace;
  const watching = { timeoutNs: job.timeoutNs, stopLoss: options.stopLoss ?? null, templates: job.templates, rttNs };
  const states = watched(engine, spraying, watching, signal);
  const worst = createWorst(plan, job, spraying);
  let end: SprayEnd;
  for (;;) {
    const step = await states.next();
    if (step.done) {
      end = step.value;
      break;
    }
    yield sprayEvent(step.value, perSecond, worst(step.value.elapsedNs, step.value.counters.next));
  }
  yield sprayEvent(end, perSecond, worst(end.elapsedNs, end.counters.next));
  const { counters, unknown, stopped } = end;
  if (stopped !== null) yield { type: 'problem', ...stopped };
  if (counters.foreign > 0) yield otherRun(counters.foreign);
  yield* errorProblems(plan, spraying.errors?.() ?? []);
  const tally = tallySpray(spraying, { templates: job.templates, flows: job.flows, idKey: job.run.idKey, next: counters.next, unknown });
  yield* reported(plan, job, spraying, end, tally, options);
  return verdictOf(tally, plan, complete, options, stopped?.code ?? null);
}

function* reported(
  plan: SprayPlan,
  job: SprayJob,
  spraying: Spraying,
  { counters, elapsedNs, rttNs, stopped }: SprayEnd,
  tally: SprayTally,
  options: SprayCommandOptions,
): Generator<Said> {
  const flows = plan.swept.values.length;
  const { length } = plan.targets;
  const isShared = new Set(Array.from({ length }, (_, target) => spraying.histogramOf(target))).size < length;
  for (let target = 0; target < length; target += 1) {
    const rttMs = isShared ? null : rttOf(quantiles(spraying.histogram(spraying.histogramOf(target))));
    const lossRuns = spraying.lossRuns(target);
    yield { type: 'count', ...placeOf(plan.targets.at(target)), flows, ...countsOf(tally.target(target)), rttMs, lossRuns };
  }
  const { said, leftOut } = flowEvents(plan, tally, spraying);
  yield* said;
  if (options.segment !== undefined && flows > 1) yield segmentEvent(plan, tally, options.segment);
  yield {
    type: 'sprayed',
    sender: spraying.sender,
    matcher: spraying.matcher,
    why: spraying.why,
    tag: job.tag,
    elapsedMs: Math.round(elapsedNs / 1000) / 1000,
    rate: job.pace.perSecond,
    kept: sendingRate(counters.sent, elapsedNs, job),
    targets: plan.targets.length,
    flows,
    ...countsOf(tally.total),
    late: counters.late,
    foreign: counters.foreign,
    drops: counters.drops,
    refused: counters.refused,
    rttMs: rttOf(rttNs),
    lossRuns: addedRuns(lossRunsOf(spraying, length)),
    flowsLeftOut: leftOut,
    stopped: stopped?.code ?? null,
  };
}

function* lossRunsOf(spraying: Spraying, templates: number): Generator<ReturnType<Spraying['lossRuns']>> {
  for (let template = 0; template < templates; template += 1) yield spraying.lossRuns(template);
}

/** Over the time in which packets were due, not that in which the last were waited for. */
function sendingRate(sent: number, elapsedNs: number, { pace: { perSecond, rampNs, count, durationNs } }: SprayJob): number {
  const byCount = count === null || perSecond === null ? Number.POSITIVE_INFINITY : (count / perSecond) * NANOSECONDS + rampNs / 2;
  return Math.round((sent * NANOSECONDS) / Math.max(1, Math.min(elapsedNs, durationNs ?? Number.POSITIVE_INFINITY, byCount)));
}

/** Read once a second, from what was sent up to the look before: by then it should be home. */
function createWorst(
  plan: SprayPlan,
  job: SprayJob,
  spraying: Spraying,
): (elapsedNs: number, next: number) => ReturnType<typeof worstCells> {
  const { templates, flows, run } = job;
  let readNs = 0;
  let before = 0;
  let shown: ReturnType<typeof worstCells> = [];
  return (elapsedNs, next) => {
    if (elapsedNs - readNs < NANOSECONDS || templates * flows > FEW_CELLS) return shown;
    const tally = tallySpray(spraying, { templates, flows, idKey: run.idKey, next: before, unknown: 0 });
    shown = worstCells(plan, tally, WORST);
    readNs = elapsedNs;
    before = next;
    return shown;
  };
}

function paceOf({ count, duration }: SprayCommandOptions, rate: number): SprayJob['pace'] {
  const seconds = duration ?? (count === undefined ? USUAL_DURATION_S : null);
  return {
    perSecond: Number.isFinite(rate) ? rate : null,
    rampNs: rate > GENTLE_RATE ? RAMP_NS : 0,
    count: count ?? null,
    durationNs: seconds === null ? null : Math.round(seconds * NANOSECONDS),
  };
}

function* rateFor(network: Network, { plan, route }: Prepared, options: SprayCommandOptions): Generator<Said, number> {
  function* all() {
    for (const target of plan.targets) yield itineraryOf(plan, target);
  }
  const visits = new Set<Address>();
  for (const { waypoints } of plan.targets) for (const { out, home } of waypoints) visits.add(out).add(home);
  return yield* permittedRate(network, route, loadOf(all()), options, publicHop([...visits], options) !== null);
}

const otherRun = (packets: number): Said => ({
  type: 'problem',
  code: 'OTHER_RUN',
  message: `${packets} probes of another run came home here and are not counted: another braceroute is at work on this machine, or somebody sends what looks like it`,
});

const notFrozen = ({ swept }: SprayPlan, segment: number): Said => ({
  type: 'problem',
  code: 'SEGMENT_NOT_FROZEN',
  message: `--sweep ${swept.kind} changes what every router sees, not those between hop ${segment} and hop ${segment + 1} alone: flows are told apart by what they lose there and not before`,
});

/** A failure found is 1; where nothing failed but some of it is not known, 5. */
function verdictOf(
  tally: SprayTally,
  plan: SprayPlan,
  complete: boolean,
  { maxLoss }: SprayCommandOptions,
  stopped: string | null,
): Verdict {
  const reached = complete && endsReached(plan, tally);
  if (stopped === 'SENDER_FAILED' || stopped === 'INTERFACE_DOWN') return { reached, exit: 4 };
  if (stopped === 'COUNTS_BROKEN') return { reached: null, exit: CANNOT_TELL };
  if (stopped === 'LOSS_STOPPED' || anyLoses(plan, tally, maxLoss)) return { reached, exit: 1 };
  const unsure = !complete || tally.total.sent === 0 || tally.total.unknown > 0;
  return { reached, exit: unsure ? CANNOT_TELL : 0 };
}

/** The last target of every path has come home; targets stand in the order of their paths. */
function endsReached({ paths, targets }: SprayPlan, tally: SprayTally): boolean {
  const reached = new Uint8Array(paths.length);
  for (let target = 0; target < targets.length; target += 1) reached[targets.at(target).path] = tally.target(target).received > 0 ? 1 : 0;
  return reached.every((one) => one === 1);
}

function anyLoses({ targets }: SprayPlan, tally: SprayTally, maxLoss: number): boolean {
  for (let target = 0; target < targets.length; target += 1) if ((tally.target(target).loss ?? 0) > maxLoss) return true;
  return false;
}
