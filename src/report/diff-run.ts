/** A run's events as another run is compared with: the hops of each of its paths, and what was counted there. */
import { type Address, familyOf } from '../wire/address.ts';
import { errorKind } from '../wire/icmp.ts';
import type { ComparedHop, EndEvent, Event, HopEvent, RttSummary, StartEvent, TallyEvent } from './event.ts';

export interface DiffRun {
  readonly start: StartEvent;
  readonly end: EndEvent | null;
  /** Probes count there and back to a hop, traces what it answers: the two are not compared. */
  readonly counts: 'probes' | 'answers';
  /** By part, each in position order and without the silent hops at its end. */
  readonly paths: ReadonlyMap<number, readonly DiffHop[]>;
}

export interface DiffHop extends ComparedHop {
  /** All that answered there, none where it is silent. */
  readonly addresses: readonly Address[];
  /** How many round trips stand behind `rttMs`. */
  readonly rttCount: number;
  /** False where errors alone came, or nothing: they say nothing of loss. */
  readonly tellsLoss: boolean;
}

/** Null where nothing was started. */
export function runOf(events: readonly Event[]): DiffRun | null {
  const start = events.find((event) => event.type === 'start');
  if (start === undefined) return null;
  const end = events.find((event) => event.type === 'end') ?? null;
  const isProbe = start.command === 'probe' || start.command === 'spray';
  const hops = isProbe ? probed(events) : new Map([[1, traced(events)]]);
  const paths = new Map([...hops].map(([part, byPosition]) => [part, ordered(byPosition)]));
  return { start, end, counts: isProbe ? 'probes' : 'answers', paths };
}

type ByPosition = Map<number, DiffHop>;

const traced = (events: readonly Event[]): ByPosition =>
  new Map(events.filter((event) => event.type === 'hop').map((hop) => [hop.position, tracedHop(hop)]));

function probed(events: readonly Event[]): Map<number, ByPosition> {
  const parts = new Map<number, ByPosition>();
  const partOf = (part: number): ByPosition => parts.get(part) ?? parts.set(part, new Map()).get(part)!;
  for (const event of events) {
    if (event.type === 'tally') partOf(event.part).set(event.position, probedHop(event));
    if (event.type !== 'path') continue;
    for (const [position, address] of event.hops.entries()) {
      if (position > 0) partOf(event.part).set(position, listed(position, address)); // 0 is us
    }
  }
  return parts;
}

function ordered(hops: ByPosition): DiffHop[] {
  const all = [...hops.values()].sort((a, b) => a.position - b.position);
  return all.slice(0, all.findLastIndex(({ address }) => address !== null) + 1);
}

const NOTHING_COUNTED = { decided: 0, lost: 0, errors: 0, rttMs: null, rttCount: 0, tellsLoss: false } as const;

const listed = (position: number, address: Address | null): DiffHop => ({
  position,
  address,
  addresses: address === null ? [] : [address],
  state: null,
  ...NOTHING_COUNTED,
});

function probedHop({ position, address, state, received, lost, errors, rttMs }: TallyEvent): DiffHop {
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const decided = received + lost + failed;
  const counted = { decided, lost, errors: failed, rttMs: received > 0 ? rttMs : null, rttCount: received, tellsLoss: received + lost > 0 };
  return { ...listed(position, address), state, ...counted };
}

function tracedHop({ position, address, others, rttMs, icmp }: HopEvent): DiffHop {
  const answers = rttMs.filter((each) => each !== null);
  const state = icmp === null || address === null ? null : errorKind(familyOf(address), icmp.type, icmp.code);
  const counted = { decided: rttMs.length, lost: rttMs.length - answers.length, errors: 0, rttCount: answers.length, tellsLoss: true };
  return {
    ...listed(position, address),
    addresses: address === null ? [] : [address, ...others],
    state,
    ...counted,
    rttMs: summary(answers),
  };
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
