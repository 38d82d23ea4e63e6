/** A receiver with hardly any room: what it dropped is unknown, never lost. The file runs again inside the vantage of a lab. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLive } from '../../src/engine/live/live.ts';
import { openAsk } from '../../src/probe/ask.ts';
import { question } from '../../src/probe/question.ts';
import { newRun } from '../../src/probe/run.ts';
import { nodeNamed } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { tracePlan } from '../../src/trace/path-kind.ts';
import { rootMissing, skip } from '../skip.ts';
import { FLOW } from './differential-plans.ts';
import { fixture } from './raised.ts';
import { runWithin, WITHIN } from './within.ts';

const within = process.env[WITHIN];
const reason = rootMissing();

const SENT = 5000;
/** For a few dozen answers: less than one burst of probes brings. */
const LITTLE = 64 << 10;

async function counted(topology: Topology, bufferBytes: number): Promise<{ counts: Record<string, number>; drops: number }> {
  await using engine = openLive({ interface: null, source: null, largest: 0, bufferBytes });
  const from = nodeNamed(topology, 'd')!.loopback[4];
  const us = (await engine.route(from)).source;
  const ends = { kind: 'reverse', us, from, to: us } as const;
  const { layers, landing } = tracePlan(ends);
  const asked = await question(engine, { layers: layers(64), flow: FLOW, landing }, 0);
  const asking = openAsk(engine, newRun());
  const counts: Record<string, number> = { landed: 0, answered: 0, lost: 0, unknown: 0 };
  const options = { everyNs: () => 0, timeoutNs: () => 1e9, settle: 'deadline' } as const;
  for await (const seen of asking.ask(Array(SENT).fill(asked), options)) counts[seen.kind] = (counts[seen.kind] ?? 0) + 1;
  return { counts, drops: engine.drops() };
}

if (reason) {
  skip('what the receiver dropped is unknown', reason);
  test.run();
} else if (within === undefined) {
  await runWithin({ ...fixture('line', 'drops'), name: 'x_drops' }, import.meta.url, 45_000);
} else {
  const topology = JSON.parse(within) as Topology;

  test('with hardly any room, every probe lands or is unknown, and no more are unknown than were dropped', async () => {
    const { counts, drops } = await counted(topology, LITTLE);
    assert.ok(drops > 0, 'nothing was dropped: this test needs drops');
    assert.is(counts.landed! + counts.unknown!, SENT, JSON.stringify(counts));
    assert.ok(counts.unknown! > 0 && counts.unknown! <= drops, `${counts.unknown} unknown, ${drops} dropped`);
    assert.equal([counts.lost, counts.answered], [0, 0]);
  });

  test('with room enough, every probe lands', async () => {
    assert.equal(await counted(topology, 32 << 20), { counts: { landed: SENT, answered: 0, lost: 0, unknown: 0 }, drops: 0 });
  });

  test.run();
}
