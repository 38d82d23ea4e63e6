/** The tables of a comparison: hops and links side by side. */
import type { ComparedHop, DifferenceEvent, LinkDifferenceEvent, Moved, ShareMoved } from './event.ts';
import { milliseconds, percent } from './numbers.ts';
import { printable } from './printable.ts';
import { type Line, shortened } from './probe-table.ts';

const SHORTEST_NAME = 15;
/** Two of them and what stands between fit a line. */
const LONGEST_END = 36;
/** Of more hops or links those alone that have moved. */
const MOST_ROWS = 400;

interface Row {
  /** As many as there are headings, and a note; or one that goes through. */
  readonly cells: readonly string[];
  readonly isMoved: boolean;
}

interface Columns {
  readonly headings: readonly string[];
  /** The column that is at the left, and that gives way where a line is too long. */
  readonly name: number;
  /** The first of those that are left out where all of them are empty. */
  readonly optional: number;
}

/** Columns of which no row has anything are left out. */
function table({ headings, name, optional }: Columns, rows: readonly Row[], width: number): Line[] {
  const all = rows.filter(({ cells }) => cells.length > 1);
  const widest = (column: number): number => all.reduce((most, { cells }) => Math.max(most, cells[column]?.length ?? 0), 0);
  const isKept = headings.map((_, column) => column < optional || widest(column) > 0);
  const widths = headings.map((heading, column) => (isKept[column] ? Math.max(heading.length, widest(column)) : 0));
  const others = widths.reduce((sum, each, column) => sum + (column === name || !isKept[column] ? 0 : each + 2), 2);
  widths[name] = Math.min(widths[name]!, Math.max(width - others - widest(headings.length), SHORTEST_NAME));
  const text = (cells: readonly string[]): string => {
    if (cells.length === 1) return cells[0]!;
    const placed = cells.flatMap((cell, column) => {
      if (column === headings.length) return [cell];
      if (!isKept[column]) return [];
      return [column === name ? shortened(cell, widths[column]!).padEnd(widths[column]!) : cell.padStart(widths[column]!)];
    });
    return placed.join('  ').trimEnd();
  };
  const line = ({ cells, isMoved }: Row): Line => ({ text: text(cells).slice(0, width), tone: isMoved ? 'alarm' : 'plain' });
  return [line({ cells: headings, isMoved: false }), ...rows.map(line)];
}

const HOPS: Columns = { headings: ['A', 'B', 'HOP', 'LOSS A', 'LOSS B', 'RTT A', 'RTT B'], name: 2, optional: 3 };
const LINKS: Columns = { headings: ['LINK', 'LOSS A', 'LOSS B', 'MEDIAN A', 'MEDIAN B'], name: 0, optional: 1 };

export function hopTable(differences: readonly DifferenceEvent[], width: number): Line[] {
  const kept = movedOf(differences);
  const rows = kept.flatMap((difference, index) => [...headOf(difference, kept[index - 1]), ...hopRows(difference)]);
  return [...leftOut(differences.length, kept.length, 'hops'), ...(rows.length === 0 ? [] : table(HOPS, rows, width))];
}

export function linkTable(links: readonly LinkDifferenceEvent[], width: number): Line[] {
  const kept = movedOf(links);
  return [...leftOut(links.length, kept.length, 'links'), ...(kept.length === 0 ? [] : table(LINKS, kept.map(linkRow), width))];
}

const movedOf = <One extends { readonly moved: readonly Moved[] }>(all: readonly One[]): readonly One[] =>
  all.length <= MOST_ROWS ? all : all.filter(({ moved }) => moved.length > 0).slice(0, MOST_ROWS);

const leftOut = (all: number, kept: number, what: string): Line[] =>
  kept === all ? [] : [{ text: `${kept} of ${all} ${what}, of those that moved:`, tone: 'plain' }];

type Place = Pick<DifferenceEvent, 'part' | 'size'>;

