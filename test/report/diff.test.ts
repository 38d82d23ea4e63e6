/** What a comparison of two runs says has moved, and how often it is wrong. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Random, random } from '../../src/engine/simulated/random.ts';
import { type Compared, compared } from '../../src/report/diff.ts';
import { runOf } from '../../src/report/diff-run.ts';
import { diffLines } from '../../src/report/diff-text.ts';
import type { ComparisonEvent, DifferenceEvent, EndEvent, Event, Moved, RttSummary } from '../../src/report/event.ts';
import { end, hop, path, start, tally } from './samples.ts';

const COMMON = { v: 1, timeMs: 0 } as const;

const diff = (a: readonly Event[], b: readonly Event[]): Compared => compared({ file: 'a', run: runOf(a)! }, { file: 'b', run: runOf(b)! });

const moved = (a: readonly Event[], b: readonly Event[]): readonly Moved[] => diff(a, b).comparison.moved;

const hopsOf = ({ differences }: Compared): string => differences.map(({ hop: kind }) => kind).join(' ');

const trace = (addresses: readonly (string | null)[], ends: Partial<EndEvent> = {}): Event[] => [
  start(),
  ...addresses.map((address, index) => hop(index + 1, { address, rttMs: address === null ? [null, null, null] : [0.2, 0.2, 0.2] })),
  end(ends),
];

const probe = (...tallies: Event[]): Event[] => [start({ command: 'probe' }), path('10.0.0.1', '10.0.1.1', '10.0.2.1'), ...tallies, end()];

const lossy = (position: number, lost: number, sent = 1000): Event => tally(position, { sent, received: sent - lost, lost });

test('another hop in the place of one, one more and one less are changes of the path', () => {
  const before = trace(['10.0.1.1', '10.0.2.1', '10.0.3.1', '10.0.4.1']);
  assert.equal(moved(before, before), []);
  for (const [after, kinds] of [
    [['10.0.1.1', '10.9.2.1', '10.0.3.1', '10.0.4.1'], 'same replaced same same'],
    [['10.0.1.1', '10.0.3.1', '10.0.4.1'], 'same removed same same'],
    [['10.0.1.1', '10.0.2.1', '10.9.2.1', '10.0.3.1', '10.0.4.1'], 'same same added same same'],
  ] as const) {
    const found = diff(before, trace(after));
    assert.is(hopsOf(found), kinds);
    assert.equal(found.comparison.moved, ['hop']);
  }
});

test('a hop that falls silent has not changed its place; what lies behind the end of a failed run is not gone', () => {
  const before = trace(['10.0.1.1', '10.0.2.1', '10.0.3.1', '10.0.4.1']);
  const quiet = diff(before, trace(['10.0.1.1', null, '10.0.3.1', '10.0.4.1']));
  assert.is(hopsOf(quiet), 'same silent same same');
  assert.equal(quiet.comparison.moved, []);
  const dead = diff(before, trace(['10.0.1.1', '10.0.2.1', null, null, null], { reached: false, exit: 1 }));
  assert.is(hopsOf(dead), 'same same silent silent');
  assert.equal(dead.comparison.moved, ['reached']);
  const stopped = diff(before, trace(['10.0.1.1'], { reached: false, interrupted: true, exit: 5 }));
  assert.is(hopsOf(stopped), 'same silent silent silent');
  assert.equal(stopped.comparison.moved, []);
});

test('a hop of a fork is the same where one of its addresses is', () => {
  const [a, b] = [start(), end()];
  const fork = hop(1, { address: '10.0.1.1', others: ['10.0.9.1'] });
  assert.is(hopsOf(diff([a, fork, b], [a, hop(1, { address: '10.0.9.1' }), b])), 'same');
  assert.is(hopsOf(diff([a, fork, b], [a, hop(1, { address: '10.0.8.1' }), b])), 'replaced');
});

test('loss has moved where 0 lies outside the interval, by as much as the rows leave room for', () => {
  assert.equal(moved(probe(lossy(1, 0), lossy(2, 0)), probe(lossy(1, 0), lossy(2, 99))), ['loss']);
  assert.equal(moved(probe(lossy(1, 0), lossy(2, 99)), probe(lossy(1, 0), lossy(2, 90))), []);
  const [before, after] = [probe(lossy(2, 0, 100)), probe(lossy(2, 6, 100))];
  assert.is(diff(before, after).comparison.eachConfidence, 0.975); // the loss, and the round trips
  const silent = (lost: number): Event => ({ ...lossy(2, lost, 100), rttMs: null }) as Event;
  const [{ loss }] = diff(probe(silent(0)), probe(silent(6))).differences.slice(-1) as [DifferenceEvent];
  // Newcombe's method 10 at 95 %, in Python
  assert.ok(Math.abs(loss!.low - 0.010946) < 1e-6 && Math.abs(loss!.high - 0.124768) < 1e-6, JSON.stringify(loss));
});

test('errors count apart from loss, and where nothing else came loss is not compared', () => {
  const refused = tally(2, { received: 0, errors: { 'icmp 3/1': 1000 }, loss: null, rttMs: null });
  const [, second] = diff(probe(lossy(1, 0), lossy(2, 0)), probe(lossy(1, 0), refused)).differences;
  assert.equal([second!.loss, second!.rttMs, second!.moved], [null, null, ['errors']]);
});

test('what was found of a hop is a move of its own', () => {
  const refusing = tally(2, { state: 'does not decapsulate', sent: 0, received: 0, loss: null, rttMs: null });
  assert.equal(moved(probe(lossy(1, 0), lossy(2, 0)), probe(lossy(1, 0), refusing)), ['state']);
  const [prohibited, plain] = [hop(2, { icmp: { type: 3, code: 13 } }), hop(2)];
  assert.equal(moved([start(), hop(1), plain, end()], [start(), hop(1), prohibited, end()]), ['state']);
});

const trips = (count: number, rttMs: RttSummary): Event[] => probe(tally(1, { sent: count, received: count, rttMs }));
const spread = (median: number): RttSummary => ({ min: median - 1, p50: median, p95: median + 1, max: median + 5 });

test('round trips have moved where a median lies beyond the usual spread of the other, and there are enough of them', () => {
  assert.equal(moved(trips(30, spread(10)), trips(30, spread(10.9))), []);
  assert.equal(moved(trips(30, spread(10)), trips(30, spread(11.1))), ['rtt']);
  assert.equal(moved(trips(30, spread(11.1)), trips(30, spread(10))), ['rtt']);
  assert.equal(moved(trips(3, spread(10)), trips(3, spread(20))), []);
  assert.is(diff(trips(3, spread(10)), trips(3, spread(20))).isRttShort, true);
  assert.is(diff(trips(30, spread(10)), trips(3, spread(10))).differences[0]!.rttMs!.chance, null);
});

test('a trace and a probe have only their hops compared', () => {
  const found = diff(trace(['10.0.1.1', '10.0.2.1']), probe(lossy(1, 0), lossy(2, 500)));
  assert.equal(found.comparison.moved, []);
  assert.ok(found.tells && found.differences.every(({ loss, errors, rttMs }) => loss === null && errors === null && rttMs === null));
  assert.not(diff(trace([]), trace(['10.0.1.1'])).tells);
});

const address = fc.option(fc.integer({ min: 1, max: 9 }).map((last) => `10.0.0.${last}`));
const count = fc.integer({ min: 0, max: 2000 });
const counts = fc.record({ address, received: count, lost: count, error: count });
const anyProbe = fc
  .array(counts, { maxLength: 8 })
  .map((hops) =>
    probe(
      ...hops.map(({ address: at, received, lost, error }, index) =>
        tally(index + 1, { address: at, sent: received + lost + error, received, lost, errors: error > 0 ? { 'icmp 3/1': error } : {} }),
      ),
    ),
  );
const anyTrace = fc.array(address, { maxLength: 8 }).map((hops) => trace(hops));

test('nothing has moved from a run to itself, and whatever moved forward has moved back', () => {
  fc.assert(
    fc.property(fc.oneof(anyProbe, anyTrace), fc.oneof(anyProbe, anyTrace), (a, b) => {
      assert.equal(moved(a, a), []);
      const [there, back] = [moved(a, b), moved(b, a)];
      const measured = (all: readonly Moved[]): Moved[] => all.filter((one) => one === 'reached' || one === 'hop');
      assert.equal(measured(there), measured(back));
    }),
  );
});

/** Binomial loss and log-normal round trips, as a network has that does not change. */
function unchanged(chance: Random, hops: number, probes: number): Event[] {
  const one = (position: number): Event => {
    const lost = Array.from({ length: probes }, () => chance.fraction()).filter((drawn) => drawn < 0.02 * position).length;
    const times = Array.from({ length: probes - lost }, () => position * Math.exp(0.3 * normal(chance))).sort((a, b) => a - b);
    const at = (share: number): number => times[Math.ceil(share * times.length) - 1]!;
    const rttMs = { min: times[0]!, p50: at(0.5), p95: at(0.95), max: times.at(-1)! };
    return tally(position, { sent: probes, received: probes - lost, lost, rttMs });
  };
  return probe(...Array.from({ length: hops }, (_, index) => one(index + 1)));
}

