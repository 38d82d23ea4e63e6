/** The block of lines that `locate` prints: redrawn while it probes, and left standing with the verdict on top. */
import type { LinkEvent, PlanEvent, TalliesEvent, VerdictEvent } from './event.ts';
import { type Frame, frame } from './frame.ts';
import { locateLines } from './locate-text.ts';
import type { Sink } from './reporter.ts';

export interface LocateBlock {
  tell(event: PlanEvent | TalliesEvent | LinkEvent | VerdictEvent): void;
  /** Lets someone else write to the same terminal. */
  aside(write: () => void): void;
  /** At the end of the run; null: it never came. */
  finish(timeMs: number | null): void;
}

export function createLocateBlock(out: Sink): LocateBlock {
  const links = new Map<string, LinkEvent>();
  let plan: PlanEvent | null = null;
  let tallies: TalliesEvent | null = null;
  let verdict: VerdictEvent | null = null;
  let endMs: number | null = null;
  let block: Frame | null = null;
  const lines = () =>
    locateLines(
      { plan, tallies, verdict, links: [...links.values()], seconds: plan && endMs ? (endMs - plan.timeMs) / 1000 : null },
      out.columns,
    );
  return {
    tell(event) {
      if (event.type === 'plan') plan = event;
      else if (event.type === 'tallies') tallies = event;
      else if (event.type === 'verdict') verdict = event;
      else links.set(`${event.from} ${event.to}`, event);
      block ??= frame(out, lines);
      block.changed();
    },
    aside: (write) => (block === null ? write() : block.aside(write)),
    finish(timeMs) {
      endMs = timeMs;
      block?.finish();
      block = null;
      links.clear();
    },
  };
}
