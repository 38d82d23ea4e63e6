/** What is said of silence that is no loss, or need not be one of its own. */
import type { Limited } from '../boomerang/no-answer.ts';
import type { Tally } from '../boomerang/tally.ts';
import type { Said } from './session.ts';

/** Of a hop from which nothing came home, though deeper probes do. */
export function noAnswer({ address, position, sent, state }: Tally): Said {
  const who = `Hop ${position}, ${address},`;
  const where = 'and deeper ones do over the same links. No link loses them';
  if (state === 'does not decapsulate') {
    const message = `${who} does not decapsulate: none of ${sent} probes came home, ${where}; the hop said so of some, and limits what it says`;
    return { type: 'problem', code: 'NO_DECAPSULATION', message };
  }
  const message =
    state === 'no answer'
      ? `${who} does not answer: none of ${sent} probes came home, ${where}; the hop may not decapsulate, and say nothing of it`
      : `${who} answers with errors: none of ${sent} probes came home, ${where}; those that were not answered may have met the same`;
  return { type: 'problem', code: 'NO_ANSWER', message };
}

export function icmpLimited({ positions: [first, last], told, lost }: Limited): Said {
  const hops = first === last ? `hop ${first}` : `hops ${first} to ${last}`;
  const message = `ICMP is limited: of the ${told + lost} last probes to ${hops}, none of which came home, ${told} were answered with an error; the others may have met the same`;
  return { type: 'problem', code: 'ICMP_LIMITED', message };
}
