/** Ctrl-C in mid-run: the verdict of what is known, and no dead link that may be a filter. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { locateCommand } from '../../src/cli/commands/locate.ts';
import { sessionOn } from '../../src/cli/session.ts';
import type { Event } from '../../src/report/event.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { DEFAULTS, opened, verdictIn } from './located.ts';

const demo = parseTopology(readFileSync('fixtures/topologies/demo.yaml', 'utf8'), 'demo');

async function interrupted(after: number, isDead: boolean): Promise<{ events: Event[]; exit: number; sent: number }> {
  const network = opened(demo, 7);
  if (isDead) network.engine.fault('r6-r5', 'r5', { ...NO_FAULT, blackhole: true });
  const stop = new AbortController();
  let sent = 0;
  const engine = {
    ...network.engine,
    send: (...[route, packets]: Parameters<typeof network.engine.send>) => {
      sent += packets.length;
      if (sent >= after) stop.abort();
      return network.engine.send(route, packets);
    },
  };
  const events: Event[] = [];
  const body = locateCommand({ ...DEFAULTS, topology: 'demo' });
  const reporter = { event: (event: Event) => void events.push(event), close: () => {} };
  const exit = await sessionOn({ ...network, engine }, body, reporter, stop.signal);
  return { events, exit, sent };
}

test('a run that is interrupted tells what it knows, as unknown, and says so with code 5', async () => {
  const { events, exit } = await interrupted(1_000, false);
  const { kind, suspects, unknown } = verdictIn(events);
  assert.equal([kind, suspects, exit], ['unknown', [], 5]);
  assert.ok(unknown.every(({ wouldSettle }) => wouldSettle !== ''));
  assert.ok(events.some((event) => event.type === 'end' && event.interrupted && event.exit === 5));
});

test('a dead direction is not blamed where the run ended before it was told from a filter', async () => {
  const whole = await interrupted(Number.POSITIVE_INFINITY, true);
  assert.equal([verdictIn(whole.events).kind, whole.exit], ['suspect', 1]);
  // its last probes are those that carry other sources
  const { suspects, unknown } = verdictIn((await interrupted(whole.sent - 12, true)).events);
  assert.equal(suspects, []);
  assert.ok(
    unknown.some(({ why }) => why.startsWith('all is lost over r5→r6, ')),
    JSON.stringify(unknown),
  );
});

test.run();
