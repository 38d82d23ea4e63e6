/** Traces as text, word for word as the issue shows them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import { textReporter } from '../../src/report/text.ts';
import { flowsLines, hopLines, splitLines } from '../../src/report/trace-text.ts';
import { reporterContract } from './contract.ts';
import { end, flows, hop, problem, split, start, traceRun } from './samples.ts';
import { memorySink } from './sink.ts';

const told = (run: readonly Event[]): string => {
  const out = memorySink();
  const reporter = textReporter(out, memorySink());
  for (const event of run) reporter.event(event);
  return out.text();
};

reporterContract('text', textReporter);

test('a forward trace reads as the issue shows it, and a late name changes nothing', () => {
  const expected = [
    'Doing traceroute to d.example (10.255.0.7)',
    ' 1  r1.example (10.0.1.1)  0.21 ms  0.19 ms  0.18 ms',
    ' 2  *',
    ' 3  10.0.4.1  0.40 ms  0.37 ms  0.36 ms',
    ' 4  d.example (10.255.0.7)  0.52 ms  0.49 ms  0.50 ms',
    '',
  ];
  assert.is(told(traceRun), expected.join('\n'));
});

test('a line is out as soon as its hop is known', () => {
  const out = memorySink();
  const reporter = textReporter(out, memorySink());
  reporter.event(start());
  reporter.event(hop(1));
  assert.is(out.text().split('\n').length, 3);
});

test('a reverse trace names the router it comes from, a trace between two names both', () => {
  const [source, target] = [
    { source: '10.255.0.7', sourceName: 'd.example' },
    { target: '10.0.0.1', targetName: null },
  ];
  assert.is(told([start({ command: 'reverse', ...source, ...target })]), 'Doing reverse traceroute from d.example (10.255.0.7)\n');
  assert.is(told([start({ command: 'between', ...source, ...target })]), 'Doing traceroute from d.example (10.255.0.7) to 10.0.0.1\n');
  assert.is(told([start({ targetName: null })]), 'Doing traceroute to 10.255.0.7\n');
  assert.is(told([start({ targetName: '10.255.0.7' })]), 'Doing traceroute to 10.255.0.7\n');
});

test('a round without an answer is a star among the others', () => {
  assert.equal(hopLines(hop(9, { rttMs: [null, 0.19, null] })), [' 9  10.0.9.1  *  0.19 ms  *']);
});

test('further addresses at a ttl have lines of their own', () => {
  assert.equal(hopLines(hop(12, { others: ['10.9.9.1', '10.9.9.5'] })), [
    '12  10.0.12.1  0.21 ms  0.19 ms  0.18 ms',
    '    10.9.9.1',
    '    10.9.9.5',
  ]);
});

test('a split names the fields that move it, and what to say to go each way', () => {
  assert.equal(splitLines(split()), [
    'Hop 1, 10.0.1.1, splits by source port, outer source',
    '  10.0.4.1  --source-port 41000',
    '  10.0.5.1  --address 10.255.0.1',
  ]);
  const [one, two] = split().next.map((next) => ({ ...next, field: null, value: null }));
  assert.equal(splitLines(split({ from: null, movedBy: [], perPacket: true, next: [one!, two!] })), [
    'Hop 1 splits by packet: not steerable from here',
    '  10.0.4.1',
    '  10.0.5.1',
  ]);
  const same = split().next.map((next) => ({ ...next, router: 1, field: 'inner addresses', value: '10.0.9.1' }));
  assert.equal(splitLines(split({ movedBy: ['inner addresses'], next: same })), [
    'Hop 2, one router, answers from several addresses by inner addresses',
    '  10.0.4.1  by inner addresses: 10.0.9.1',
    '  10.0.5.1  by inner addresses: 10.0.9.1',
  ]);
});

test('how likely a split was missed is told, also where none was seen', () => {
  const tried = ['Values tried, and how likely they miss a split in two:', '  source port    16  3e-5', '  outer source    2  0.5'];
  assert.equal(flowsLines(flows()), tried);
  assert.equal(flowsLines(flows({ splits: 0 })), ['No split seen.', ...tried]);
});

test('an error has its mark, by the family of who says it', () => {
  const marked = (address: string, type: number, code: number): string =>
    hopLines(hop(3, { address, rttMs: [0.4], icmp: { type, code } }))[0]!;
  assert.is(marked('10.0.4.1', 3, 1), ' 3  10.0.4.1  0.40 ms  !H');
  assert.is(marked('10.0.4.1', 3, 0), ' 3  10.0.4.1  0.40 ms  !N');
  assert.is(marked('10.0.4.1', 3, 13), ' 3  10.0.4.1  0.40 ms  !X');
  assert.is(marked('10.0.4.1', 3, 2), ' 3  10.0.4.1  0.40 ms  !P');
  assert.is(marked('fd00::1', 1, 0), ' 3  fd00::1  0.40 ms  !N');
  assert.is(marked('fd00::1', 1, 3), ' 3  fd00::1  0.40 ms  !H');
  assert.is(marked('fd00::1', 4, 1), ' 3  fd00::1  0.40 ms  !P');
});

test('a name cannot move the cursor or turn the text around', () => {
  const [line] = hopLines(hop(1, { name: 'evil\x1b[2J\r\n\u202ename\u0085', rttMs: [0.4] }));
  assert.is(line, ' 1  evil?[2J???name? (10.0.1.1)  0.40 ms');
});

test("problems go to the error stream, each after the command's name", () => {
  const [out, errors] = [memorySink(), memorySink()];
  const reporter = textReporter(out, errors);
  reporter.event(problem('unknown host "nowhere\x07": check the spelling\nor give its address'));
  reporter.event(end({ exit: 2 }));
  assert.is(out.text(), '');
  assert.is(errors.text(), 'braceroute: unknown host "nowhere?": check the spelling\nor give its address\n');
});

test('on a terminal a long problem is broken between words, and its further lines are set in', () => {
  const errors = memorySink({ isTerminal: true, columns: 40 });
  const message = 'Probes to 2001:db8:aaaa:bbbb:cccc:dddd:eeee:1112 do not come home: a leg of more than one hop needs --loose';
  textReporter(memorySink(), errors).event(problem(message));
  assert.equal(errors.text().split('\n'), [
    'braceroute: Probes to',
    '  2001:db8:aaaa:bbbb:cccc:dddd:eeee:1112',
    '  do not come home: a leg of more than',
    '  one hop needs --loose',
    '',
  ]);
});

test.run();
