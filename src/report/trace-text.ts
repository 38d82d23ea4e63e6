/** The lines of a traceroute. */
import { familyOf } from '../wire/address.ts';
import { errorKind } from '../wire/icmp.ts';
import type { FlowsEvent, HopEvent, SplitEvent, SplitNext } from './event.ts';
import { hostText } from './headline.ts';
import { errorMark } from './icmp-mark.ts';
import { milliseconds } from './numbers.ts';

/** ` 1  r1.example (10.0.1.1)  0.21 ms  *  0.18 ms`, then a line for each further address that answered at this ttl. */
export function hopLines(hop: HopEvent): string[] {
  const index = String(hop.position).padStart(2);
  if (hop.address === null) return [`${index}  *`];
  const answers = hop.rttMs.map((rttMs) => (rttMs === null ? '*' : milliseconds(rttMs)));
  // once and last: the event does not say which of the answers was the error
  const mark = hop.icmp === null ? [] : [errorMark(errorKind(familyOf(hop.address), hop.icmp.type, hop.icmp.code))];
  const first = [index, hostText(hop.address, hop.name), ...answers, ...mark].join('  ');
  return [first, ...hop.others.map((address) => `${' '.repeat(index.length)}  ${address}`)];
}

/** `Hop 1, 10.0.1.1, splits by source port`, then a line for each next hop with the option that leads there. */
export function splitLines({ position, ttl, from, next, movedBy, perPacket }: SplitEvent): string[] {
  const what = perPacket ? 'packet: not steerable from here' : movedBy.join(', ');
  const isOneRouter = next.every(({ router }) => router === next[0]!.router);
  const line = isOneRouter
    ? `Hop ${ttl}, one router, answers from several addresses by ${what}`
    : `Hop ${position}${from === null ? '' : `, ${from},`} splits by ${what}`;
  return [line, ...next.map((one) => `  ${[one.address, optionFor(one)].join('  ').trimEnd()}`)];
}

/** What to give a command so that it takes this way. */
const OPTIONS: Readonly<Record<string, string>> = {
  'source port': '--source-port',
  'inner ports': '--source-port',
  identifier: '--source-port',
  'destination port': '--port',
  checksum: '--port',
  'flow label': '--flow-label',
  'outer source': '--address',
  'waypoint address': '--source',
};

export function optionFor({ field, value }: Pick<SplitNext, 'field' | 'value'>): string {
  if (field === null) return '';
  const option = OPTIONS[field];
  return option === undefined ? `by ${field}: ${value}` : `${option} ${value}`;
}

/** What splits may have been missed. */
export function flowsLines({ splits, fields }: FlowsEvent): string[] {
  const width = Math.max(...fields.map(({ field }) => field.length));
  const tried = fields.map(
    ({ field, values, missed }) => `  ${field.padEnd(width)}  ${String(values).padStart(3)}  ${probability(missed)}`,
  );
  return [...(splits === 0 ? ['No split seen.'] : []), 'Values tried, and how likely they miss a split in two:', ...tried];
}

const probability = (missed: number): string => (missed < 0.01 ? missed.toExponential(0) : String(missed));
