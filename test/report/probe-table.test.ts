/** The probe table, word for word as the issue shows it, and what its rows say on bad days. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TallyEvent } from '../../src/report/event.ts';
import { tableLines } from '../../src/report/probe-table.ts';
import { textReporter } from '../../src/report/text.ts';
import { end, lossy, path, probeRun, problem, start, tally } from './samples.ts';
import { memorySink } from './sink.ts';

const CUMULATIVE = 'Loss is cumulative: each row counts every link up to its hop and back.';
const HOPS = ['10.0.0.1', '10.0.1.1', '10.0.4.1', '10.255.0.7'];
const rows = (tallies: TallyEvent[], hops: (string | null)[] = HOPS, columns: number | null = null): string[] =>
  tableLines(tallies, hops, columns)
    .slice(2) // behind what a row counts and the headings
    .map((line) => line.text);
const unknownLoss = { loss: null, lossLow: null, lossHigh: null, rttMs: null };
/** Nothing but this error came back. */
const onlyErrors = (kind: string, count: number): Partial<TallyEvent> => ({
  ...unknownLoss,
  sent: count,
  received: 0,
  errors: { [kind]: count },
});

test('in a pipe a probe prints its table once, as the issue shows it', () => {
  const out = memorySink();
  const reporter = textReporter(out, memorySink());
  for (const event of probeRun) reporter.event(event);
  const expected = [
    'Finding path from r1 (10.0.1.1) to d (10.255.0.7)',
    '[10.0.0.1 10.0.1.1 10.0.4.1 10.255.0.7]',
    CUMULATIVE,
    'IDX HOP        SUCCESS RATE   RX    TX  LOSS (95 %)',
    '1   10.0.1.1   100.000%     1000  1000  0 % (0–0.38)',
    '2   10.0.4.1    90.100%      901  1000  9.9 % (8.2–11.9)  <- first loss',
    '',
  ];
  assert.is(out.text(), expected.join('\n'));
});

test('a silent hop is a star in the path and in its row, and its figures are not known', () => {
  const silent = tally(2, { ...unknownLoss, address: null, sent: 0, received: 0 });
  assert.equal(rows([tally(1), silent, tally(3)], ['10.0.0.1', '10.0.1.1', null, '10.0.3.1']), [
    '1   10.0.1.1 100.000%     1000  1000  0 % (0–0.38)',
    '2   *               -        0     0  -',
    '3   10.0.3.1 100.000%     1000  1000  0 % (0–0.38)',
  ]);
  const out = memorySink();
  const reporter = textReporter(out, memorySink());
  reporter.event(start({ command: 'spray', sourceName: null, targetName: null }));
  reporter.event(path('10.0.0.1', null, '10.0.3.1'));
  assert.is(out.text(), 'Finding path from 10.0.0.1 to 10.255.0.7\n[10.0.0.1 * 10.0.3.1]\n');
});

test('a hop that answers with protocol unreachable alone does not decapsulate, whatever the family and however often it was silent', () => {
  const closed = [
    tally(1, onlyErrors('icmp 3/2', 1)),
    tally(2, { ...onlyErrors('icmpv6 4/1', 3), address: 'fd00::2' }),
    tally(3, { ...onlyErrors('icmp 3/2', 6), sent: 30, lost: 24, loss: 0.8, lossLow: 0.63, lossHigh: 0.9 }),
  ];
  assert.equal(rows(closed, []), [
    '1   10.0.1.1 does not decapsulate',
    '2   fd00::2  does not decapsulate',
    '3   10.0.3.1 does not decapsulate',
  ]);
});

test('a hop that lands some of its probes decapsulates, and its errors are counted', () => {
  const mixed = tally(1, { sent: 4, received: 1, errors: { 'icmp 3/2': 3 } });
  assert.equal(rows([mixed], []), ['1   10.0.1.1  25.000%      1   4  0 % (0–0.38)  3 × !P']);
});

test('other errors, unknown, late and duplicate answers end the row, where there are any', () => {
  const odd = tally(1, { sent: 30, received: 13, lost: 2, unknown: 3, errors: { 'icmp 3/1': 12 }, late: 1, duplicate: 2 });
  const [row] = rows([{ ...odd, loss: 2 / 27, lossLow: 0.0206, lossHigh: 0.2337 }], []);
  assert.is(row, '1   10.0.1.1  48.148%     13  30  7.4 % (2.1–23.4)  <- first loss  12 × !H, 3 unknown, 1 late, 2 duplicate');
});

test('a rate counts what is decided, not what is still under way', () => {
  const underway = tally(1, { sent: 1000, received: 400, lost: 0 });
  assert.match(rows([underway])[0]!, / 100\.000% +400 +1000 /);
  assert.match(rows([tally(1, { ...unknownLoss, sent: 5, received: 0 })])[0]!, / - +0 +5 {2}-$/);
});

test('only the first row with loss is marked', () => {
  const marked = rows([lossy, { ...lossy, position: 3 }, tally(1), { ...lossy, position: 4 }]).map((row) => row.includes('<- first loss'));
  assert.equal(marked, [false, true, false, false]);
});

test('a hop whose loss the hops behind it do not share is not where loss begins', () => {
  const own = { ...lossy, position: 1 };
  const marked = rows([own, tally(2), { ...lossy, position: 3 }]).map((row) => row.includes('<- first loss'));
  assert.equal(marked, [false, false, true]);
});

