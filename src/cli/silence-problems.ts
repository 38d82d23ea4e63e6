/** What is said of silence that is no loss, or need not be one of its own. */
import type { Limited } from '../boomerang/no-answer.ts';
import type { Tally } from '../boomerang/tally.ts';
import type { Said } from './session.ts';

export const noAnswer = ({ address, position, unknown }: Tally): Said => ({
  type: 'problem',
  code: 'NO_ANSWER',
  message: `Hop ${position}, ${address}, does not answer: none of ${unknown} probes came home, and deeper ones do over the same links. No link loses them; the hop may not decapsulate, and say nothing of it`,
});

export function icmpLimited({ positions: [first, last], told, lost }: Limited): Said {
  const hops = first === last ? `hop ${first}` : `hops ${first} to ${last}`;
  const message = `ICMP is limited: of the ${told + lost} last probes to ${hops}, none of which came home, ${told} were answered with an error; the others may have met the same`;
  return { type: 'problem', code: 'ICMP_LIMITED', message };
}
