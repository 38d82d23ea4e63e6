/** The plain text that a command prints: a headline, hops as they are complete, and a table that grows in place on a terminal. */
import { CANNOT_TELL } from '../error.ts';
import type { Address } from '../wire/address.ts';
import { type Difference, diffLines } from './diff-text.ts';
import type { ComparisonEvent, Event, LatencyEvent, ProblemEvent, StartEvent, TallyEvent } from './event.ts';
import { type Frame, frame } from './frame.ts';
import { LAYOUTS, type Layout, partLines, pathText } from './headline.ts';
import { latencyLines } from './latency-text.ts';
import { createLocateBlock } from './locate-block.ts';
import { endsPart } from './part.ts';
import { createPathsBlock } from './paths-block.ts';
import { pathsLines } from './paths-text.ts';
import { printableLines } from './printable.ts';
import { type Line, tableLines } from './probe-table.ts';
import type { Reporter, Sink } from './reporter.ts';
import { scanLines } from './scan-text.ts';
import { createSprayBlock, sprayedPath } from './spray-block.ts';
import { painted } from './tone.ts';
import { flowsLines, hopLines, splitLines } from './trace-text.ts';
import { wrapped } from './wrap.ts';

/** Problems go to `errors`. A name that comes after its line changes nothing: what is printed stays. */
export function textReporter(out: Sink, errors: Pick<Sink, 'write' | 'columns'>): Reporter {
  let layout: Layout = LAYOUTS.trace;
  let path: readonly (Address | null)[] = [];
  const tallies = new Map<number, TallyEvent>();
  let table: Frame | null = null;
  let comparison: ComparisonEvent | null = null;
  let differences: Difference[] = [];
  let latencies: LatencyEvent[] = [];
  const located = createLocateBlock(out);
  const sprayed = createSprayBlock(out);
  const drawn = createPathsBlock((graph) => print(pathsLines(graph, out.columns)));

  const endTable = (): void => {
    table?.finish();
    table = null;
    tallies.clear();
  };
  const beside = (write: () => void): void => (table === null ? located.aside(() => sprayed.aside(write)) : table.aside(write));
  const print = (lines: readonly string[]): void => {
    if (lines.length > 0) beside(() => out.write(`${lines.join('\n')}\n`));
  };
  const printLines = (lines: readonly Line[]): void =>
    out.write(lines.map(({ text, tone }) => `${out.color ? painted(text, tone) : text}\n`).join(''));
  const begin = (start: StartEvent): void => {
    path = []; // a demo starts more than once
    layout = LAYOUTS[start.command];
    const headline = layout.headline(start);
    print(headline === null ? [] : [headline]);
  };
  const count = (tally: TallyEvent): void => {
    tallies.set(tally.position, tally);
    table ??= frame(out, () => tableLines([...tallies.values()], path, out.columns));
    table.changed();
  };

  const endComparison = (tells = true): void => {
    if (comparison !== null) frame(out, () => diffLines(comparison!, differences, out.columns, tells)).finish();
    comparison = null;
    differences = [];
  };
  const endLatencies = (): void => {
    if (latencies.length > 0) frame(out, () => latencyLines(latencies)).finish();
    latencies = [];
  };

  const tell = (event: Event): void => {
    if (endsPart(event)) endTable();
    if (event.type === 'end') {
      endComparison(event.exit !== CANNOT_TELL);
      endLatencies();
      located.finish(event.timeMs);
      sprayed.finish();
    }
    if (drawn.tell(event)) return;
    if (event.type === 'start') begin(event);
    else if (event.type === 'hop' && layout.hops) print(hopLines(event));
    else if (event.type === 'split' && layout.hops) print(splitLines(event));
    else if (event.type === 'flows' && layout.hops) print(flowsLines(event));
    else if (event.type === 'path') {
      path = event.hops;
      print(layout.path ? (layout.many ? sprayedPath(event) : [...partLines(event), pathText(event)]) : []);
    } else if (event.type === 'tally' && layout.table) count(event);
    else if (event.type === 'plan' || event.type === 'tallies' || event.type === 'link' || event.type === 'verdict') located.tell(event);
    else if (isOfSpray(event)) sprayed.tell(event);
    else if (event.type === 'scan') printLines(scanLines(event, out.columns));
    else if (event.type === 'comparison') comparison = event;
    else if (isDifference(event)) differences.push(event);
    else if (event.type === 'latency') latencies.push(event);
    else if (event.type === 'problem') beside(() => errors.write(problemText(event, errors.columns)));
  };
  return {
    event: tell,
    close() {
      endTable();
      endComparison();
      endLatencies();
      located.finish(null);
      sprayed.finish();
    },
  };
}

const OF_SPRAY = ['spray', 'count', 'flow', 'segment', 'sprayed'] as const;

const isOfSpray = (event: Event): event is Extract<Event, { readonly type: (typeof OF_SPRAY)[number] }> =>
  (OF_SPRAY as readonly string[]).includes(event.type);

const DIFFERENCES = ['difference', 'flowDifference', 'linkDifference', 'factDifference'] as const satisfies readonly Difference['type'][];

const isDifference = (event: Event): event is Difference => (DIFFERENCES as readonly string[]).includes(event.type);

/** A terminal would break words. The lines after the first are set in, so that each problem is seen to be one. */
const problemText = ({ message }: ProblemEvent, columns: number | null): string =>
  printableLines(`braceroute: ${message}`)
    .split('\n')
    .map((line) => `${wrapped(line, columns === null ? null : columns - INDENT.length).join(`\n${INDENT}`)}\n`)
    .join('');

const INDENT = '  ';
