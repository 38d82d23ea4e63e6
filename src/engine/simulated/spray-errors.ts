/** ICMP errors that a simulated spray hears: those that quote a probe of the run, by the same rules as native/src/evidence.cc. */
import { addressText } from '../../wire/address.ts';
import { FAMILIES } from '../../wire/family.ts';
import { glance, newGlance } from '../../wire/glance.ts';
import { isRedirect, quotes, readQuote } from '../../wire/icmp.ts';
import { isGenuine, readIdentity } from '../../wire/identity.ts';
import { networkAt } from '../../wire/link.ts';
import type { Packet } from '../engine.ts';
import type { SprayError, SprayJob } from '../spray.ts';
import { createErrorCounts } from '../spray-errors.ts';
import { isTagged } from '../spray-patch.ts';

const HEADER = 8;

export interface ErrorEar {
  hear(packet: Packet): void;
  errors(): readonly SprayError[];
}

export function createErrorEar({ run, tag, templates }: SprayJob): ErrorEar {
  const counts = createErrorCounts();
  const [outer, quoted] = [newGlance(), newGlance()];

  function hear({ bytes, linkType }: Packet): void {
    const start = networkAt(linkType, bytes);
    if (start < 0 || !glance(bytes, start, bytes.length, outer)) return;
    const family = FAMILIES[bytes[outer.at[outer.count - 1]!]! >> 4 === 6 ? 6 : 4];
    const message = bytes.subarray(outer.bodyAt, outer.end);
    if (outer.protocol !== family.icmpProtocol || message.length <= HEADER) return;
    const [type, code] = [message[0]!, message[1]!];
    if (!quotes(family.number, type) || isRedirect(family.number, type)) return;
    const { packet } = readQuote(message, family.number);
    if (!glance(packet, 0, packet.length, quoted)) return;
    const at = quoted.bodyAt + HEADER;
    const identity = readIdentity(packet, at, packet.length);
    if (identity?.run !== run.number || (isTagged(tag, identity.sequence) && !isGenuine(packet, at, run.key))) return;
    const { at: addresses, addressLength, number } = FAMILIES[bytes[start]! >> 4 === 6 ? 6 : 4];
    const from = bytes.subarray(start + addresses.source, start + addresses.source + addressLength);
    counts.count(identity.path % templates, type, code, addressText(from, 0, number));
  }

  return { hear, errors: counts.all };
}
