/**
 * `--json`: one event a line. Of the tallies only the last of each position is printed, in position order, once their part is over; of the
 * lines that tell how a spray goes on, one a second.
 */
import type { Event, TallyEvent } from './event.ts';
import { endsPart } from './part.ts';
import type { Reporter, Sink } from './reporter.ts';

export function jsonLines(out: Pick<Sink, 'write'>): Reporter {
  const tallies = new Map<number, TallyEvent>();
  let sprayedMs = Number.NEGATIVE_INFINITY;
  const print = (event: Event): void => out.write(`${JSON.stringify(event)}\n`);
  const flush = (): void => {
    for (const tally of inOrder(tallies.values())) print(tally);
    tallies.clear();
  };
  return {
    event: (event) => {
      if (event.type === 'tally') {
        tallies.set(event.position, event);
        return;
      }
      if (event.type === 'spray') {
        if (event.elapsedMs - sprayedMs < EVERY_MS && event.elapsedMs >= sprayedMs) return;
        sprayedMs = event.elapsedMs;
      }
      if (endsPart(event)) flush();
      print(event);
    },
    close: flush,
  };
}

/** A look is rarely a whole second after another. */
const EVERY_MS = 995;

const inOrder = (tallies: Iterable<TallyEvent>): TallyEvent[] => [...tallies].sort((a, b) => a.position - b.position);