/** Where the rows of another path, or of another size, begin. */
function headOf({ part, size }: Place, before: Place = { part: 1, size: null }): Row[] {
  if (part === before.part && size === before.size) return [];
  return [{ cells: [`Part ${part}${size === null ? '' : `, ${size} bytes`}:`], isMoved: false }];
}

/** Two rows where another hop stands in the place of one. */
function hopRows(difference: DifferenceEvent): Row[] {
  const { hop, a, b, moved } = difference;
  const isMoved = moved.length > 0;
  if (hop === 'replaced' || a === null || b === null) {
    return [
      ...(a === null ? [] : [{ cells: hopCells(a, null, isMoved ? '<- gone' : 'not heard in B'), isMoved }]),
      ...(b === null ? [] : [{ cells: hopCells(null, b, isMoved ? '<- new' : 'not heard in A'), isMoved }]),
    ];
  }
  const note = isMoved ? arrow(moved) : hop === 'same' ? '' : `silent in ${hop === 'silent' ? 'B' : 'A'}`;
  return [{ cells: hopCells(a, b, note), isMoved }];
}

const arrow = (moved: readonly Moved[]): string => `<- ${moved.map((one) => WORDS[one]).join(', ')}`;

const WORDS: Readonly<Record<Moved, string>> = {
  reached: 'end',
  verdict: 'verdict',
  hop: 'hop',
  link: 'link',
  state: 'state',
  fact: 'fact',
  loss: 'loss',
  errors: 'errors',
  rtt: 'RTT',
};

const hopCells = (a: ComparedHop | null, b: ComparedHop | null, note: string): string[] => [
  String(a?.position ?? '-'),
  String(b?.position ?? '-'),
  a?.address ?? b?.address ?? '*',
  lossText(a),
  lossText(b),
  rttText(a),
  rttText(b),
  note,
];

const lossText = (hop: ComparedHop | null): string => (hop === null || hop.decided === 0 ? '' : `${percent(hop.lost / hop.decided)} %`);
const rttText = (hop: ComparedHop | null): string => (hop?.rttMs == null ? '' : milliseconds(hop.rttMs.p50));

const STANDING: Readonly<Record<LinkDifferenceEvent['link'], string>> = {
  same: '',
  added: '<- new',
  removed: '<- gone',
  silent: 'not seen in B',
  heard: 'not seen in A',
};

function linkRow(difference: LinkDifferenceEvent): Row {
  const { link, medianMs, moved } = difference;
  const isMoved = moved.length > 0;
  const note = link === 'same' && isMoved ? arrow(moved) : STANDING[link];
  const time = (value: number | undefined): string => (value === undefined ? '' : milliseconds(value));
  const losses = [lossesText(difference, ({ a }) => a), lossesText(difference, ({ b }) => b)];
  return { cells: [linkName(difference), ...losses, time(medianMs?.a), time(medianMs?.b), note], isMoved };
}

/** `r1–r2`, or `r1` where it is that router itself. */
export function linkName({ from, to, fromName, toName }: LinkDifferenceEvent): string {
  const [one, other] = endNames({ from, to, fromName, toName });
  return to === null ? one : `${one}–${other}`;
}

export function endNames({
  from,
  to,
  fromName,
  toName,
}: Pick<LinkDifferenceEvent, 'from' | 'to' | 'fromName' | 'toName'>): [string, string] {
  const text = (name: string): string => shortened(printable(name), LONGEST_END);
  return [text(fromName ?? from ?? '*'), text(toName ?? to ?? '*')];
}

/** There and back, or of both together. */
function lossesText({ forward, backward, both }: LinkDifferenceEvent, of: (share: ShareMoved) => number): string {
  if (both !== null) return `${percent(of(both))} %`;
  if (forward === null && backward === null) return '';
  return `${[forward, backward].map((share) => (share === null ? '-' : percent(of(share)))).join(' / ')} %`;
}
