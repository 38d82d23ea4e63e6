/** The card of a scanned router as text. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { scanLines } from '../../src/report/scan-text.ts';
import { scan } from './samples.ts';

const texts = (columns: number | null): string[] => scanLines(scan(), columns).map(({ text }) => text);

test('a card has a line for each fact, with its value or why it is not known', () => {
  assert.equal(texts(null), [
    '',
    'Hop 1  r1.example (10.0.1.1)',
    '  decapsulates   4in4: yes at 10.0.1.1',
    '                 6in4: no (10.0.1.1 answers ICMP 3/2) at 10.0.1.1',
    '  its place      as seen',
    '  sources home   us: yes',
    '                 second: not known (we have no second address)',
    '                 waypoint: no (0 of 8 came home, and 8 of 8 with us)',
    '                 previous: not known (silent)',
    '  strict uRPF    no',
    '  ttl            pipe',
    '  DSCP           remarked (everything comes home as 10)',
    '  ECN            not known (interrupted)',
    '  nest           8 headers, and no more (10.0.1.1 answers ICMP 3/2)',
    '  size           1500 bytes, all that the first link takes',
    '  ICMP limit     yes: 6 of 20 at once, then 1 in a second',
    '  policing meter expired there 7 of 40 answered (8.8–32.0 %), steered through it none',
  ]);
});

test('what a router that does not decapsulate leaves open is one line with the reason', () => {
  const none = { value: null, why: 'it does not decapsulate' };
  const all = { us: none, second: none, waypoint: none, previous: none };
  const extent = { ...none, bound: null };
  const open = {
    sources: all,
    reversePathCheck: none,
    ttl: none,
    dscp: { ...none, remarkedTo: null },
    ecn: none,
    depth: extent,
    size: extent,
  };
  const lines = scanLines(scan(open), null).map(({ text }) => text);
  assert.equal(lines.slice(4), [
    '  its place      as seen',
    '  not known      sources home, strict uRPF, ttl, DSCP, ECN, nest, size (it does not decapsulate)',
    '  ICMP limit     yes: 6 of 20 at once, then 1 in a second',
    '  policing meter expired there 7 of 40 answered (8.8–32.0 %), steered through it none',
  ]);
});

test('no line is wider than a terminal of 40, 80 or 120 columns, and no word is lost', () => {
  const words = (lines: readonly string[]): string[] => lines.flatMap((line) => line.split(/ +/)).filter((word) => word !== '');
  for (const columns of [40, 80, 120]) {
    const lines = texts(columns);
    assert.ok(
      lines.every((line) => line.length <= columns),
      lines.join('\n'),
    );
    assert.equal(words(lines), words(texts(null)));
  }
});

test('what is not known stands out, and nothing else does', () => {
  const marked = scanLines(scan(), null).filter(({ tone }) => tone !== 'plain');
  assert.equal([...new Set(marked.map(({ text }) => text.slice(2, 17).trim()))], ['sources home', '', 'ECN']);
});

test('a router cannot write to the terminal by its name or by what is quoted of it', () => {
  const lines = scanLines(scan({ name: 'r1\u001b[2J', ecn: { value: null, why: 'x\u001b[2Jy' } }), null);
  assert.not.ok(lines.some(({ text }) => text.includes('\u001b')));
});

test.run();
