/** One row of a probe table, as cells. */
import type { TallyEvent } from './event.ts';
import { errorMark, isProtocolUnreachable, isTimeExceeded } from './icmp-mark.ts';
import { percent, rate } from './numbers.ts';
import type { Tone } from './tone.ts';

/** IDX, HOP, SUCCESS RATE, RX, TX, LOSS; or IDX, HOP and words that stand for the rest. Notes follow the last cell. */
export interface Row {
  readonly cells: readonly string[];
  readonly notes: readonly string[];
  readonly tone: Tone;
}

export function probeRow(tally: TallyEvent, isFirstLoss: boolean): Row {
  const head = [String(tally.position), tally.address ?? '*'];
  if (doesNotDecapsulate(tally)) return { cells: [...head, 'does not decapsulate'], notes: [], tone: 'warning' };
  if (tally.state === 'filtered') return { cells: [...head, 'unknown (filter)'], notes: [], tone: 'warning' };
  if (hasNoWayHome(tally)) return { cells: [...head, 'no way home'], notes: [], tone: 'warning' };
  if (tally.state === 'no answer') return { cells: [...head, 'does not answer'], notes: [], tone: 'warning' };
  const decided = tally.received + tally.lost + errorCount(tally); // what is in flight counts neither way
  const success = decided === 0 ? '-' : rate(tally.received / decided);
  const cells = [...head, success.padStart(8), String(tally.received), String(tally.sent), lossText(tally)];
  const notes = [...(isFirstLoss ? ['<- first loss'] : []), ...oddities(tally)];
  return { cells, notes, tone: isFirstLoss ? 'alarm' : 'plain' };
}

/** Answers IP-in-IP with protocol unreachable and nothing else. Silence beside it changes nothing: such answers are rate limited. */
export function doesNotDecapsulate({ errors, received, state }: TallyEvent): boolean {
  if (state === 'does not decapsulate') return true;
  const kinds = Object.keys(errors).filter((kind) => errors[kind]! > 0);
  return received === 0 && kinds.length > 0 && kinds.every(isProtocolUnreachable);
}

/** Every probe expired on a leg that should have been one hop. */
function hasNoWayHome({ errors, received, lost }: TallyEvent): boolean {
  const kinds = Object.keys(errors).filter((kind) => errors[kind]! > 0);
  return received + lost === 0 && kinds.length > 0 && kinds.every(isTimeExceeded);
}

const errorCount = ({ errors }: TallyEvent): number => Object.values(errors).reduce((sum, count) => sum + count, 0);

function lossText({ loss, lossLow, lossHigh, received, lost }: TallyEvent): string {
  if (loss === null || received + lost === 0) return '-'; // errors alone say nothing of loss
  const interval = lossLow === null || lossHigh === null ? '' : ` (${percent(lossLow)}–${percent(lossHigh)})`;
  return `${percent(loss)} %${interval}`;
}

/** `12 × !H, 3 unknown`: counts that are 0 on a good day. */
function oddities({ errors, unknown, late, duplicate }: TallyEvent): string[] {
  const counts: [count: number, of: string][] = [
    ...Object.entries(errors).map(([kind, count]): [number, string] => [count, `× ${errorMark(kind)}`]),
    [unknown, 'unknown'],
    [late, 'late'],
    [duplicate, 'duplicate'],
  ];
  const told = counts.filter(([count]) => count > 0).map(([count, of]) => `${count} ${of}`);
  return told.length === 0 ? [] : [told.join(', ')];
}
