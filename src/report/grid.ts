/** Rows of cells under headings, in columns as wide as they need be. */
import { shortened } from './probe-table.ts';

export interface Column {
  readonly heading: string;
  /** Words are at the left, numbers at the right. */
  readonly left: boolean;
  /** Gives way where a line would be wider than the terminal: both ends of an address tell more than its middle. */
  readonly shrinks?: boolean;
}

const GAP = '  ';
const LEAST_SHRUNK = 15;

/** The headings, then a line for each row. `columns`: of the terminal; null is endless. */
export function gridLines(columns: readonly Column[], rows: readonly (readonly string[])[], width: number | null): string[] {
  const all = [columns.map(({ heading }) => heading), ...rows];
  const widest = columns.map((_, index) => all.reduce((most, row) => Math.max(most, row[index]!.length), 0));
  const whole = widest.reduce((sum, one) => sum + one, GAP.length * (columns.length - 1));
  const over = width === null ? 0 : Math.max(0, whole - width);
  const widths = widest.map((one, index) => (columns[index]!.shrinks ? Math.max(Math.min(one, LEAST_SHRUNK), one - over) : one));
  return all.map((row) => clipped(rowText(columns, row, widths), width));
}

const rowText = (columns: readonly Column[], row: readonly string[], widths: readonly number[]): string =>
  row
    .map((cell, index) => {
      const text = shortened(cell, widths[index]!);
      return columns[index]!.left ? text.padEnd(widths[index]!) : text.padStart(widths[index]!);
    })
    .join(GAP)
    .trimEnd();

export const clipped = (text: string, width: number | null): string =>
  width === null || text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`;
