/** What a spray prints: lines that change in place on a terminal, and one report in a pipe. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import { jsonLines } from '../../src/report/json-lines.ts';
import { textReporter } from '../../src/report/text.ts';
import { end, path, problem, segment, sprayCount, sprayed, sprayFlow, spraying, sprayRun, start } from './samples.ts';
import { Screen } from './screen.ts';
import { type MemorySink, memorySink } from './sink.ts';

function told(run: readonly Event[], out: MemorySink): MemorySink {
  const reporter = textReporter(out, out);
  for (const event of run) {
    reporter.event(event);
    out.advance(150);
  }
  reporter.close();
  return out;
}

function onScreen(run: readonly Event[], columns: number, color = false): string {
  const screen = new Screen(columns, 30);
  screen.write(told(run, memorySink({ isTerminal: true, columns, rows: 30, color })).text());
  return screen.text();
}

const inPipe = (run: readonly Event[]): string => told(run, memorySink()).text().replace(/\n*$/, '');

test('in a pipe there is the path, the table, the flows that lost, the segment, and how it was done', () => {
  assert.equal(inPipe(sprayRun).split('\n'), [
    '[10.0.0.1 10.0.1.1 10.0.2.1 10.0.3.1]',
    'Loss is cumulative: each row counts every link up to its hop and back.',
    'IDX  HOP       SUCCESS RATE   RX    TX  LOSS (95 %)       P50 MS  P99 MS',
    '2    10.0.2.1       99.000%  990  1000  1.0 % (0.54–1.8)   0.210   0.400',
    '3    10.0.3.1       99.000%  990  1000  1.0 % (0.54–1.8)   0.210   0.400',
    'Flows that lost: 2',
    '  hop 3 10.0.3.1, source port 40007: 990 of 1,000 lost',
    '  hop 3 10.0.3.1, source port 40008: 10 of 1,000 lost',
    '1 of 512 flows lose between hop 2 (10.0.2.1) and hop 3 (10.0.3.1) and not before: source port 40007 (990 of 1000)',
    'Again: --segment 2 --sweep ports --values 40007',
    '1,000 sent at 95,000 a second, 990 back, 10 lost, 0 unknown (own drops: 0); round trips p50 0.21 ms, p99 0.40 ms.',
    'Beside: 2 reordered.',
    'Losses in a row within a flow: 1 (10 times).',
    'Sender sendmmsg, matcher tc (eth0: tcx). Not live: eth0 is no veth.',
  ]);
});

test('a terminal of 80 or 120 columns ends with the same words, and no line is wider', () => {
  const words = (text: string): string[] => text.split(/\s+/);
  for (const columns of [80, 120]) {
    const shown = onScreen(sprayRun, columns);
    assert.equal(words(shown), words(inPipe(sprayRun)));
    for (const line of shown.split('\n')) assert.ok(line.length <= columns, line);
  }
});

test('while it runs the lines say rate, counts, loss, round trips and the worst flows', () => {
  const screen = new Screen(80, 24);
  const out = memorySink({ isTerminal: true, columns: 80, rows: 24 });
  const reporter = textReporter(out, out);
  for (const event of sprayRun.slice(0, 3)) reporter.event(event);
  screen.write(out.text());
  assert.equal(screen.text().split('\n').slice(1), [
    '4.0 s  asked 100,000/s  kept 100,003/s',
    'sent 349,995  back 349,880  own drops 0',
    'loss 0.030 % (0.020–0.040)  p50 0.21 ms  p99 0.40 ms',
    '  hop 3 10.255.0.7, flow 40007: 112 of 683 missing',
  ]);
});

test('sixty looks in a second are ten frames, and a problem is told above them', () => {
  const out = memorySink({ isTerminal: true, columns: 80, rows: 24 });
  const reporter = textReporter(out, out);
  for (let look = 0; look < 60; look += 1) {
    reporter.event(spraying({ sent: look }));
    out.advance(1000 / 60);
  }
  assert.ok(out.writes.length <= 11, `${out.writes.length} frames`);
  const run = [start({ command: 'spray' }), spraying(), problem('too much is lost', 'LOSS_STOPPED'), sprayCount(1), sprayed(), end()];
  assert.match(onScreen(run, 80), /braceroute: too much is lost\nLoss is cumulative/);
});

test('without colour there is none, with it what fails has some', () => {
  const colored = (color: boolean): string => told(sprayRun, memorySink({ color })).text();
  assert.not.match(colored(false), '\x1b');
  assert.match(colored(true), /\x1b\[31m1 of 512 flows lose/);
});

test('of thousands of rows the worst forty are shown, with the number of their path', () => {
  const rows = Array.from({ length: 3000 }, (_, part) =>
    sprayCount(1, { part: part + 1, loss: part / 10_000, lossLow: null, lossHigh: null }),
  );
  const paths = Array.from({ length: 3000 }, (_, part) => ({ ...path('10.0.0.1', '10.0.1.1'), part: part + 1 }));
  const text = inPipe([start({ command: 'spray', discovers: false }), ...paths, ...rows, sprayed(), end()]);
  assert.match(text, /\n3000 +1 +10\.0\.1\.1 +70\.010%/);
  assert.match(text, 'The worst 40 of 3,000 rows; --json has them all.');
  assert.ok(text.split('\n').length < 60);
});

test('where all flows lose alike that is said, since none stands out then', () => {
  const lossless = { lost: 0, received: 1000, loss: 0, lossLow: 0, lossHigh: 0.0038 } as const;
  const run = [sprayCount(2, lossless), sprayCount(3), segment({ failing: [], again: null }), sprayed(), end()];
  assert.match(
    inPipe([start({ command: 'spray', discovers: false }), ...run]),
    'All 512 flows lose alike between hop 2 (10.0.2.1) and hop 3 (10.0.3.1).',
  );
});

test('nobody who did not lose is called failing, and what is not counted or verified is said', () => {
  const run = [
    spraying(),
    sprayCount(2),
    segment({ failing: [], again: null }),
    sprayed({ drops: null, tag: 'none', lossRuns: null, flowsLeftOut: 12 }),
    end(),
  ];
  const text = inPipe([start({ command: 'spray', discovers: false }), ...run]);
  for (const words of ['None of 512 flows stands out', 'own drops: not counted', 'not verified by a tag', '12 flows that do not stand out'])
    assert.match(text, words);
});

test('of a flow that lost the longest loss in a row is told, where there is one', () => {
  const flows = [sprayFlow(40_001, { lossRuns: [{ length: 1, times: 10 }] }), sprayFlow(40_002, { lossRuns: [{ length: 2, times: 5 }] })];
  const text = inPipe([start({ command: 'spray', discovers: false }), sprayCount(3), ...flows, sprayed(), end()]);
  const lost = sprayFlow(40_001).lost;
  assert.match(text, new RegExp(`port 40001: ${lost} of [0-9,]+ lost\n`));
  assert.match(text, new RegExp(`port 40002: ${lost} of [0-9,]+ lost, up to 2 in a row\n`));
});

test('as JSON there is one line a second, and all of the end', () => {
  const out = memorySink();
  const reporter = jsonLines(out);
  for (let look = 1; look <= 40; look += 1) reporter.event(spraying({ elapsedMs: look * 100 }));
  for (const event of sprayRun.slice(3)) reporter.event(event);
  const types = out
    .text()
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as Event).type);
  assert.equal(types, ['spray', 'spray', 'spray', 'spray', 'count', 'count', 'flow', 'flow', 'segment', 'sprayed', 'end']);
});

test.run();