const below = (tallies: TallyEvent[], columns: number | null = null): string[] =>
  tableLines(tallies, HOPS, columns)
    .slice(2 + tallies.length)
    .map((line) => line.text);

test('where loss begins on no single link that is known, the routers around it are named, with the hops between them', () => {
  const skipped = tally(2, { ...unknownLoss, address: null, sent: 0, received: 0, state: 'silent', legFrom: null, leg: null });
  const far: TallyEvent = { ...lossy, position: 3, legFrom: 1, leg: 'routers' };
  assert.equal(below([tally(1), skipped, far]), [
    'The first loss is between routers, not on one known link: 10.0.1.1 and 10.0.4.1 (2 hops).',
  ]);
  assert.equal(below([tally(1), { ...far, position: 2 }]), [
    'The first loss is between routers, not on one known link: 10.0.1.1 and 10.0.4.1 (not seen to be one hop).',
  ]);
  assert.equal(below([{ ...far, position: 1, legFrom: 0 }]), [
    'The first loss is between routers, not on one known link: us and 10.0.4.1 (of a distance that is not known).',
  ]);
});

test('a confirmed link needs no such words, nor do routers without loss', () => {
  assert.equal(below([tally(1), lossy]), []);
  assert.equal(below([tally(1), tally(2, { leg: 'routers' })]), []);
});

test('on 80 columns those words go on below, and long addresses too are whole', () => {
  const address = '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff';
  const lines = below([tally(1, { address: '2001:db8::1' }), { ...lossy, address, legFrom: 1, leg: 'routers' }], 80);
  assert.equal(lines, [
    'The first loss is between routers, not on one known link: 2001:db8::1 and',
    '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff (not seen to be one hop).',
  ]);
});

test('a hop that is known not to decapsulate says so without having been asked', () => {
  const told = tally(1, { ...unknownLoss, sent: 0, received: 0, state: 'does not decapsulate', legFrom: null, leg: null });
  assert.equal(rows([told], []), ['1   10.0.1.1 does not decapsulate']);
});

test('a filtered hop is unknown, neither lost nor in the way of the first loss', () => {
  const hidden = tally(1, { ...unknownLoss, sent: 0, received: 0, state: 'filtered', layerSource: null, legFrom: null, leg: null });
  assert.equal(rows([hidden], []), ['1   10.0.1.1 unknown (filter)']);
});

test('columns are as wide as what stands in them, IPv6 too', () => {
  const long = { address: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff', sent: 1_000_000, received: 1_000_000, lossHigh: 0.0000038414 };
  const text = tableLines([tally(1, { address: 'fd00::1' }), tally(12, long)], ['fd00::', 'fd00::1'], null).map((line) => line.text);
  assert.equal(text, [
    CUMULATIVE,
    'IDX HOP                                    SUCCESS RATE      RX       TX  LOSS (95 %)',
    '1   fd00::1                                100.000%        1000     1000  0 % (0–0.38)',
    '12  2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff 100.000%     1000000  1000000  0 % (0–0.00038)',
  ]);
});

test('on 80 columns a long address loses its middle, and the figures stay', () => {
  const long = { ...lossy, position: 1, address: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff' };
  const [row] = rows([long], ['fd00::', long.address], 80);
  assert.is(row, '1   2001:db8:a…eeee:ffff  90.100%     901  1000  9.9 % (8.2–11.9)  <- first loss');
  assert.is(row?.length, 80);
});

const anyTally: fc.Arbitrary<TallyEvent> = fc
  .record({
    position: fc.integer({ min: 1, max: 255 }),
    address: fc.option(fc.constantFrom('10.0.1.1', 'fd00::1', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff')),
    received: fc.nat(),
    lost: fc.nat(1000),
    unknown: fc.nat(5),
    errors: fc.dictionary(fc.constantFrom('icmp 3/1', 'icmp 3/2', 'icmpv6 4/1', 'icmp 12/9'), fc.nat(3)),
    loss: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  })
  .map((fields) => tally(fields.position, { ...fields, sent: fields.received + fields.lost, lossLow: fields.loss, lossHigh: fields.loss }));

test('no line is wider than the terminal, at 80 and at 120 columns', () => {
  const tallies = fc.uniqueArray(anyTally, { maxLength: 12, selector: ({ position }) => position });
  fc.assert(
    fc.property(tallies, fc.constantFrom(80, 120), (some, columns) => {
      for (const { text } of tableLines(some, HOPS, columns)) assert.ok(text.length <= columns, text);
    }),
  );
});

test('rows come in position order, one for each tally', () => {
  const tallies = fc.uniqueArray(anyTally, { maxLength: 12, selector: ({ position }) => position });
  fc.assert(
    fc.property(tallies, (some) => {
      const positions = rows(some).map((row) => Number.parseInt(row, 10));
      assert.equal(
        positions,
        some.map(({ position }) => position).sort((a, b) => a - b),
      );
    }),
  );
});

test('a probe that fails before its first packet has no table', () => {
  const out = memorySink();
  const reporter = textReporter(out, memorySink());
  for (const event of [problem('no route'), end({ exit: 4 })]) reporter.event(event);
  assert.is(out.text(), '');
});

test.run();
