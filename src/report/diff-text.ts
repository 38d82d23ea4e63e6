/** The comparison of two runs as text: both runs, a row for each hop, and a sentence for whatever moved. */
import type { ComparedHop, ComparedRun, ComparisonEvent, DifferenceEvent, Moved, ShareMoved } from './event.ts';
import { hostText } from './headline.ts';
import { milliseconds, percent } from './numbers.ts';
import { printable } from './printable.ts';
import { type Line, shortened } from './probe-table.ts';
import { wrapped } from './wrap.ts';

const WIDEST = 80;
const SHORTEST_ADDRESS = 15;

/** No line is longer than `columns`, or 80 where there is no terminal. */
export function diffLines(comparison: ComparisonEvent, differences: readonly DifferenceEvent[], columns: number | null): Line[] {
  const width = columns ?? WIDEST;
  const plain = [runText('A', comparison.a), runText('B', comparison.b)].flatMap((text) => wrapped(text, width));
  const moved = [...endTexts(comparison), ...differences.flatMap(sentences)];
  const verdict = moved.length === 0 ? ['Nothing is seen to have moved.'] : ['Moved:', ...moved.map((text) => `  ${text}`)];
  return [
    ...plain.map((text): Line => ({ text, tone: 'plain' })),
    ...tableLines(differences, width),
    ...verdict.flatMap((text) => wrapped(text, width)).map((text): Line => ({ text, tone: moved.length === 0 ? 'plain' : 'alarm' })),
  ];
}

const KINDS = {
  trace: 'trace',
  reverse: 'reverse trace',
  between: 'trace',
  paths: 'paths',
  probe: 'probe',
  spray: 'spray',
  locate: 'locate',
  scan: 'scan',
} as const;

function runText(letter: string, { file, command, source, target, targetName, startMs }: ComparedRun): string {
  const when = new Date(startMs).toISOString().slice(0, 19);
  return `${letter} ${printable(file)}: ${KINDS[command]} from ${source} to ${hostText(target, targetName)}, ${when}Z`;
}

const HEADINGS = ['A', 'B', 'HOP', 'LOSS A', 'LOSS B', 'RTT A', 'RTT B'] as const;
const HOP = 2;
/** Numbers stand at the right, words at the left. */
const LEFT: ReadonlySet<number> = new Set([HOP, HEADINGS.length]);

interface Row {
  readonly cells: readonly string[];
  readonly isMoved: boolean;
}

function tableLines(differences: readonly DifferenceEvent[], width: number): Line[] {
  if (differences.length === 0) return [{ text: 'Neither run has a hop.', tone: 'plain' }];
  const rows = differences.flatMap((difference, index) => [
    ...(difference.part > (differences[index - 1]?.part ?? 1) ? [{ cells: [`Part ${difference.part}:`], isMoved: false }] : []),
    ...rowsOf(difference),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.filter(({ cells }) => cells.length > 1).map(({ cells }) => cells[column]?.length ?? 0)),
  );
  const others = widths.reduce((sum, each, column) => sum + (column === HOP ? 0 : each) + 2, 0);
  const notes = Math.max(0, ...rows.map(({ cells }) => cells[HEADINGS.length]?.length ?? 0));
  const fitted = widths.with(HOP, Math.min(widths[HOP]!, Math.max(width - others - notes, SHORTEST_ADDRESS)));
  const line = ({ cells, isMoved }: Row): Line => ({ text: rowText(cells, fitted).slice(0, width), tone: isMoved ? 'alarm' : 'plain' });
  return [line({ cells: HEADINGS, isMoved: false }), ...rows.map(line)];
}

function rowText(cells: readonly string[], widths: readonly number[]): string {
  if (cells.length === 1) return cells[0]!;
  const placed = cells.map((cell, column) => {
    const width = widths[column] ?? cell.length;
    return LEFT.has(column) ? (column === HOP ? shortened(cell, width) : cell).padEnd(width) : cell.padStart(width);
  });
  return placed.join('  ').trimEnd();
}

/** Two rows where another hop stands in the place of one. */
function rowsOf(difference: DifferenceEvent): Row[] {
  const { hop, a, b, moved } = difference;
  const isMoved = moved.length > 0;
  if (hop === 'replaced' || a === null || b === null) {
    return [
      ...(a === null ? [] : [{ cells: cellsOf(a, null, isMoved ? '<- gone' : 'not heard in B'), isMoved }]),
      ...(b === null ? [] : [{ cells: cellsOf(null, b, isMoved ? '<- new' : 'not heard in A'), isMoved }]),
    ];
  }
  const note = isMoved
    ? `<- ${moved.map((one) => WORDS[one]).join(', ')}`
    : hop === 'same'
      ? ''
      : `silent in ${hop === 'silent' ? 'B' : 'A'}`;
  return [{ cells: cellsOf(a, b, note), isMoved }];
}

const WORDS: Readonly<Record<Moved, string>> = {
  reached: 'end',
  hop: 'hop',
  state: 'state',
  loss: 'loss',
  errors: 'errors',
  rtt: 'RTT',
};

const cellsOf = (a: ComparedHop | null, b: ComparedHop | null, note: string): string[] => [
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

const endTexts = ({ moved, a, b }: ComparisonEvent): string[] =>
  moved.includes('reached') ? [`the end was ${reachedText(a)} in A and ${reachedText(b)} in B`] : [];

const reachedText = ({ reached }: ComparedRun): string => (reached ? 'reached' : 'not reached');

function sentences({ hop, a, b, loss, errors, rttMs, moved }: DifferenceEvent): string[] {
  const who = `hop ${b?.position ?? a?.position}, ${b?.address ?? a?.address ?? '*'}: `;
  const said: Record<Moved, () => string> = {
    reached: () => '',
    hop: () => HOPS[hop]!(a, b),
    state: () => `${who}${stateText(a)} in A, ${stateText(b)} in B`,
    loss: () => `${who}loss ${shareText(loss!)}`,
    errors: () => `${who}errors ${shareText(errors!)}`,
    rtt: () => `${who}median round trip ${milliseconds(rttMs!.a)} in A, ${milliseconds(rttMs!.b)} in B`,
  };
  return moved.map((one) => said[one]());
}

const stateText = (hop: ComparedHop | null): string => printable(hop?.state ?? 'no error');
const nameOf = (hop: ComparedHop | null): string => hop?.address ?? 'a silent hop';

const HOPS: Readonly<Record<string, (a: ComparedHop | null, b: ComparedHop | null) => string>> = {
  replaced: (a, b) => `hop ${b!.position}: ${nameOf(b)} in place of ${nameOf(a)}`,
  added: (_, b) => `hop ${b!.position}: ${nameOf(b)} is new`,
  removed: (a) => `hop ${a!.position} of A: ${nameOf(a)} is gone`,
};

/** Percents, and by how many of them the second lies above the first. */
const shareText = ({ a, b, low, high }: ShareMoved): string =>
  `${percent(a)} % in A, ${percent(b)} % in B: ${signed(low)} to ${signed(high)} points`;

const signed = (share: number): string => `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
