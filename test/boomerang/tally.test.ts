/** Tallies: whatever is seen of the probes to a hop, each outcome is counted once and remarks stay beside the sum. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { count, newTally, type Tally } from '../../src/boomerang/tally.ts';
import type { Observation, Probe } from '../../src/probe/observation.ts';

const PROBE = { sequence: 0 } as Probe;
const answered = (family: 4 | 6, type: number, code: number): Observation => ({
  kind: 'answered',
  probe: PROBE,
  rttNs: 1,
  from: '10.0.0.2',
  icmp: { family, type, code },
  ttl: 60,
  grade: 'proven',
  leg: 0,
  mtu: null,
  quotedTtl: null,
});

const OUTCOMES: readonly Observation[] = [
  { kind: 'landed', probe: PROBE, rttNs: 1_500_000, ttl: 64 },
  { kind: 'lost', probe: PROBE },
  { kind: 'unknown', probe: PROBE },
  answered(4, 3, 1),
  answered(6, 1, 0),
];
const REMARKS: readonly Observation[] = [
  { kind: 'duplicate', probe: PROBE },
  { kind: 'late', probe: PROBE },
  { kind: 'redirect', probe: PROBE },
];

const decided = ({ received, lost, unknown, errors }: Tally): number =>
  received + lost + unknown + [...errors.values()].reduce((sum, number) => sum + number, 0);

test('outcomes make up the sum, and remarks do not', () => {
  const outcomes = fc.array(fc.constantFrom(...OUTCOMES));
  fc.assert(
    fc.property(outcomes, fc.array(fc.constantFrom(...REMARKS)), (some, remarks) => {
      const tally = newTally(1, '10.0.0.2', true);
      for (const seen of [...some, ...remarks]) count(tally, seen);
      assert.is(decided(tally), some.length);
      const kinds = (kind: string): number => remarks.filter((remark) => remark.kind === kind).length;
      assert.equal([tally.duplicate, tally.late], [kinds('duplicate'), kinds('late')]);
      assert.is(tally.rtts!.totalCount, tally.received);
    }),
  );
});

test('errors are told apart by family, type and code', () => {
  const tally = newTally(1, '10.0.0.2', true);
  for (const seen of [answered(4, 3, 1), answered(4, 3, 1), answered(4, 3, 13), answered(6, 3, 1)]) count(tally, seen);
  assert.equal(
    [...tally.errors],
    [
      ['icmp 3/1', 2],
      ['icmp 3/13', 1],
      ['icmpv6 3/1', 1],
    ],
  );
});

test('round trips are kept to a thousandth, from a microsecond to an hour', () => {
  for (const rttNs of [1000, 1_234_567, 98_765_432_100, 3.6e12]) {
    const tally = newTally(1, '10.0.0.2', true);
    count(tally, { kind: 'landed', probe: PROBE, rttNs, ttl: 64 });
    const median = tally.rtts!.getValueAtPercentile(50) * 1000;
    assert.ok(Math.abs(median - rttNs) <= rttNs / 500 + 1000, `${median} of ${rttNs}`);
  }
});

test.run();
