/** A run's events as another run is compared with: the hops of each of its paths, and what was counted there. */
import type { Proportion } from '../infer/difference.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { errorKind } from '../wire/icmp.ts';
import type { Measured } from './diff-moved.ts';
import type { ComparedHop, CountEvent, EndEvent, Event, HopEvent, RttSummary, ScanEvent, StartEvent, TallyEvent } from './event.ts';

/**
 * What a run counts or finds. Probes count there and back to a hop, and so do sprays, but their round trips are in buckets; traces count
 * what a hop answers. Where two runs tell different things only their hops are compared.
 */
export type Tells = 'answers' | 'probes' | 'spray' | 'loss' | 'latency' | 'graph' | 'facts';

export interface DiffRun {
  readonly start: StartEvent;
  readonly end: EndEvent | null;
  readonly tells: Tells;
  /** Its path was found to the end; null where nobody says. */
  readonly reached: boolean | null;
  readonly paths: readonly DiffPath[];
  readonly events: readonly Event[];
}

/** In position order and without the silent hops at its end. */
export interface DiffPath {
  readonly part: number;
  /** Where the path of a scan leads: it may have several hosts. */
  readonly host: Address | null;
  /** Of a spray with several sizes: the hops that were counted with this one. */
  readonly size: number | null;
  readonly hops: readonly DiffHop[];
}

export interface DiffHop extends ComparedHop {
  /** All that answered there, none where it is silent. */
  readonly addresses: readonly Address[];
  /** How many round trips stand behind `rttMs`. */
  readonly rttCount: number;
  /** Null where errors alone came, or nothing: they say nothing of loss. */
  readonly loss: Measured | null;
  /** ICMP errors; null where none are counted. */
  readonly failed: Measured | null;
  /** What a scan found of it. */
  readonly card: ScanEvent | null;
}

/** It was interrupted, or its last lines are missing. */
export const isCut = ({ end }: Pick<DiffRun, 'end'>): boolean => end === null || end.interrupted;

/** Null where nothing was started. */
export function runOf(events: readonly Event[]): DiffRun | null {
  const start = events.find((event) => event.type === 'start');
  if (start === undefined) return null;
  const end = events.find((event) => event.type === 'end') ?? null;
  const tells = tellsOf(start, events);
  const paths = (tells === 'answers' ? traced(events) : probed(events, tells, isCut({ end }))).map((path) => ({
    ...path,
    hops: ordered(path.hops),
  }));
  return { start, end, tells, reached: end?.reached ?? isFound(start, events), paths, events };
}

function tellsOf({ command }: StartEvent, events: readonly Event[]): Tells {
  const has = (...types: Event['type'][]): boolean => events.some(({ type }) => types.includes(type));
  if (command === 'locate') return has('latency') ? 'latency' : 'loss';
  if (command === 'spray') return has('spray', 'count', 'sprayed') ? 'spray' : 'probes';
  return ({ probe: 'probes', paths: 'graph', scan: 'facts' } as const)[command as 'probe'] ?? 'answers';
}

/** Of a locate, which has no target to reach. */
function isFound({ command, target }: StartEvent, events: readonly Event[]): boolean | null {
  const path = events.find((event) => event.type === 'path');
  return command !== 'locate' || path === undefined ? null : path.hops.at(-1) === target;
}

interface Unordered extends Omit<DiffPath, 'hops'> {
  readonly hops: Map<number, DiffHop>;
}

function traced(events: readonly Event[]): Unordered[] {
  const hops = events.filter((event) => event.type === 'hop').map((hop) => [hop.position, tracedHop(hop)] as const);
  return [{ part: 1, host: null, size: null, hops: new Map(hops) }];
}

