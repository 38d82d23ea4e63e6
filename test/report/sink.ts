/** A sink that remembers what it was given, with a clock that the test moves. */
import type { Sink } from '../../src/report/reporter.ts';

export interface MemorySink extends Sink {
  /** Each write as it came. */
  readonly writes: string[];
  text(): string;
  /** Moves the clock, and makes the calls that fall due. */
  advance(milliseconds: number): void;
}

export function memorySink(fixed: Partial<Pick<Sink, 'isTerminal' | 'columns' | 'rows' | 'color'>> = {}): MemorySink {
  const writes: string[] = [];
  let nowMs = 1000;
  let pending: { atMs: number; action: () => void }[] = [];
  return {
    isTerminal: false,
    columns: null,
    rows: null,
    color: false,
    ...fixed,
    writes,
    text: () => writes.join(''),
    write: (text) => writes.push(text),
    nowMs: () => nowMs,
    after: (delayMs, action) => {
      const call = { atMs: nowMs + delayMs, action };
      pending.push(call);
      return () => {
        pending = pending.filter((other) => other !== call);
      };
    },
    advance: (milliseconds) => {
      nowMs += milliseconds;
      const due = pending.filter(({ atMs }) => atMs <= nowMs);
      pending = pending.filter(({ atMs }) => atMs > nowMs);
      for (const { action } of due) action();
    },
  };
}
