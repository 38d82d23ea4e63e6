/** JSON lines: the order of events, and nothing lost on the way. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import { jsonLines } from '../../src/report/json-lines.ts';
import { reporterContract } from './contract.ts';
import { end, lossy, path, probeRun, problem, start, tally, traceRun } from './samples.ts';
import { assertEvents } from './schema.ts';
import { memorySink } from './sink.ts';

const printed = (run: readonly Event[]): string[] => {
  const out = memorySink();
  const reporter = jsonLines(out);
  for (const event of run) reporter.event(event);
  reporter.close();
  return out.text().trimEnd().split('\n');
};

reporterContract('JSON lines', (out) => jsonLines(out));

test('an event without tallies is printed at once, as it is', () => {
  const out = memorySink();
  const reporter = jsonLines(out);
  for (const [index, event] of traceRun.entries()) {
    reporter.event(event);
    assert.is(out.writes.length, index + 1);
    assert.equal(JSON.parse(out.writes[index]!), event);
  }
});

test('the last tally of each position comes before the end, in position order', () => {
  const early = tally(2, { sent: 1, received: 1 });
  const run = [start({ command: 'probe' }), early, tally(10), problem('left out'), lossy, tally(1), end()];
  assert.equal(
    printed(run).map((line) => JSON.parse(line)),
    [run[0], run[3], tally(1), lossy, tally(10), end()],
  );
});

test('tallies of a part come before what is said of the change, and those of the next part after it', () => {
  const change = problem('another way', 'ROUTE_CHANGED');
  const second = [1, 2].map((position) => tally(position, { part: 2 }));
  const again = { ...path('10.0.0.1', '10.0.1.1', '10.0.5.1'), part: 2 };
  const run = [start({ command: 'probe' }), path('10.0.0.1', '10.0.1.1', '10.0.4.1'), lossy, tally(1), change, again, ...second, end()];
  const lines = printed(run);
  assert.equal(
    lines.map((line) => JSON.parse(line)),
    [run[0], run[1], tally(1), lossy, change, again, ...second, end()],
  );
  assertEvents(lines);
});

test('each line of a trace, a probe and a usage error is as the schema promises', () => {
  for (const run of [traceRun, probeRun, [problem('no such command', 'ERR_USAGE'), end({ reached: null, exit: 2 })]]) {
    assertEvents(printed(run));
  }
});

test('a name with a line break stays on its line', () => {
  const lines = printed([start({ targetName: 'a\nb\u2028c' }), path('10.0.0.1'), end()]);
  assert.is(lines.length, 3);
  assert.is(JSON.parse(lines[0]!).targetName, 'a\nb\u2028c');
});

test.run();
