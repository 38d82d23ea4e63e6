/** The difference of two frames of text, as what a terminal must be told. */

/**
 * Turns the lines that stand directly above the cursor into others, rewriting only those that changed (ECMA-48: CUU, EL, ED).
 * The cursor starts on the line below the frame (a Ctrl-C may have been echoed there) and ends in its first column. Lines must not be wider than the terminal.
 */
export function redraw(before: readonly string[], after: readonly string[]): string {
  const first = firstDifference(before, after);
  if (first === before.length && first === after.length) return '';
  const up = before.length > first ? `\r\x1b[${before.length - first}A` : '';
  const lines = after
    .slice(first)
    .map((line, index) => (line === before[first + index] ? '\n' : `${clearLine(before, first + index)}${line}\n`));
  const rest = before.length > after.length ? '\x1b[J' : '';
  return `${up}${lines.join('')}${rest}`;
}

/** Cleared before it is written: after a full line the cursor may still stand on its last letter. */
const clearLine = (before: readonly string[], index: number): string => (index < before.length ? '\x1b[2K' : '');

function firstDifference(before: readonly string[], after: readonly string[]): number {
  const index = after.findIndex((line, at) => line !== before[at]);
  return index === -1 ? Math.min(before.length, after.length) : index;
}
