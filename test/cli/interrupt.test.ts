/** Ctrl-C and SIGTERM while a network in memory is probed: half a second later the command has said what it knows, and is gone. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { probeCommand } from '../../src/cli/commands/probe.ts';
import { sessionOn } from '../../src/cli/session.ts';
import { simulated } from '../../src/engine/simulated/simulated.ts';
import type { Event } from '../../src/report/event.ts';
import { fixture } from '../lab/raised.ts';
import { COMMAND, eventsOf, of } from './command.ts';
import { assertAtOnce, interrupted } from './interrupted.ts';

/** Takes minutes: a network in memory knows no waiting, but every packet is computed. */
const LONG = ['probe', '-d', 'd', '-c', '1000000', '--rate', '100k', '--engine', 'simulated', '--read', 'fixtures/topologies/line.yaml'];
const command = (...argv: readonly string[]): string[] => [...COMMAND, ...argv];

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  for (const afterMs of [0, 20, 100, 700])
    test(`${signal} ${afterMs} ms after the start: what is known, an end that says so, within half a second`, async () => {
      const ran = await interrupted(command(...LONG, '--json'), [{ signal, afterMs }]);
      assertAtOnce(ran);
      const [end] = of(eventsOf(ran), 'end');
      assert.is(end!.interrupted, true);
    });

test('the table of an interrupted probe adds up but for what is in flight', async () => {
  const ran = await interrupted(command(...LONG, '--json'), [{ signal: 'SIGINT', afterMs: 700 }]);
  const rows = of(eventsOf(ran), 'tally');
  assert.is(rows.length, 4);
  for (const { sent, received, lost, errors } of rows) {
    assert.ok(received > 0 && sent >= received);
    assert.equal([lost, errors], [0, {}]); // nothing is wrong with this network: in flight is not lost
  }
});

test('a probe that was clean until it was interrupted shows its table, and has found no failure', async () => {
  const clean = await interrupted(command(...LONG), [{ signal: 'SIGINT', afterMs: 500 }]);
  assert.is(clean.code, 0);
  assert.match(clean.stdout, /cumulative/);
});

test('a search that was interrupted says nothing of an end that did not answer', async () => {
  const topology = fixture('line', 'x');
  const engine = simulated(topology);
  engine.fault('r3-d', null, 'down');
  const [stop, events] = [new AbortController(), [] as Event[]];
  const event = (one: Event): void => {
    events.push(one);
    if (one.type === 'hop') stop.abort();
  };
  const body = probeCommand({ port: 33434, dscp: 0, count: 30, maxLoss: 0, landing: 'ipip', timeout: 3, maxHops: 30, destination: 'd' });
  await sessionOn({ engine, names: engine.names }, body, { event, close: () => {} }, stop.signal);
  assert.equal(
    events.filter(({ type }) => type === 'problem'),
    [],
  );
  assert.ok(events.some(({ type }) => type === 'path'));
});

test('a second signal ends the command at once with 130', async () => {
  const signals = [
    { signal: 'SIGINT', afterMs: 300 },
    { signal: 'SIGINT', afterMs: 0 },
  ] as const;
  const ran = await interrupted(command(...LONG), signals);
  // it may have been done with the first before the second came
  assert.ok(ran.code === 130 || (ran.code === 0 && ran.afterSignalMs < 100), `exit ${ran.code} after ${ran.afterSignalMs} ms`);
  assertAtOnce(ran);
});

test.run();
