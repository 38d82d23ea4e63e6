/** The table on a terminal: what a person sees after any row of frames, on a screen that the test plays. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event, TallyEvent } from '../../src/report/event.ts';
import { tableLines } from '../../src/report/probe-table.ts';
import { redraw } from '../../src/report/redraw.ts';
import { textReporter } from '../../src/report/text.ts';
import { end, lossy, path, probeRun, problem, start, tally } from './samples.ts';
import { Screen } from './screen.ts';
import { type MemorySink, memorySink } from './sink.ts';

const terminal = (rows = 24, color = false): MemorySink => memorySink({ isTerminal: true, columns: 80, rows, color });
const BEGIN = start({ command: 'probe' });
const PATH = path('10.0.0.1', '10.0.1.1', '10.0.4.1', '10.255.0.7');

function shown(out: MemorySink, rows = 24): string {
  const screen = new Screen(80, rows);
  screen.write(out.text());
  return screen.text();
}

const plain = (run: readonly Event[]): string => {
  const out = memorySink({ columns: 80 });
  const reporter = textReporter(out, out);
  for (const event of run) reporter.event(event);
  return out.text().replace(/\n*$/, '');
};

test('a terminal ends with the text that a pipe gets', () => {
  const out = terminal();
  const reporter = textReporter(out, out);
  for (const event of probeRun) {
    reporter.event(event);
    out.advance(150);
  }
  assert.is(shown(out), plain(probeRun));
});

test('the table stands there while it grows', () => {
  const out = terminal();
  const reporter = textReporter(out, out);
  for (const event of [BEGIN, PATH, tally(1, { received: 10, sent: 20 })]) reporter.event(event);
  assert.match(shown(out), /^1 {3}10\.0\.1\.1 +100\.000% +10 +20 /m);
});

test('the tables of two parts stand one after the other, on a terminal and in a pipe', () => {
  const change = problem('10.0.9.1 answered: the route has changed', 'ROUTE_CHANGED');
  const again = { ...path('10.0.0.1', '10.0.1.1', '10.0.5.1'), part: 2 };
  const rest = [tally(1, { part: 2, sent: 500, received: 500 }), tally(2, { part: 2, address: '10.0.5.1', sent: 500, received: 500 })];
  const run = [BEGIN, PATH, tally(1, { sent: 500, received: 500 }), lossy, change, again, ...rest, end()];
  const wanted = [
    /^\[10\.0\.0\.1 10\.0\.1\.1 10\.0\.4\.1 10\.255\.0\.7\]$/,
    /^2 +10\.0\.4\.1 .*901 +1000 /,
    /^braceroute: 10\.0\.9\.1 answered/,
    /^$/,
    /^Part 2, /,
    /^\[10\.0\.0\.1 10\.0\.1\.1 10\.0\.5\.1\]$/,
    /^2 +10\.0\.5\.1 .*500 +500 /,
  ];
  const out = terminal(40);
  const reporter = textReporter(out, out);
  for (const event of run) {
    reporter.event(event);
    out.advance(150);
  }
  for (const text of [shown(out, 40), plain(run)]) {
    let from = 0;
    const lines = text.split('\n').map((line) => line.trimEnd());
    for (const pattern of wanted) {
      const at = lines.findIndex((line, index) => index >= from && pattern.test(line));
      assert.ok(at >= 0, `${pattern} behind line ${from} of\n${text}`);
      from = at + 1;
    }
  }
});

test('a thousand tallies in a second make at most eleven frames, and the last one is not forgotten', () => {
  const out = terminal();
  const reporter = textReporter(out, out);
  reporter.event(BEGIN);
  for (let sent = 1; sent <= 1000; sent += 1) {
    reporter.event(tally(1, { sent, received: sent }));
    out.advance(1);
  }
  assert.ok(out.writes.length - 1 <= 11, `${out.writes.length - 1} frames`);
  out.advance(100);
  assert.match(shown(out), / 1000 {2}1000 /);
});

test('only the rows that changed are written again', () => {
  const out = terminal();
  const reporter = textReporter(out, out);
  for (const event of [BEGIN, PATH, tally(1), tally(2, { received: 900, lost: 0 })]) reporter.event(event);
  out.advance(200);
  const before = out.writes.length;
  reporter.event(tally(2, { received: 901 }));
  out.advance(200);
  const frame = out.writes.slice(before).join('');
  assert.match(frame, '901');
  assert.not.match(frame, '10.0.1.1');
  assert.not.match(frame, 'IDX');
});

test('a problem is told above the table, which stays whole', () => {
  const out = terminal();
  const reporter = textReporter(out, out);
  for (const event of [BEGIN, tally(1), problem('10.0.2.1 does not answer'), lossy, end({ exit: 1 })]) {
    reporter.event(event);
    out.advance(150);
  }
  const [headline, ...table] = plain([BEGIN, tally(1), lossy, end()]).split('\n');
  assert.equal(shown(out).split('\n'), [headline, 'braceroute: 10.0.2.1 does not answer', ...table]);
});

test('without colour there is no colour, with it the rows that matter have some', () => {
  const closed = tally(3, { sent: 1, received: 0, errors: { 'icmp 3/2': 1 } });
  const colored = (color: boolean): string => {
    const out = memorySink({ color });
    const reporter = textReporter(out, out);
    for (const event of [BEGIN, tally(1), lossy, closed, end()]) reporter.event(event);
    return out.text();
  };
  assert.not.match(colored(false), '\x1b');
  const lines = colored(true).split('\n');
  assert.equal(
    lines.map((line) => /^\x1b\[(\d+)m.*\x1b\[39m$/.exec(line)?.[1] ?? null),
    [null, null, null, null, '31', '33', null],
  );
});

test('a table taller than the screen never scrolls while it changes, and is whole at the end', () => {
  const rows = 8;
  const out = terminal(rows);
  const reporter = textReporter(out, out);
  const run = [BEGIN, ...Array.from({ length: 20 }, (_, index) => tally(index + 1)), lossy, end({ exit: 1 })];
  for (const event of run.slice(0, -1)) {
    reporter.event(event);
    out.advance(150);
  }
  assert.match(shown(out, rows), /… 16 more lines at the end$/);
  reporter.event(run.at(-1)!);
  assert.is(shown(out, rows), plain(run));
});

const text = fc.constantFrom('', 'a', 'abc', 'x'.repeat(20), 'y'.repeat(20));
const frames = fc.array(fc.array(text, { maxLength: 7 }), { maxLength: 8 });

test('after any frames the screen shows the last one, below what stood there before', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.constant('before'), { maxLength: 12 }), (all, before) => {
      const screen = new Screen(20, 8);
      for (const line of before) screen.write(`${line}\n`);
      let last: readonly string[] = [];
      for (const frame of all) {
        screen.write(redraw(last, frame));
        last = frame;
      }
      assert.equal(screen.lines, [...before, ...last, '']);
    }),
  );
});

test('a row that a Ctrl-C was echoed beside is rewritten from its first column', () => {
  const screen = new Screen(20, 8);
  screen.write(redraw([], ['one', 'two']));
  screen.write('^C');
  screen.write(redraw(['one', 'two'], ['one', 'three']));
  assert.equal(screen.lines.slice(0, 2), ['one', 'three']);
});

test('equal frames cost nothing', () => {
  assert.is(redraw(['a', 'b'], ['a', 'b']), '');
  assert.is(redraw([], []), '');
});

test('random tallies on a terminal end as they do in a pipe', () => {
  const some = fc.record({ position: fc.integer({ min: 1, max: 30 }), received: fc.nat(1000), pauseMs: fc.nat(200) });
  fc.assert(
    fc.property(fc.array(some, { maxLength: 40 }), (updates) => {
      const out = terminal(10);
      const reporter = textReporter(out, out);
      const last = new Map<number, TallyEvent>();
      reporter.event(BEGIN);
      for (const { position, received, pauseMs } of updates) {
        last.set(position, tally(position, { received }));
        reporter.event(last.get(position)!);
        out.advance(pauseMs);
      }
      reporter.close();
      const expected = last.size === 0 ? [] : tableLines([...last.values()], [], 80).map((line) => line.text);
      assert.equal(shown(out, 10).split('\n').slice(1), expected);
    }),
  );
});

test.run();
