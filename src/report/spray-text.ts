/** What a spray says: a few lines that change while it runs, and at its end a table, the flows that stand out, and how it was done. */
import type {
  CountEvent,
  FlowEvent,
  LossRuns,
  SegmentEvent,
  SprayCounts,
  SprayEvent,
  SprayedCell,
  SprayedEvent,
  SweptField,
} from './event.ts';
import { type Column, clipped, gridLines } from './grid.ts';
import { milliseconds, percent, rate as success } from './numbers.ts';
import type { Line } from './probe-table.ts';
import type { Tone } from './tone.ts';
import { wrapped } from './wrap.ts';

export interface SprayShown {
  readonly spray: SprayEvent | null;
  /** All of `rows`, or those of them that lost most. */
  readonly counts: readonly CountEvent[];
  readonly rows: number;
  /** All of `lossyFlows` flows that lost, or those of them that lost most. */
  readonly flows: readonly FlowEvent[];
  readonly lossyFlows: number;
  readonly segment: SegmentEvent | null;
  readonly sprayed: SprayedEvent | null;
}

/** More rows than a person reads; the worst of them are shown. */
const MOST_ROWS = 40;
const MOST_FLOWS = 5;
const MOST_FAILING = 20;
const MOST_RUNS = 8;

const FIELDS: Readonly<Record<SweptField, string>> = {
  ports: 'source port',
  'flow-label': 'flow label',
  source: 'source',
  outer: 'waypoint address',
  inner: 'inner source',
};

const plain = (text: string): Line => ({ text, tone: 'plain' });
const number = (value: number): string => value.toLocaleString('en-US');

/** No line is wider than `columns`; null is endless. */
export function sprayLines(shown: SprayShown, columns: number | null): Line[] {
  if (shown.sprayed === null) return shown.spray === null ? [] : progressLines(shown.spray, columns);
  const told = [
    ...countLines(shown, columns),
    ...flowLines(shown),
    ...segmentLines(shown.segment, shown.counts),
    ...sprayedLines(shown.sprayed),
  ];
  return told.flatMap(({ text, tone }) =>
    tone === 'table' ? [plain(text)] : wrapped(text, columns).map((part) => ({ text: part, tone })),
  );
}

type Told = { readonly text: string; readonly tone: Tone | 'table' };

function progressLines(event: SprayEvent, columns: number | null): Line[] {
  const { elapsedMs, rate, kept, sent, received, loss, lossLow, lossHigh, p50Ms, p99Ms, drops, draining, worst } = event;
  const asked = rate === null ? 'flat out' : `asked ${number(rate)}/s`;
  const state = draining ? 'waiting for what is under way' : `${asked}  kept ${number(kept)}/s`;
  const rtt = p50Ms === null || p99Ms === null ? '' : `  p50 ${milliseconds(p50Ms)}  p99 ${milliseconds(p99Ms)}`;
  const lost = loss === null ? 'loss -' : `loss ${percent(loss)} % (${percent(lossLow!)}–${percent(lossHigh!)})`;
  return [
    plain(`${(elapsedMs / 1000).toFixed(1)} s  ${state}`),
    plain(`sent ${number(sent)}  back ${number(received)}  own drops ${drops === null ? 'not counted' : number(drops)}`),
    plain(`${lost}${rtt}`),
    ...worst.map((cell): Line => ({ text: `  ${cellText(cell)}`, tone: 'warning' })),
  ].map(({ text, tone }) => ({ text: clipped(text, columns), tone }));
}

const cellText = ({ part, position, address, value, sent, received }: SprayedCell): string =>
  `${part > 1 ? `path ${part} ` : ''}hop ${position} ${address ?? '*'}, flow ${value}: ${number(sent - received)} of ${number(sent)} missing`;

function countLines({ counts, rows: all }: SprayShown, columns: number | null): Told[] {
  const many = counts.some(({ part }) => part > 1);
  const sized = counts.some(({ size }) => size !== counts[0]!.size);
  const rows = counts.length <= MOST_ROWS ? counts : [...counts].sort((a, b) => (b.loss ?? 0) - (a.loss ?? 0)).slice(0, MOST_ROWS);
  const table: Column[] = [
    ...(many ? [{ heading: 'PATH', left: true }] : []),
    { heading: 'IDX', left: true },
    { heading: 'HOP', left: true, shrinks: true },
    ...(sized ? [{ heading: 'SIZE', left: false }] : []),
    { heading: 'SUCCESS RATE', left: false },
    { heading: 'RX', left: false },
    { heading: 'TX', left: false },
    { heading: 'LOSS (95 %)', left: true },
    { heading: 'P50 MS', left: false },
    { heading: 'P99 MS', left: false },
  ];
  const cells = rows.map((row) => [
    ...(many ? [String(row.part)] : []),
    String(row.position),
    row.address ?? '*',
    ...(sized ? [String(row.size ?? '-')] : []),
    row.loss === null ? '-' : success(1 - row.loss),
    String(row.received),
    String(row.sent),
    lossText(row),
    row.rttMs?.p50.toFixed(3) ?? '-',
    row.rttMs?.p99.toFixed(3) ?? '-',
  ]);
  const lines = gridLines(table, cells, columns).map((text): Told => ({ text, tone: 'table' }));
  const more =
    all > rows.length ? [{ text: `The worst ${rows.length} of ${number(all)} rows; --json has them all.`, tone: 'plain' as const }] : [];
  return [{ text: 'Loss is cumulative: each row counts every link up to its hop and back.', tone: 'plain' }, ...lines, ...more];
}

