/** Two runs as the events of their comparison: which hops changed, and what was counted there. The rules stand in docs/diff.md. */
import { aligned, type Pair } from './diff-align.ts';
import { CONFIDENCE, type Counted, counted, NOTHING, shareMoved } from './diff-moved.ts';
import type { DiffHop, DiffRun } from './diff-run.ts';
import type { ComparedHop, ComparedRun, ComparisonEvent, DifferenceEvent, Moved, ShareMoved } from './event.ts';

type Unstamped<One> = Omit<One, 'v' | 'timeMs'>;

export interface Compared {
  readonly comparison: Unstamped<ComparisonEvent>;
  readonly differences: readonly Unstamped<DifferenceEvent>[];
  /** Round trips were there, and nowhere enough of them to tell whether they moved. */
  readonly isRttShort: boolean;
  /** Some hop of both could be compared. */
  readonly tells: boolean;
}

export interface NamedRun {
  readonly file: string;
  readonly run: DiffRun;
}

/** One row before it is known how many there are to allow for. */
interface Row {
  readonly part: number;
  readonly hop: DifferenceEvent['hop'];
  readonly a: DiffHop | null;
  readonly b: DiffHop | null;
  readonly counted: Counted;
}

export function compared(a: NamedRun, b: NamedRun): Compared {
  const rows = rowsOf(a.run, b.run);
  const tests = rows.reduce((sum, row) => sum + row.counted.tests, 0);
  const eachConfidence = 1 - (1 - CONFIDENCE) / Math.max(1, tests); // Bonferroni: together they err once in twenty at most
  const differences = rows.map((row) => difference(row, eachConfidence));
  const ends = [summaryOf(a), summaryOf(b)] as const;
  const moved = everMoved(isEndMoved(a.run, b.run) ? [['reached'], ...movedIn(differences)] : movedIn(differences));
  const comparison = { type: 'comparison', a: ends[0], b: ends[1], confidence: CONFIDENCE, eachConfidence, moved } as const;
  const trips = rows.filter((row) => row.counted.rtt !== null);
  const isAlike = a.run.counts === b.run.counts;
  const tells = rows.some(({ hop, counted: { errors } }) => hop === 'same' && (!isAlike || errors !== null));
  return { comparison, differences, isRttShort: trips.length > 0 && trips.every((row) => row.counted.isRttShort), tells };
}

const ORDER: readonly Moved[] = ['reached', 'hop', 'state', 'loss', 'errors', 'rtt'];

const movedIn = (differences: readonly Unstamped<DifferenceEvent>[]): (readonly Moved[])[] => differences.map(({ moved }) => moved);

const everMoved = (all: readonly (readonly Moved[])[]): Moved[] => ORDER.filter((one) => all.some((moved) => moved.includes(one)));

/** A run that was interrupted or cut short has not failed to reach anything. */
const isEndMoved = (a: DiffRun, b: DiffRun): boolean => isWhole(a) && isWhole(b) && a.end!.reached !== b.end!.reached;

const isWhole = ({ end }: DiffRun): boolean => end !== null && !end.interrupted;

function summaryOf({ file, run: { start, end } }: NamedRun): ComparedRun {
  const { command, timeMs, source, target, targetName } = start;
  return { file, command, startMs: timeMs, source, target, targetName, reached: end?.reached ?? null };
}

function rowsOf(a: DiffRun, b: DiffRun): Row[] {
  const parts = [...new Set([...a.paths.keys(), ...b.paths.keys()])].sort((one, other) => one - other);
  return parts.flatMap((part) => {
    const pairs = aligned(a.paths.get(part) ?? [], b.paths.get(part) ?? [], isSameHop);
    const lastCommon = pairs.findLastIndex(([one, other]) => one !== null && other !== null);
    return pairs.map((pair, index) => {
      const unheard = index > lastCommon ? unheardIn(pair, a, b) : null;
      return row(part, pair, unheard, a.counts === b.counts);
    });
  });
}

const isSameHop = (a: DiffHop, b: DiffHop): boolean => a.addresses.some((address) => b.addresses.includes(address));

/** What lies behind the end of a run that did not come to its target is not known to be gone. */
function unheardIn([a, b]: Pair<DiffHop>, first: DiffRun, second: DiffRun): 'silent' | 'heard' | null {
  if (b === null && second.end?.reached !== true) return 'silent';
  if (a === null && first.end?.reached !== true) return 'heard';
  return null;
}

function row(part: number, pair: Pair<DiffHop>, unheard: 'silent' | 'heard' | null, isAlike: boolean): Row {
  const [a, b] = pair;
  const hop = unheard ?? hopOf(pair);
  return { part, hop, a, b, counted: hop === 'same' && isAlike && a !== null && b !== null ? counted(a, b) : NOTHING };
}

function hopOf([a, b]: Pair<DiffHop>): DifferenceEvent['hop'] {
  if (a === null) return 'added';
  if (b === null) return 'removed';
  if (a.address === null) return b.address === null ? 'same' : 'heard';
  if (b.address === null) return 'silent';
  return isSameHop(a, b) ? 'same' : 'replaced';
}

const CHANGES: readonly DifferenceEvent['hop'][] = ['replaced', 'added', 'removed'];

function difference({ part, hop, a, b, counted: found }: Row, confidence: number): Unstamped<DifferenceEvent> {
  const [loss, errors] = [shareMoved(found.loss, confidence), shareMoved(found.errors, confidence)];
  const moves: readonly [Moved, boolean][] = [
    ['hop', CHANGES.includes(hop)],
    ['state', found.isStateMoved],
    ['loss', isBeyond(loss)],
    ['errors', isBeyond(errors)],
    ['rtt', found.rtt?.chance != null && found.rtt.chance <= 1 - confidence],
  ];
  const moved = moves.flatMap(([name, is]) => (is ? [name] : []));
  return { type: 'difference', part, hop, a: told(a), b: told(b), loss, errors, rttMs: found.rtt, moved };
}

/** No difference at all lies outside the interval. */
const isBeyond = (share: ShareMoved | null): boolean => share !== null && (share.low > 0 || share.high < 0);

function told(hop: DiffHop | null): ComparedHop | null {
  if (hop === null) return null;
  const { position, address, state, decided, lost, errors, rttMs } = hop;
  return { position, address, state, decided, lost, errors, rttMs };
}
