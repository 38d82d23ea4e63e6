/** The facts of one hop in two scans. */
import type { Fact } from '../boomerang/fact.ts';
import type { HopRow } from './diff-hops.ts';
import type { Looked } from './diff-moved.ts';
import type { FactDifferenceEvent, ScanEvent } from './event.ts';

type Value = FactDifferenceEvent['a'];

interface Known {
  readonly value: Value;
  /** It comes of how many of some probes were answered, and so may differ by chance from one minute to the next. */
  readonly isSampled: boolean;
}

/** Those of the same router; what is alike in both is not told, but counts as known. */
export function factRows(hops: readonly HopRow[]): Looked<FactDifferenceEvent>[] {
  return hops.flatMap(({ part, a, b, isSame }) => {
    if (!isSame || a?.card == null || b?.card == null) return [];
    const [before, now] = [factsOf(a.card), factsOf(b.card)];
    const { position, address } = b.card;
    return [...before].flatMap(([fact, one]) => {
      const other = now.get(fact);
      if (other === undefined) return [];
      const isKnown = one.value !== null && other.value !== null;
      const isMoved = isKnown && one.value !== other.value && !one.isSampled && !other.isSampled;
      const place = { type: 'factDifference', part, position, address, fact } as const;
      const told = { ...place, a: one.value, b: other.value, moved: isMoved ? (['fact'] as const) : [] };
      return [{ tests: 0, isKnown, told: () => told }];
    });
  });
}

/** By the fact's name, and what it is about. */
function factsOf(card: ScanEvent): Map<string, Known> {
  const { decapsulates, place, sources, reversePathCheck, ttl, dscp, ecn, depth, size, icmpLimit } = card;
  const fact = ({ value }: Fact<string | number | boolean>): Known => ({ value, isSampled: false });
  return new Map<string, Known>([
    ...decapsulates.map((one) => [`decapsulates ${one.nesting} at ${one.address}`, fact(one)] as const),
    ['place', fact(place)],
    ...Object.entries(sources).map(([kind, one]) => [`sources ${kind}`, fact(one)] as const),
    ['reversePathCheck', fact(reversePathCheck)],
    ['ttl', fact(ttl)],
    ['dscp', fact(dscp)],
    ['remarkedTo', { value: dscp.remarkedTo, isSampled: false }],
    ['ecn', fact(ecn)],
    // more may be possible where nothing is known to bound it
    ['depth', { value: depth.bound === null ? null : depth.value, isSampled: false }],
    ['size', { value: size.bound === null ? null : size.value, isSampled: false }],
    ['icmpLimit', { value: icmpLimit.value, isSampled: true }],
  ]);
}