const normal = (chance: Random): number => Math.sqrt(-2 * Math.log(1 - chance.fraction())) * Math.cos(2 * Math.PI * chance.fraction()); // Box and Muller

test('of 400 pairs of runs over an unchanged network, one in twenty at most shows something', () => {
  const chance = random(4);
  const wrong = Array.from({ length: 400 }, () => diff(unchanged(chance, 6, 60), unchanged(chance, 6, 60))).filter(
    ({ comparison }) => comparison.moved.length > 0,
  );
  assert.ok(wrong.length <= 20, `${wrong.length} of 400`);
});

test('no line is wider than 80 columns, whatever the addresses', () => {
  const long = (last: number): string => `2001:db8:1111:2222:3333:4444:5555:${last}666`;
  const six = (...lost: number[]): Event[] => [
    start({ command: 'probe', source: long(1), target: long(2), targetName: null }),
    ...lost.map((each, index) => tally(index + 1, { address: long(index + (each > 500 ? 3 : 1)), lost: each, received: 1000 - each })),
    end(),
  ];
  const { comparison, differences } = diff(six(0, 0, 0), six(0, 99, 999));
  const lines = diffLines(
    { ...COMMON, ...comparison } as ComparisonEvent,
    differences.map((each) => ({ ...COMMON, ...each }) as DifferenceEvent),
    null,
  );
  for (const { text } of lines) assert.ok(text.length <= 80, text);
  assert.ok(lines.some(({ text }) => text.endsWith('<- loss')));
});

test.run();
