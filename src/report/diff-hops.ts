/** The hops of two runs side by side: which changed, and what of their counts has moved. */
import { aligned, type Pair } from './diff-align.ts';
import { type Counted, counted, isBeyond, type Looked, NOTHING, shareMoved, type Unstamped } from './diff-moved.ts';
import type { DiffHop, DiffPath, DiffRun } from './diff-run.ts';
import type { ComparedHop, DifferenceEvent, Moved } from './event.ts';

export interface HopRow extends Looked<DifferenceEvent> {
  readonly part: number;
  readonly a: DiffHop | null;
  readonly b: DiffHop | null;
  /** It is the same router in both. */
  readonly isSame: boolean;
  readonly counted: Counted;
}

/** Of a search for all paths, or of a network that was drawn, there are no hops in a row. */
export function hopRows(a: DiffRun, b: DiffRun): HopRow[] {
  if (!isInRow(a) || !isInRow(b)) return [];
  const areScans = a.tells === 'facts' && b.tells === 'facts';
  const keyOf = ({ part, host, size }: DiffPath): string => (areScans ? `${host}` : `${part} ${size}`);
  const places = new Map([...a.paths, ...b.paths].map((path) => [keyOf(path), path]));
  const pairs = [...places].map(([key, place]) => {
    const pathIn = ({ paths }: DiffRun): DiffPath | null => paths.find((path) => keyOf(path) === key) ?? null;
    return { place, one: pathIn(a), other: pathIn(b) };
  });
  return (
    pairs
      // hosts, or sizes, that one run alone was asked for have not gone
      .filter(({ place, one, other }) => (one !== null && other !== null) || (!areScans && place.size === null))
      .sort(({ place: { part, size } }, { place: other }) => part - other.part || (size ?? 0) - (other.size ?? 0))
      .flatMap(({ place, one, other }) => pathRows(place, one?.hops ?? [], other?.hops ?? [], a, b))
  );
}

const isInRow = ({ tells, paths }: DiffRun): boolean =>
  tells !== 'graph' && (paths.length > 0 || (tells !== 'loss' && tells !== 'latency'));

function pathRows({ part, size }: DiffPath, one: readonly DiffHop[], other: readonly DiffHop[], a: DiffRun, b: DiffRun): HopRow[] {
  const pairs = aligned(one, other, isSameHop);
  const lastCommon = pairs.findLastIndex(([hop, twin]) => hop !== null && twin !== null);
  return pairs.map((pair, index) => {
    const hop = (index > lastCommon ? unheardIn(pair, a, b) : null) ?? hopOf(pair);
    return row(part, size, pair, hop, a.tells === b.tells);
  });
}

const isSameHop = (a: DiffHop, b: DiffHop): boolean => a.addresses.some((address) => b.addresses.includes(address));

/** What lies behind the end of a run that did not come to its target is not known to be gone. */
function unheardIn([a, b]: Pair<DiffHop>, first: DiffRun, second: DiffRun): 'silent' | 'heard' | null {
  if (b === null && second.reached !== true) return 'silent';
  if (a === null && first.reached !== true) return 'heard';
  return null;
}

function hopOf([a, b]: Pair<DiffHop>): DifferenceEvent['hop'] {
  if (a === null) return 'added';
  if (b === null) return 'removed';
  if (a.address === null) return b.address === null ? 'same' : 'heard';
  if (b.address === null) return 'silent';
  return isSameHop(a, b) ? 'same' : 'replaced';
}

function row(part: number, size: number | null, [a, b]: Pair<DiffHop>, hop: DifferenceEvent['hop'], isAlike: boolean): HopRow {
  const isSame = hop === 'same' && a !== null && b !== null;
  const found = isSame && isAlike ? counted(a, b) : NOTHING;
  const told = (confidence: number): Unstamped<DifferenceEvent> => {
    const [loss, errors] = [found.loss && shareMoved(found.loss, confidence), found.errors && shareMoved(found.errors, confidence)];
    const moves: readonly [Moved, boolean][] = [
      ['hop', CHANGES.includes(hop)],
      ['state', found.isStateMoved],
      ['loss', isBeyond(loss)],
      ['errors', isBeyond(errors)],
      ['rtt', found.rtt?.chance != null && found.rtt.chance <= 1 - confidence],
    ];
    const moved = moves.flatMap(([name, is]) => (is ? [name] : []));
    return { type: 'difference', part, size, hop, a: toldHop(a), b: toldHop(b), loss, errors, rttMs: found.rtt, moved };
  };
  return {
    part,
    a,
    b,
    isSame,
    counted: found,
    tests: found.tests,
    isKnown: isSame && (!isAlike || found.loss !== null || found.errors !== null),
    told,
  };
}

const CHANGES: readonly DifferenceEvent['hop'][] = ['replaced', 'added', 'removed'];

function toldHop(hop: DiffHop | null): ComparedHop | null {
  if (hop === null) return null;
  const { position, address, state, decided, lost, errors, rttMs } = hop;
  return { position, address, state, decided, lost, errors, rttMs };
}
