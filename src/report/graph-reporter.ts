/** Prints the graph of all paths in the language of a tool that draws, and problems beside it. */
import { createPathsBlock, type PathsTold } from './paths-block.ts';
import { printableLines } from './printable.ts';
import type { Reporter, Sink } from './reporter.ts';

/** Text is whole or missing: what was interrupted before the graph prints nothing. */
export function graphReporter(
  lines: (told: PathsTold) => readonly string[],
  out: Pick<Sink, 'write'>,
  errors: Pick<Sink, 'write'>,
): Reporter {
  const drawn = createPathsBlock((told) => out.write(`${lines(told).join('\n')}\n`));
  return {
    event(event) {
      if (event.type === 'problem') errors.write(`${printableLines(`braceroute: ${event.message}`)}\n`);
      else drawn.tell(event);
    },
    close() {},
  };
}
