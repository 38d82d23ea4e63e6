/** What every reporter promises. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import type { Reporter, Sink } from '../../src/report/reporter.ts';
import { end, flows, hop, lossy, path, probeRun, problem, split, start, tally, traceRun } from './samples.ts';
import { type MemorySink, memorySink } from './sink.ts';

export function reporterContract(name: string, make: (out: Sink, errors: Sink) => Reporter): void {
  const told = (events: readonly Event[]): { out: MemorySink; errors: MemorySink; reporter: Reporter } => {
    const [out, errors] = [memorySink(), memorySink()];
    const reporter = make(out, errors);
    for (const event of events) reporter.event(event);
    return { out, errors, reporter };
  };

  test(`${name}: closing after the end writes nothing more`, () => {
    for (const run of [traceRun, probeRun]) {
      const { out, errors, reporter } = told(run);
      const before = [out.text(), errors.text()];
      reporter.close();
      reporter.close();
      assert.equal([out.text(), errors.text()], before);
    }
  });

  test(`${name}: a run that never ends still tells its tallies when it is closed, once`, () => {
    const { out, reporter } = told([start({ command: 'probe' }), tally(1), lossy]);
    assert.not.match(out.text(), '901');
    reporter.close();
    reporter.close();
    assert.is(out.text().split('901').length, 2);
  });

  test(`${name}: a second start tells the tallies of the first`, () => {
    const { out } = told([...probeRun.slice(0, -1), start({ command: 'probe' }), tally(2), end()]);
    assert.match(out.text(), '901');
  });

  test(`${name}: whatever comes in whatever order, whole lines go out and nothing is thrown`, () => {
    const events = fc.constantFrom<Event>(
      ...traceRun,
      ...probeRun,
      split(),
      flows(),
      path('10.0.0.1', null),
      problem('one\ntwo'),
      hop(300),
      end(),
    );
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (run) => {
        const { out, errors, reporter } = told(run);
        reporter.close();
        for (const sink of [out, errors]) assert.match(sink.text(), /^$|\n$/);
      }),
    );
  });
}
