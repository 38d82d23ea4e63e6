/** The lines of a traceroute. */
import { familyOf } from '../wire/address.ts';
import { errorKind } from '../wire/icmp.ts';
import type { HopEvent } from './event.ts';
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