const lossText = ({ loss, lossLow, lossHigh }: SprayCounts): string =>
  loss === null ? '-' : `${percent(loss)} %${lossLow === null || lossHigh === null ? '' : ` (${percent(lossLow)}–${percent(lossHigh)})`}`;

/** The flows whose loss is clearly above nothing, the worst first. */
function flowLines({ flows, lossyFlows }: SprayShown): Told[] {
  const worst = flows.toSorted((a, b) => (b.loss ?? 0) - (a.loss ?? 0) || b.lost - a.lost);
  if (worst.length === 0) return [];
  const field = FIELDS[worst[0]!.field];
  const lines = worst.slice(0, MOST_FLOWS).map(
    ({ part, position, address, value, lost, sent, unknown, lossRuns }): Told => ({
      text: `  ${part > 1 ? `path ${part} ` : ''}hop ${position} ${address ?? '*'}, ${field} ${value}: ${number(lost)} of ${number(sent - unknown)} lost${inARow(lossRuns)}`,
      tone: 'warning',
    }),
  );
  return [
    { text: `Flows that lost: ${number(lossyFlows)}${lossyFlows > lines.length ? ', the worst of them' : ''}`, tone: 'plain' },
    ...lines,
  ];
}

/** Losses that come singly need no word. */
function inARow(runs: readonly LossRuns[] | null): string {
  const longest = runs?.at(-1)?.length ?? 0;
  return longest > 1 ? `, up to ${number(longest)} in a row` : '';
}

function segmentLines(segment: SegmentEvent | null, counts: readonly CountEvent[]): Told[] {
  if (segment === null) return [];
  const { position, from, to, field, flows, failing, again } = segment;
  const between = `between hop ${position} (${from ?? '*'}) and hop ${position + 1} (${to ?? '*'})`;
  if (failing.length === 0 && loseAlike(position, counts))
    return [{ text: `All ${number(flows)} flows lose alike ${between}.`, tone: 'alarm' }];
  if (failing.length === 0) return [{ text: `None of ${number(flows)} flows stands out ${between}.`, tone: 'plain' }];
  const told = failing.slice(0, MOST_FAILING).map(({ value, lost, sent }) => `${value} (${lost} of ${sent})`);
  const more = failing.length > told.length ? [`and ${failing.length - told.length} more`] : [];
  return [
    {
      text: `${failing.length} of ${number(flows)} flows lose ${between} and not before: ${FIELDS[field]} ${[...told, ...more].join(', ')}`,
      tone: 'alarm',
    },
    { text: `Again: ${again}`, tone: 'plain' },
  ];
}

/** The far end loses clearly more than the near one, which may be us. */
function loseAlike(position: number, counts: readonly CountEvent[]): boolean {
  const [near, far] = [position, position + 1].map((at) => counts.find((count) => count.position === at));
  return (far?.lossLow ?? 0) > (near?.lossHigh ?? 0);
}

function sprayedLines(event: SprayedEvent): Told[] {
  const { sent, received, kept, lost, unknown, drops, rttMs, sender, matcher, why, tag, lossRuns, flowsLeftOut } = event;
  const rtt = rttMs === null ? '' : `; round trips p50 ${milliseconds(rttMs.p50)}, p99 ${milliseconds(rttMs.p99)}`;
  const own = drops === null ? 'not counted' : number(drops);
  const odd = (['duplicate', 'reordered', 'corrupted', 'late', 'foreign', 'refused'] as const)
    .filter((name) => event[name] > 0)
    .map((name) => `${number(event[name])} ${name}`);
  return [
    `${number(sent)} sent at ${number(kept)} a second, ${number(received)} back, ${number(lost)} lost, ${number(unknown)} unknown (own drops: ${own})${rtt}.`,
    ...(odd.length > 0 ? [`Beside: ${odd.join(', ')}.`] : []),
    ...(lossRuns !== null && lossRuns.length > 0 ? [`Losses in a row within a flow: ${runsText(lossRuns)}.`] : []),
    ...(flowsLeftOut > 0 ? [`${number(flowsLeftOut)} flows that do not stand out have no line of their own.`] : []),
    ...(tag === 'full' ? [] : [`Counts are not verified by a tag in ${tag === 'none' ? 'any probe' : 'every probe, one in 64 has one'}.`]),
    [`Sender ${sender}, matcher ${matcher}.`, ...why].join(' '),
  ].map((text) => ({ text, tone: 'plain' }));
}

function runsText(runs: readonly LossRuns[]): string {
  const told = runs.slice(0, MOST_RUNS).map(({ length, times }) => `${number(length)} (${number(times)} times)`);
  const longest = runs.at(-1)!;
  return runs.length > told.length ? `${told.join(', ')}, … up to ${number(longest.length)}` : told.join(', ');
}
