/** The links of two runs of locate: what they lose, or what they add to the round trip, and which were drawn in one alone. */
import { shiftOf } from '../infer/difference.ts';
import { type Between, type Increment, movedFrom } from '../infer/latency.ts';
import { widened } from '../infer/widened.ts';
import { RESOLUTION_MS } from '../locate/latency.ts';
import type { LossEstimate } from '../locate/links.ts';
import type { DeviceSuspect } from '../locate/verdict.ts';
import { CONFIDENCE, isBeyond, type Looked } from './diff-moved.ts';
import { type DiffRun, isCut } from './diff-run.ts';
import type { BetweenMoved, LatencyEvent, LinkDifferenceEvent, LinkEvent, Moved, ShareMoved } from './event.ts';

export type LinkRow = Looked<LinkDifferenceEvent>;

/** Null: not told, as by a version before that did. */
export const confidenceOf = ({ events }: DiffRun): number | null =>
  events.find((event) => event.type === 'plan' || event.type === 'latency')?.confidence ?? null;

type One = Pick<LinkEvent, 'from' | 'to' | 'fromName' | 'toName'>;

/** The same link in both, by its two ends. */
interface Paired<Event extends One> {
  readonly a: Event | null;
  readonly b: Event | null;
}

function paired<Event extends One>(a: readonly Event[], b: readonly Event[]): Paired<Event>[] {
  const keyed = (links: readonly Event[]): Map<string, Event> => new Map(links.map((link) => [`${link.from} ${link.to}`, link])); // the later one counts
  const [first, second] = [keyed(a), keyed(b)];
  return [...new Set([...first.keys(), ...second.keys()])].map((key) => ({ a: first.get(key) ?? null, b: second.get(key) ?? null }));
}

const nameOf = ({ a, b }: Paired<One>): One => {
  const { from, to, fromName, toName } = (b ?? a)!;
  return { from, to, fromName, toName };
};

const NO_LOSS = { forward: null, backward: null, both: null } as const;
const NO_TIME = { leastMs: null, medianMs: null } as const;

/** A loss with its interval, and the confidence of that. */
interface Told extends Between {
  readonly confidence: number;
}

/** Of one direction, or of both, which a probe crosses one after the other. */
interface Losses {
  readonly a: readonly Told[];
  readonly b: readonly Told[];
}

/** A run that was cut knows of its last probes only those that came home, so its intervals are not compared. */
export function lossRows(a: DiffRun, b: DiffRun): LinkRow[] {
  const [first, second] = [linksOf(a), linksOf(b)];
  const [confidenceA, confidenceB] = [a, b].map((run) => (isCut(run) ? null : confidenceOf(run))) as [number | null, number | null];
  const pairOf = (one: readonly Estimate[], other: readonly Estimate[]): Losses | null => {
    const [toldA, toldB] = [one.flatMap((each) => toldOf(each, confidenceA)), other.flatMap((each) => toldOf(each, confidenceB))];
    return toldA.length === 0 || toldA.length < one.length || toldB.length === 0 || toldB.length < other.length
      ? null
      : { a: toldA, b: toldB };
  };
  const standing = standingIn(a, b, first, second);
  const rows = paired(first, second).map((pair) => lossRow(nameOf(pair), standing(pair), lossesOf(pair, pairOf)));
  return [...rows, ...deviceRows(a, b, pairOf)];
}

const linksOf = ({ events }: DiffRun): LinkEvent[] => events.filter((event) => event.type === 'link');

type Estimate = Pick<LossEstimate, 'loss' | 'low' | 'high'>;

/** None where it is not known. */
function toldOf({ loss, low, high }: Estimate, confidence: number | null): Told[] {
  return confidence === null || loss === null || low === null || high === null ? [] : [{ value: loss, low, high, confidence }];
}

type PairOf = (one: readonly Estimate[], other: readonly Estimate[]) => Losses | null;

/** Where one run tells the two directions apart and the other does not, both of them together. */
function lossesOf({ a, b }: Paired<LinkEvent>, pairOf: PairOf): Readonly<Record<Direction, Losses | null>> {
  const of = (direction: Direction): Losses | null => pairOf(some(a?.[direction]), some(b?.[direction]));
  const [forward, backward, both] = [of('forward'), of('backward'), of('both')];
  if (a === null || b === null || (a.both === null) === (b.both === null)) return { forward, backward, both };
  const around = ({ forward: out, backward: back, both: all }: LinkEvent): Estimate[] => [...some(all), ...some(out), ...some(back)];
  return { ...NO_LOSS, both: pairOf(around(a), around(b)) };
}

const some = (estimate: Estimate | null | undefined): Estimate[] => (estimate == null ? [] : [estimate]);

/**
 * A link that a topology draws in one run alone has come or gone. On a path that was searched it has not: its hops tell that, and what
 * else the search came by may be another branch. Nor has it where the other run knows a stretch in place of links.
 */
function standingIn(
  { events: a }: DiffRun,
  { events: b }: DiffRun,
  first: readonly LinkEvent[],
  second: readonly LinkEvent[],
): (pair: Paired<LinkEvent>) => LinkDifferenceEvent['link'] {
  const isDrawn = ![...a, ...b].some(({ type }) => type === 'path') && first.length > 0 && second.length > 0;
  const stretches = (links: readonly LinkEvent[]): string =>
    links.flatMap(({ is, from, to }) => (is === 'routers' ? [`${from} ${to}`] : [])).join();
  const isTold = isDrawn && stretches(first) === stretches(second);
  return (pair) => {
    if (pair.a !== null && pair.b !== null) return 'same';
    return pair.a === null ? (isTold ? 'added' : 'heard') : isTold ? 'removed' : 'silent';
  };
}

