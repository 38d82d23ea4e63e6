/** The door to whoever watches: a reporter sees events and sinks, and nothing else. Every reporter runs test/report/contract.ts. */
import type { Event } from './event.ts';

export interface Reporter {
  event(event: Event): void;
  /** Writes what is still kept back, such as the table of a run that never reached its `end`. Further calls do nothing. */
  close(): void;
}

/** Where text goes: a terminal, a pipe or a file. */
export interface Sink {
  write(text: string): void;
  /** May be redrawn in place. */
  readonly isTerminal: boolean;
  /** Size of the terminal now; null where there is none. */
  readonly columns: number | null;
  readonly rows: number | null;
  readonly color: boolean;
  /** Wall clock, for the frame rate alone: a simulated network's clock may run away from it. */
  nowMs(): number;
  /** Calls back once after this time, and returns what cancels it. A pending call keeps no program alive. */
  after(delayMs: number, action: () => void): () => void;
}
