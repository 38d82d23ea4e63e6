/** A block of lines that changes: redrawn in place on a terminal, printed once at its end elsewhere. */
import type { Line } from './probe-table.ts';
import { redraw } from './redraw.ts';
import type { Sink } from './reporter.ts';
import { painted } from './tone.ts';

export interface Frame {
  /** The lines may have changed. */
  changed(): void;
  /** Lets someone else write to the same terminal. */
  aside(write: () => void): void;
  /** Leaves the last state standing. */
  finish(): void;
}

/** At most ten frames a second. */
const FRAME_MS = 100;

export function frame(sink: Sink, lines: () => readonly Line[]): Frame {
  return sink.isTerminal ? liveFrame(sink, lines) : finalFrame(sink, lines);
}

const finalFrame = (sink: Sink, lines: () => readonly Line[]): Frame => ({
  changed: () => {},
  aside: (write) => write(),
  finish: () =>
    sink.write(
      lines()
        .map((line) => `${text(sink, line)}\n`)
        .join(''),
    ),
});

function liveFrame(sink: Sink, lines: () => readonly Line[]): Frame {
  let shown: readonly string[] = [];
  let drawnMs = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;

  const draw = (visible: readonly Line[]): void => {
    cancel?.();
    cancel = null;
    const next = visible.map((line) => text(sink, line));
    const change = redraw(shown, next);
    if (change !== '') sink.write(change);
    shown = next;
    drawnMs = sink.nowMs();
  };
  return {
    changed: () => {
      if (cancel !== null) return; // the frame to come will show it
      const waitMs = drawnMs + FRAME_MS - sink.nowMs();
      if (waitMs <= 0) draw(onScreen(lines(), sink.rows));
      else cancel = sink.after(waitMs, () => draw(onScreen(lines(), sink.rows)));
    },
    aside: (write) => {
      const kept = shown;
      if (kept.length > 0) sink.write(redraw(kept, []));
      write();
      if (kept.length > 0) sink.write(redraw([], kept));
    },
    finish: () => draw(lines()),
  };
}

const text = (sink: Sink, line: Line): string => (sink.color ? painted(line.text, line.tone) : line.text);

/** A line that has scrolled away cannot be rewritten: a frame stays smaller than the screen until its last drawing. */
function onScreen(lines: readonly Line[], rows: number | null): readonly Line[] {
  const room = Math.max((rows ?? 24) - 1, 2); // the cursor stands on a line of its own
  if (lines.length <= room) return lines;
  return [...lines.slice(0, room - 1), { text: `… ${lines.length - room + 1} more lines at the end`, tone: 'plain' }];
}
