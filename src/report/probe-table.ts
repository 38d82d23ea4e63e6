/** The table of a probe: what became of the packets to each hop of a path and back. */
import type { Address } from '../wire/address.ts';
import type { TallyEvent } from './event.ts';
import { firstLoss, routersOfLoss } from './first-loss.ts';
import { doesNotDecapsulate, probeRow, type Row } from './probe-row.ts';
import type { Tone } from './tone.ts';
import { wrapped } from './wrap.ts';

/** A line of text and the tone it is told in. */
export interface Line {
  readonly text: string;
  readonly tone: Tone;
}

/** Without it a reader takes a row for the loss of one hop. */
const CUMULATIVE = 'Loss is cumulative: each row counts every link up to its hop and back.';

/** `fits`: as wide as its widest cell; otherwise the heading is wider than any. */
const COLUMNS = [
  { heading: 'IDX', gap: '', left: true, fits: true },
  { heading: 'HOP', gap: ' ', left: true, fits: true },
  { heading: 'SUCCESS RATE', gap: ' ', left: true, fits: false },
  { heading: 'RX', gap: ' ', left: false, fits: true },
  { heading: 'TX', gap: '  ', left: false, fits: true },
  { heading: 'LOSS (95 %)', gap: '  ', left: true, fits: true },
] as const;
const HOP = 1;
const HEADING: Row = { cells: COLUMNS.map(({ heading }) => heading), notes: [], tone: 'plain' };
const LONGEST_IPV4 = 15;

/**
 * What a row counts, the columns' headings, and a row for each tally in position order. The path keeps the columns where they are while
 * rows come in. No line is longer than `columns`: addresses give way first, then the ends of lines; null is endless.
 */
export function tableLines(tallies: readonly TallyEvent[], path: readonly (Address | null)[], columns: number | null): Line[] {
  const ordered = [...tallies].sort((a, b) => a.position - b.position);
  const loser = firstLoss(ordered.filter((tally) => tally.address !== null && !doesNotDecapsulate(tally)));
  const rows = [HEADING, ...ordered.map((tally) => probeRow(tally, tally === loser))];
  const widths = columnWidths(rows, path.slice(1), columns);
  const lines = rows.map((row) => ({ text: rowText(row, widths), tone: row.tone }));
  const between = loser && routersOfLoss(loser, ordered);
  const below = between === null ? [] : wrapped(between, columns).map((text) => ({ text, tone: 'alarm' as const }));
  return [{ text: CUMULATIVE, tone: 'plain' as const }, ...lines, ...below].map(({ text, tone }) => ({
    text: clipped(text, columns),
    tone,
  }));
}

function columnWidths(rows: readonly Row[], hops: readonly (Address | null)[], columns: number | null): number[] {
  const widest = (index: number): number => longest(rows.map(({ cells }) => cells[index] ?? ''));
  const widths = COLUMNS.map(({ heading, fits }, index) => (fits ? widest(index) : heading.length));
  const hop = Math.max(widths[HOP]!, longest(hops.map((address) => address ?? '')));
  const others = COLUMNS.reduce((sum, { gap }, index) => sum + gap.length + (index === HOP ? 0 : widths[index]!), 0);
  const note = longest(rows.map(({ notes }) => (notes[0] === undefined ? '' : `  ${notes[0]}`)));
  const spare = columns === null ? hop : Math.max(columns - others - note, LONGEST_IPV4);
  return widths.with(HOP, Math.min(hop, spare));
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));

function rowText({ cells, notes }: Row, widths: readonly number[]): string {
  const placed = cells.map((cell, index) => {
    const { gap, left } = COLUMNS[index]!;
    const width = widths[index]!;
    const text = index === HOP ? shortened(cell, width) : cell;
    return gap + (left ? text.padEnd(width) : text.padStart(width));
  });
  return [placed.join(''), ...notes].join('  ').trimEnd();
}

/** Both ends of an address tell more than its middle. */
export function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - tail)}…${text.slice(text.length - tail)}`;
}

const clipped = (text: string, columns: number | null): string =>
  columns === null || text.length <= columns ? text : `${text.slice(0, Math.max(columns - 1, 0))}…`;
