/** What a comparison says of scans, of sprays at rate, and of runs that measure different things. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Compared, compared } from '../../src/report/diff.ts';
import { runOf } from '../../src/report/diff-run.ts';
import { type Difference, diffLines } from '../../src/report/diff-text.ts';
import type { ComparisonEvent, CountEvent, Event, Moved, ScanEvent } from '../../src/report/event.ts';
import { end, hop, link, path, pathsRun, plan, scan, sprayCount, sprayed, sprayFlow, start, tally } from './samples.ts';

const diff = (a: readonly Event[], b: readonly Event[]): Compared => compared({ file: 'a', run: runOf(a)! }, { file: 'b', run: runOf(b)! });
const moved = (a: readonly Event[], b: readonly Event[]): readonly Moved[] => diff(a, b).comparison.moved;

const WAY = path('10.0.0.1', '10.0.1.1', '10.0.2.1', '10.0.3.1');
const known = { value: true, why: null } as const;
const notKnown = { value: null, why: 'silent' } as const;

const scanned = (fields: Partial<ScanEvent>): Event[] => [start({ command: 'scan' }), WAY, scan(fields), end()];
const facts = (a: Partial<ScanEvent>, b: Partial<ScanEvent>): string[] =>
  diff(scanned(a), scanned(b)).facts.map((one) => `${one.fact}: ${one.a} ${one.b} ${one.moved}`.trimEnd());

test('a fact that both scans know, and that is another, has moved', () => {
  assert.equal(facts({}, {}), []);
  assert.equal(facts({}, { ttl: { value: 'uniform', why: null } }), ['ttl: pipe uniform fact']);
  assert.equal(facts({}, { depth: { value: 1, why: null, bound: 'router' } }), ['depth: 8 1 fact']);
  assert.equal(facts({}, { dscp: { value: 'remarked', why: null, remarkedTo: 46 } }), ['remarkedTo: 10 46 fact']);
  const decapsulates = [{ address: '10.0.1.1', nesting: '4in4', value: false, why: 'ICMP 3/2' } as const];
  assert.equal(facts({}, { decapsulates }), ['decapsulates 4in4 at 10.0.1.1: true false fact']);
});

test('what one scan does not know, what may be more, and what comes of a sample is told and not counted', () => {
  assert.equal(facts({}, { place: notKnown }), ['place: true null']);
  assert.equal(facts({}, { size: { value: 900, why: null, bound: null } }), ['size: 1500 null']);
  assert.equal(facts({}, { icmpLimit: { value: false, why: null, burst: 20, perSecond: 20 } }), ['icmpLimit: true false']);
  assert.equal(facts({}, { meter: { expired: null, steered: null } }), []);
  assert.equal(moved(scanned({}), scanned({ place: notKnown })), []);
});

test('each host of a scan is compared with itself, in whatever order they were given', () => {
  const host = (target: string, uniform: boolean): Event[] => [
    start({ command: 'scan', target }),
    WAY,
    scan({ ttl: { value: uniform ? 'uniform' : 'pipe', why: null } }),
  ];
  const [one, other] = ['10.255.0.1', '10.255.0.2'];
  const before = [...host(one, true), ...host(other, false), end()];
  assert.equal(moved(before, [...host(other, false), ...host(one, true), end()]), []);
  assert.equal(moved(before, [...host(other, true), end()]), ['fact']);
});

const spray = (events: readonly Event[], unknown = 0): Event[] => [
  start({ command: 'spray' }),
  WAY,
  ...events,
  sprayed({ unknown }),
  end(),
];
const counting = (lost: number, fields: Partial<CountEvent> = {}): Event =>
  sprayCount(3, { sent: 1000, received: 1000 - lost, lost, rttMs: null, ...fields });

test('a spray is compared hop by hop, size by size and flow by flow', () => {
  assert.equal(moved(spray([counting(0)]), spray([counting(50)])), ['loss']);
  const sized = diff(
    spray([counting(0, { size: 100 }), counting(0, { size: 1500 })]),
    spray([counting(0, { size: 100 }), counting(50, { size: 1500 })]),
  );
  assert.equal(
    sized.differences.filter(({ moved: all }) => all.length > 0).map(({ size }) => size),
    [1500],
  );
  const flow = (value: number, lost: number): Event => sprayFlow(value, { sent: 1000, received: 1000 - lost, lost });
  const flows = diff(spray([counting(0), flow(1, 0), flow(2, 0)]), spray([counting(0), flow(1, 0), flow(2, 40), flow(3, 900)]));
  assert.equal(
    flows.flows.map(({ value }) => value),
    [2],
  );
  const apart = diff(spray([counting(0), flow(1, 0)]), spray([counting(0), flow(2, 0)]));
  assert.equal([apart.areFlowsApart, apart.tells], [true, true]);
});

test('packets that the machine of a spray lost itself may be any of those that are missing', () => {
  const own = counting(0, { received: 950, lost: 0, unknown: 50 });
  assert.equal(moved(spray([counting(0)]), spray([own], 50)), []);
  assert.equal(moved(spray([counting(50)]), spray([own], 50)), []);
  assert.equal(moved(spray([counting(300)]), spray([own], 50)), ['loss']);
});

test('of a run that was cut, probes still under way may be lost or not', () => {
  const probe = (lost: number, fields = {}, ends = {}): Event[] => [
    start({ command: 'probe' }),
    WAY,
    tally(1, { sent: 1000, received: 1000 - lost, lost, rttMs: null, ...fields }),
    end(ends),
  ];
  const open = { received: 900, lost: 0, unknown: 40 }; // and 60 in flight
  assert.equal(moved(probe(80), probe(0, open, { interrupted: true })), []);
  assert.equal(moved(probe(80), probe(0, open)), ['loss']);
  assert.equal(moved(probe(300), probe(0, open, { interrupted: true })), ['loss']);
});

test('where two runs measure different things their hops are compared, if both have some in a row', () => {
  const trace = [start(), ...[1, 2, 3].map((position) => hop(position)), end()];
  const located = [start({ command: 'locate', target: '10.0.3.1' }), WAY, plan(), link('10.0.1.1', '10.0.2.1'), end({ reached: null })];
  for (const other of [scanned({ place: known }), spray([counting(0)]), located]) {
    const found = diff(trace, other);
    assert.equal([found.tells, found.comparison.moved], [true, []], JSON.stringify(other[0]));
  }
  const none = diff(trace, pathsRun());
  assert.equal([none.tells, none.differences, none.comparison.moved], [false, [], []]);
});

test('of very many hops those alone are printed that moved', () => {
  const many = (lost: number): Event[] =>
    spray(Array.from({ length: 500 }, (_, at) => counting(at === 250 ? lost : 0, { part: at + 1, position: 1 })));
  const { comparison, differences } = diff(many(0), many(300));
  const stamped = differences.map((one) => ({ v: 1, timeMs: 0, ...one }) as Difference);
  const lines = diffLines({ v: 1, timeMs: 0, ...comparison } as ComparisonEvent, stamped, null).map(({ text }) => text);
  assert.equal(lines.slice(2, 4).concat(lines.slice(-2)), [
    '1 of 502 hops, of those that moved:',
    'A  B  HOP       LOSS A  LOSS B',
    'Moved:',
    '  hop 1, 10.0.3.1: loss 0 % in A, 30.0 % in B: +27.2 to +32.9 points',
  ]);
});

test.run();
