/** Two runs as the events of their comparison: which hops and links changed, and what was counted there. The rules stand in docs/diff.md. */
import { factRows } from './diff-facts.ts';
import { flowRows } from './diff-flows.ts';
import { edgeRows } from './diff-graph.ts';
import { hopRows } from './diff-hops.ts';
import { latencyRows, lossRows } from './diff-links.ts';
import { CONFIDENCE, type Looked, type Unstamped } from './diff-moved.ts';
import { type DiffRun, isCut, type Tells } from './diff-run.ts';
import type {
  ComparedRun,
  ComparisonEvent,
  DifferenceEvent,
  FactDifferenceEvent,
  FlowDifferenceEvent,
  LinkDifferenceEvent,
  Moved,
} from './event.ts';

export interface Compared {
  readonly comparison: Unstamped<ComparisonEvent>;
  readonly differences: readonly Unstamped<DifferenceEvent>[];
  readonly flows: readonly Unstamped<FlowDifferenceEvent>[];
  readonly links: readonly Unstamped<LinkDifferenceEvent>[];
  readonly facts: readonly Unstamped<FactDifferenceEvent>[];
  /** Round trips were there, and nowhere enough of them to tell whether they moved. */
  readonly isRttShort: boolean;
  /** Both runs have flows, and no two are the same. */
  readonly areFlowsApart: boolean;
  /** Something of both could be compared. */
  readonly tells: boolean;
}

export interface NamedRun {
  readonly file: string;
  readonly run: DiffRun;
}

export function compared(a: NamedRun, b: NamedRun): Compared {
  const isAlike = (tells: Tells): boolean => a.run.tells === tells && b.run.tells === tells;
  const hops = hopRows(a.run, b.run);
  const flows = isAlike('spray') ? flowRows(a.run, b.run) : [];
  const links = LINKS.flatMap(([tells, rows]) => (isAlike(tells) ? rows(a.run, b.run) : []));
  const facts = factRows(hops);
  const all: readonly Looked<unknown>[] = [...hops, ...flows, ...links, ...facts];
  const tests = all.reduce((sum, row) => sum + row.tests, 0);
  const eachConfidence = 1 - (1 - CONFIDENCE) / Math.max(1, tests); // Bonferroni: together they err once in twenty at most
  const told = {
    differences: hops.map((row) => row.told(eachConfidence)),
    flows: flows.map((row) => row.told(eachConfidence)).filter(({ moved }) => moved.length > 0),
    links: links.map((row) => row.told(eachConfidence)),
    facts: facts.map((row) => row.told(eachConfidence)).filter((fact) => fact.a !== fact.b),
  };
  const moved = everMoved([
    [...told.differences, ...told.flows, ...told.links, ...told.facts].flatMap((one) => one.moved),
    endsMoved(a, b),
  ]);
  const ends = { a: summaryOf(a), b: summaryOf(b) };
  const comparison = { type: 'comparison', ...ends, confidence: CONFIDENCE, eachConfidence, moved } as const;
  const trips = hops.filter((row) => row.counted.rtt !== null);
  const hasFlow = ({ run }: NamedRun): boolean => run.events.some(({ type }) => type === 'flow');
  return {
    comparison,
    ...told,
    isRttShort: trips.length > 0 && trips.every((row) => row.counted.isRttShort),
    areFlowsApart: flows.length === 0 && isAlike('spray') && hasFlow(a) && hasFlow(b),
    tells: all.some(({ isKnown }) => isKnown),
  };
}

const LINKS = [
  ['loss', lossRows],
  ['latency', latencyRows],
  ['graph', edgeRows],
] as const;

const ORDER: readonly Moved[] = ['reached', 'verdict', 'hop', 'link', 'state', 'fact', 'loss', 'errors', 'rtt'];

/** A verdict that is another says nothing new where no loss has moved: one near the threshold is on either side of it by chance. */
function everMoved(all: readonly (readonly Moved[])[]): Moved[] {
  const is = (one: Moved): boolean => all.some((moved) => moved.includes(one));
  return ORDER.filter((one) => is(one) && (one !== 'verdict' || is('loss')));
}

function endsMoved({ run: a }: NamedRun, { run: b }: NamedRun): Moved[] {
  const [one, other] = [verdictOf(a), verdictOf(b)];
  return [
    ...(isEndMoved(a, b) ? (['reached'] as const) : []),
    ...(isKnown(one) && isKnown(other) && one !== other ? (['verdict'] as const) : []),
  ];
}

/** A run that was interrupted or cut short has not failed to reach anything. */
const isEndMoved = (a: DiffRun, b: DiffRun): boolean => isWhole(a) && isWhole(b) && a.end!.reached !== b.end!.reached;

/** Some commands have nothing to reach. */
const isWhole = (run: DiffRun): boolean => !isCut(run) && run.end!.reached !== null;

const verdictOf = ({ events }: DiffRun): ComparedRun['verdict'] => events.find((event) => event.type === 'verdict')?.kind ?? null;

const isKnown = (verdict: ComparedRun['verdict']): boolean => verdict === 'clear' || verdict === 'suspect';

function summaryOf({ file, run }: NamedRun): ComparedRun {
  const { command, timeMs, source, target, targetName } = run.start;
  return { file, command, startMs: timeMs, source, target, targetName, reached: run.end?.reached ?? null, verdict: verdictOf(run) };
}
