/** What silence in a table cannot be: hops that never answer while probes past them come home, and errors of which few are told. */
import { wilson } from '../infer/interval.ts';
import { FAMILIES } from '../wire/family.ts';
import { errorKind } from '../wire/icmp.ts';
import type { RouteWatch } from './route-watch.ts';
import { errorCount, type Tally } from './tally.ts';

/** Chance makes it look so once in so many tables. */
const SURE = 0.9999;

/**
 * Hops of which nothing at all came home, though clearly more did from a deeper one: its probes cross every link that theirs do, so no
 * link's loss is the cause. Such a hop may not decapsulate and say nothing of it, or little: routers limit what they say.
 */
export function unanswering(tallies: readonly Tally[]): Tally[] {
  return tallies.filter((tally, index) => {
    if (tally.rtts === null || tally.received > 0 || tally.lost === 0) return false;
    const failed = tally.lost + errorCount(tally);
    const least = wilson(failed, failed, SURE)!.low;
    return tallies.slice(index + 1).some((deeper) => mostLoss(deeper) < least);
  });
}

/** All that it said is that it does not decapsulate. */
export const onlyRefuses = ({ errors }: Tally): boolean => errors.size > 0 && [...errors.keys()].every((kind) => REFUSALS.has(kind));

const REFUSALS: ReadonlySet<string> = new Set(
  Object.values(FAMILIES).flatMap(({ number, icmp }) => icmp.nestingRefused.map(({ type, code }) => errorKind(number, type, code))),
);

function mostLoss(tally: Tally): number {
  const failed = tally.lost + errorCount(tally);
  return tally.received === 0 ? 1 : wilson(failed, failed + tally.received, SURE)!.high;
}

export interface Limited {
  /** The first and the last that it concerns. */
  readonly positions: readonly [first: number, last: number];
  readonly told: number;
  readonly lost: number;
}

/** Fewer may be lost by chance beside an error. */
const LEAST_LOST = 10;

/** Since their last landing some probes were answered with errors and more were lost, as where routers answer a few a second. */
export function limited(tallies: readonly Tally[], watch: RouteWatch): Limited | null {
  const rows = tallies.map(({ position }) => ({ position, ...watch.since(position) }));
  const concerned = rows.filter(({ told, lost }) => told > 0 && lost >= LEAST_LOST && lost > told);
  if (concerned.length === 0) return null;
  const sum = (of: 'told' | 'lost'): number => concerned.reduce((total, row) => total + row[of], 0);
  return { positions: [concerned[0]!.position, concerned.at(-1)!.position], told: sum('told'), lost: sum('lost') };
}
