/** The card of a scanned router as an event. */
import type { Card } from '../boomerang/scan.ts';
import type { Said } from './session.ts';

export function scanEvent(card: Card, name: string | null): Said {
  const { position, address, addresses, nested, place, sources, reversePathCheck, ttl, dscp, ecn, depth, size, answers } = card;
  const { limited, burst, perSecond, expired, steered } = answers;
  return {
    type: 'scan',
    position,
    address,
    name,
    addresses,
    decapsulates: nested.map((one) => ({ address: one.address, nesting: one.nesting, ...one.fact })),
    place,
    sources,
    reversePathCheck,
    ttl,
    dscp: { ...dscp.fate, remarkedTo: dscp.remarkedTo },
    ecn,
    depth,
    size,
    icmpLimit: { ...limited, burst, perSecond },
    meter: { expired, steered },
  };
}
