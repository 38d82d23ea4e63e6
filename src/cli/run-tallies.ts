/** The events of a probe's run as tallies over paths: out to each position and back by the same hops. */
import type { TallyEvent } from '../report/event.ts';

/** One object a measured position, in the form of a line of `--from`. */
export function runTallies(events: readonly unknown[]): unknown[] {
  const known = events.filter(isObject);
  const us = known.flatMap(({ type, hops }) => (type === 'path' && Array.isArray(hops) ? [hops[0] as unknown] : []))[0];
  const tallies = known.filter(isTally);
  // a later tally of a position replaces an earlier
  const at = new Map(tallies.map((tally) => [`${tally.part} ${tally.position}`, tally]));
  return [...at.values()]
    .filter(({ legFrom }) => legFrom !== null)
    .map((tally) => {
      const out = [us, ...wayTo(tally, at)];
      const elsewhere = tally.unknown + Object.values(tally.errors).reduce((sum, count) => sum + count, 0);
      const sent = tally.received + tally.lost + elsewhere; // what was under way at the end is in `sent` alone
      return { path: [...out, ...out.slice(0, -1).toReversed()], sent, received: tally.received, unknown: elsewhere };
    });
}

function wayTo(tally: TallyEvent, at: ReadonlyMap<string, TallyEvent>): unknown[] {
  const way: unknown[] = [];
  let next: TallyEvent | undefined = tally;
  while (next !== undefined && way.length < MOST_HOPS) {
    way.unshift(next.address);
    next = at.get(`${next.part} ${next.legFrom}`);
  }
  return way;
}

const MOST_HOPS = 256;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

const isTally = (event: Readonly<Record<string, unknown>>): event is Readonly<Record<string, unknown>> & TallyEvent =>
  event.type === 'tally' &&
  isObject(event.errors) &&
  [event.position, event.received, event.lost, event.unknown, ...Object.values(event.errors)].every(Number.isSafeInteger);
