/** A sink over one of the process's streams. */
import type { Sink } from './reporter.ts';

/** What is used of stdout and stderr, of a pipe and of a file. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export type ColorChoice = 'auto' | 'always' | 'never';

/** `auto` colours a terminal unless NO_COLOR is set and not empty (no-color.org). A terminal that is `dumb` is written like a pipe. */
export function streamSink(
  stream: TextStream,
  color: ColorChoice = 'auto',
  environment: Readonly<Record<string, string | undefined>> = {},
): Sink {
  const isTerminal = stream.isTTY === true && environment.TERM !== 'dumb';
  const auto = isTerminal && !environment.NO_COLOR;
  return {
    write: (text) => {
      stream.write(text);
    },
    isTerminal,
    get columns() {
      return isTerminal ? stream.columns || null : null; // 0 on a terminal whose size was never set
    },
    get rows() {
      return isTerminal ? stream.rows || null : null;
    },
    color: color === 'auto' ? auto : color === 'always',
    nowMs: () => performance.now(),
    after: (delayMs, action) => {
      const timer = setTimeout(action, delayMs).unref();
      return () => clearTimeout(timer);
    },
  };
}