function probed(events: readonly Event[], tells: Tells, wasCut: boolean): Unordered[] {
  const paths = new Map<string, Unordered>();
  const unknown = events.find((event) => event.type === 'sprayed')?.unknown ?? 0;
  let [starts, host]: [number, Address | null] = [0, null];
  const pathOf = (part: number, size: number | null): Unordered => {
    const path = paths.get(`${part} ${size}`) ?? { part, host, size, hops: new Map() };
    paths.set(`${part} ${size}`, path);
    return path;
  };
  for (const event of events) {
    if (event.type === 'start') [starts, host] = [starts + 1, tells === 'facts' ? event.target : null];
    const part = tells === 'facts' ? starts : 'part' in event ? event.part : 1;
    if (event.type === 'tally') pathOf(part, null).hops.set(event.position, probedHop(event, wasCut));
    if (event.type === 'count') pathOf(part, event.size).hops.set(event.position, sprayedHop(event, unknown));
    if (event.type === 'scan') pathOf(part, null).hops.set(event.position, { ...listed(event.position, event.address), card: event });
    if (event.type !== 'path') continue;
    for (const [position, address] of event.hops.entries()) {
      if (position > 0) pathOf(part, null).hops.set(position, listed(position, address)); // 0 is us
    }
  }
  return [...paths.values()];
}

function ordered(hops: ReadonlyMap<number, DiffHop>): DiffHop[] {
  const all = [...hops.values()].sort((a, b) => a.position - b.position);
  return all.slice(0, all.findLastIndex(({ address }) => address !== null) + 1);
}

const listed = (position: number, address: Address | null): DiffHop => ({
  position,
  address,
  addresses: address === null ? [] : [address],
  state: null,
  decided: 0,
  lost: 0,
  errors: 0,
  rttMs: null,
  rttCount: 0,
  loss: null,
  failed: null,
  card: null,
});

function probedHop({ position, address, state, sent, received, lost, errors, rttMs }: TallyEvent, wasCut: boolean): DiffHop {
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const decided = received + lost + failed;
  // of probes that a cut run did not wait for only those that came home are decided: the others may all be lost, or none
  const open = wasCut ? Math.max(0, sent - decided) : 0;
  const share = (successes: number): Proportion => ({ successes, trials: decided + open });
  const loss = received + lost > 0 ? { least: share(lost), most: share(lost + open) } : null;
  const rtt = { rttMs: received > 0 ? rttMs : null, rttCount: received };
  return { ...listed(position, address), state, decided, lost, errors: failed, loss, failed: exactly(failed, decided), ...rtt };
}

function sprayedHop(count: CountEvent, unknown: number): DiffHop {
  const { position, address, received, lost, rttMs } = count;
  const { min, p50, p95, max } = rttMs ?? NO_ROUND_TRIP;
  const rtt = { rttMs: rttMs !== null && received > 0 ? { min, p50, p95, max } : null, rttCount: received };
  return { ...listed(position, address), decided: received + lost, lost, loss: sprayedLoss(count, unknown), ...rtt };
}

const NO_ROUND_TRIP: RttSummary = { min: 0, p50: 0, p95: 0, max: 0 };

/** Of what is missing this machine itself lost `unknown` in all of the run: any of it may be of this row, or none. */
export function sprayedLoss({ sent, received }: Pick<CountEvent, 'sent' | 'received'>, unknown: number): Measured | null {
  const missing = Math.max(0, sent - received);
  const ours = Math.min(missing, unknown);
  if (sent === ours) return null;
  return { least: { successes: missing - ours, trials: sent - ours }, most: { successes: missing, trials: sent } };
}

function tracedHop({ position, address, others, rttMs, icmp }: HopEvent): DiffHop {
  const answers = rttMs.filter((each) => each !== null);
  const state = icmp === null || address === null ? null : errorKind(familyOf(address), icmp.type, icmp.code);
  const lost = rttMs.length - answers.length;
  return {
    ...listed(position, address),
    addresses: address === null ? [] : [address, ...others],
    state,
    decided: rttMs.length,
    lost,
    rttCount: answers.length,
    loss: exactly(lost, rttMs.length),
    failed: exactly(0, rttMs.length),
    rttMs: summary(answers),
  };
}

function exactly(successes: number, trials: number): Measured | null {
  return trials === 0 ? null : { least: { successes, trials }, most: { successes, trials } };
}

/** Quantiles as a tally has them: the least value that this part of all does not exceed. */
function summary(values: readonly number[]): RttSummary | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[rankOf(share, sorted.length) - 1]!;
  return { min: sorted[0]!, p50: at(0.5), p95: at(0.95), max: sorted.at(-1)! };
}

/** Which of so many sorted values a quantile is, from 1. */
export const rankOf = (share: number, count: number): number => Math.max(1, Math.ceil(share * count - 1e-9));
