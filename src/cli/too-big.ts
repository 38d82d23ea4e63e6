/** What is said of probes that are too big for a link behind the first. */
import type { Tally, TooBig } from '../boomerang/tally.ts';
import type { Said } from './session.ts';

/** `10.0.1.2 tells on leg 3 that the next hop takes 1400 bytes` */
export const toldOf = ({ from, leg, mtu }: TooBig): string =>
  `${from} tells${leg === null ? '' : ` on leg ${leg + 1}`} that the next hop takes ${mtu} bytes`;

/** Of the first hop whose probes met it; deeper ones pass the same link. */
export function tooBig(tallies: readonly Tally[]): Said | null {
  const tally = tallies.find((one) => one.tooBig !== null);
  if (tally === undefined) return null;
  const message = `Probes from hop ${tally.position} on are too big: ${toldOf(tally.tooBig!)}; give a smaller --size`;
  return { type: 'problem', code: 'TOO_BIG', message };
}
