/** The first braceroute's text of a spray: a line for the pair, then the running rate after each packet. */
import type { Address } from '../wire/address.ts';

export const pairLine = (from: Address, to: Address): string => `${from} -> ${to}`;

/** What is printed once a packet's fate is known. `sent` counts this packet too; throws RangeError unless 0 ≤ successes ≤ sent, 1 ≤ sent. */
export function packetLines(received: boolean, successes: number, sent: number): string[] {
  if (!(sent >= 1 && successes >= 0 && successes <= sent)) throw new RangeError(`${successes} successes of ${sent} packets cannot be`);
  const loss = (100 * (sent - successes)) / sent;
  const rateLine = `packet success rate: ${successes}/${sent}, loss: ${loss.toFixed(6)}%`;
  return received ? [rateLine] : ['timed out waiting for the packet', rateLine];
}