/** Where both lost nothing, no confidence makes a difference of it. */
const canMove = (losses: Losses | null): boolean => losses !== null && [...losses.a, ...losses.b].some(({ value }) => value > 0);

type Direction = 'forward' | 'backward' | 'both';
const DIRECTIONS: readonly Direction[] = ['forward', 'backward', 'both'];

function lossRow(
  name: Pick<LinkDifferenceEvent, 'from' | 'to' | 'fromName' | 'toName'>,
  link: LinkDifferenceEvent['link'],
  losses: Readonly<Record<Direction, Losses | null>>,
): LinkRow {
  const all = DIRECTIONS.map((direction) => losses[direction]);
  return {
    tests: all.filter(canMove).length,
    isKnown: all.some((one) => one !== null),
    told(confidence) {
      const of = (direction: Direction): ShareMoved | null => losses[direction] && lossMoved(losses[direction], confidence);
      const shares = { forward: of('forward'), backward: of('backward'), both: of('both') };
      const moves: readonly [Moved, boolean][] = [
        ['link', link === 'added' || link === 'removed'],
        ['loss', Object.values(shares).some(isBeyond)],
      ];
      const moved = moves.flatMap(([one, is]) => (is ? [one] : []));
      return { type: 'linkDifference', ...name, link, ...shares, ...NO_TIME, moved };
    },
  };
}

function lossMoved({ a, b }: Losses, confidence: number): ShareMoved {
  const at = (all: readonly Told[]): Between => oneAfterAnother(all.map((told) => widened(told, told.confidence, confidence)));
  const [one, other] = [at(a), at(b)];
  return { a: one.value, b: other.value, ...shiftOf(one, other) };
}

/** All at their least, and all at their most: wider than need be. */
function oneAfterAnother(losses: readonly Between[]): Between {
  const lossAt = (end: keyof Between): number => 1 - losses.reduce((survival, loss) => survival * (1 - loss[end]), 1);
  return losses.length === 1 ? losses[0]! : { value: lossAt('value'), low: lossAt('low'), high: lossAt('high') };
}

/** Routers that both runs suspect; of others no interval is told. */
function deviceRows(a: DiffRun, b: DiffRun, pairOf: PairOf): LinkRow[] {
  const second = devicesOf(b);
  return devicesOf(a).flatMap((one) => {
    const other = second.find(({ device }) => device === one.device);
    if (other === undefined) return [];
    const name = { from: one.device, to: null, fromName: null, toName: null };
    return [lossRow(name, 'same', { ...NO_LOSS, both: pairOf([one], [other]) })];
  });
}

const devicesOf = ({ events }: DiffRun): DeviceSuspect[] =>
  (events.find((event) => event.type === 'verdict')?.suspects ?? []).filter((one): one is DeviceSuspect => 'device' in one);

/** Whether all intervals of the two runs together may fail as seldom as a comparison promises. Null: their confidence is not told. */
export function areLatenciesSure(a: DiffRun, b: DiffRun): boolean | null {
  const [first, second] = [confidenceOf(a), confidenceOf(b)];
  return first === null || second === null ? null : 1 - first + (1 - second) <= 1 - CONFIDENCE + ROUNDING;
}

const ROUNDING = 1e-9;

/** All intervals of a run hold together already, so no row needs an allowance. */
export function latencyRows(a: DiffRun, b: DiffRun): LinkRow[] {
  const isSure = areLatenciesSure(a, b) === true && !isCut(a) && !isCut(b);
  const latencies = ({ events }: DiffRun): LatencyEvent[] => events.filter((event) => event.type === 'latency');
  return paired(latencies(a), latencies(b)).map((pair) => {
    const link = pair.a === null ? 'heard' : pair.b === null ? 'silent' : 'same';
    const times = isSure ? timesMoved(pair) : null;
    const moved: Moved[] = times?.isMoved ? ['rtt'] : [];
    const { leastMs, medianMs } = times ?? NO_TIME;
    const told = { type: 'linkDifference', ...nameOf(pair), link, ...NO_LOSS, leastMs, medianMs, moved } as const;
    return { tests: 0, isKnown: times !== null, told: () => told };
  });
}

function timesMoved({ a, b }: Paired<LatencyEvent>): { leastMs: BetweenMoved; medianMs: BetweenMoved; isMoved: boolean } | null {
  if (a === null || b === null || a.leastMs === null || a.medianMs === null || b.leastMs === null || b.medianMs === null) return null;
  const [before, now] = [a, b].map(({ leastMs, medianMs }) => ({ least: leastMs!, median: medianMs! })) as [Increment, Increment];
  const { least, median, moved } = movedFrom(before, now, RESOLUTION_MS);
  const between = (one: Between, other: Between, { low, high }: Between): BetweenMoved => ({ a: one.value, b: other.value, low, high });
  return {
    leastMs: between(a.leastMs, b.leastMs, least),
    medianMs: between(a.medianMs, b.medianMs, median),
    isMoved: moved !== 'same',
  };
}
