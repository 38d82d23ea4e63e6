/** The block of lines that a spray prints: redrawn while it runs, and left standing as its report. */
import type { CountEvent, FlowEvent, PathEvent, SegmentEvent, SprayEvent, SprayedEvent } from './event.ts';
import { type Frame, frame } from './frame.ts';
import { pathText } from './headline.ts';
import type { Sink } from './reporter.ts';
import { sprayLines } from './spray-text.ts';

export interface SprayBlock {
  tell(event: SprayEvent | CountEvent | FlowEvent | SegmentEvent | SprayedEvent): void;
  aside(write: () => void): void;
  finish(): void;
}

export function createSprayBlock(out: Sink): SprayBlock {
  let shown = nothing();
  let block: Frame | null = null;
  return {
    tell(event) {
      if (event.type === 'spray') shown.spray = event;
      else if (event.type === 'count') {
        shown.rows += 1;
        keep(shown.counts, event);
      } else if (event.type === 'flow') {
        if (event.lost === 0) return;
        shown.lossyFlows += 1;
        keep(shown.flows, event);
      } else if (event.type === 'segment') shown.segment = event;
      else shown.sprayed = event;
      block ??= frame(out, () => sprayLines(shown, out.columns));
      if (event.type === 'spray') block.changed(); // the rest comes at once, with the end
    },
    aside: (write) => (block === null ? write() : block.aside(write)),
    finish() {
      block?.finish();
      block = null;
      shown = nothing();
    },
  };
}

interface Shown {
  spray: SprayEvent | null;
  counts: CountEvent[];
  rows: number;
  flows: FlowEvent[];
  lossyFlows: number;
  segment: SegmentEvent | null;
  sprayed: SprayedEvent | null;
}

/** More than are shown, and less than would be a burden: there may be a million. */
const MOST_KEPT = 2000;

/** Of too many those that lost least go. */
function keep<One extends CountEvent | FlowEvent>(all: One[], one: One): void {
  all.push(one);
  if (all.length <= MOST_KEPT) return;
  all.sort((a, b) => (b.loss ?? 0) - (a.loss ?? 0));
  all.length = MOST_KEPT / 2;
}

const nothing = (): Shown => ({ spray: null, counts: [], rows: 0, flows: [], lossyFlows: 0, segment: null, sprayed: null });

/** Nobody reads thousands. */
const MOST_PATHS = 10;

/** One of a spray's paths, of which there may be many at once. */
export function sprayedPath(path: PathEvent): string[] {
  if (path.part > MOST_PATHS + 1) return [];
  return [path.part > MOST_PATHS ? '… and more paths' : pathText(path)];
}
