/** An engine may know better than we do when a probe went, under which number, and that nothing of it can be known: a recording does. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Engine, Sent } from '../../src/engine/engine.ts';
import { openAsk } from '../../src/probe/ask.ts';
import type { Observation } from '../../src/probe/observation.ts';
import { readSentNs } from '../../src/wire/identity.ts';
import { type Scripted, scripted } from './scripted.ts';
import { kinds, landing, MS, OPTIONS, PLAN, RUN, rttOf, sequencesOf, times } from './told.ts';

async function seenBy(engine: Scripted, change: Partial<Engine>, count: number): Promise<Observation[]> {
  const seen: Observation[] = [];
  for await (const one of openAsk({ ...engine, ...change }, RUN).ask(times(count), OPTIONS)) seen.push(one);
  return seen;
}

test('round trips count from when the engine says that the probe went', async () => {
  const engine = scripted({ replies: (sent) => [landing(sent, 3 * MS)] });
  const seen = await seenBy(engine, { lastSent: () => ({ timeNs: engine.nowNs() - BigInt(MS) }) }, 2);
  assert.equal(seen.map(rttOf), [4 * MS, 4 * MS]);
});

test('a probe that has no number is unknown at once and takes none; the others are numbered as if it were not there', async () => {
  const engine = scripted({ replies: (sent) => (sent.index === 1 ? [] : [landing(sent, 10 * MS)]) });
  const lastSent = (): Sent => ({ timeNs: engine.nowNs(), ...(engine.sent.length === 2 && { sequence: null }) });
  const seen = await seenBy(engine, { lastSent }, 3);
  assert.equal(kinds({ seen }), ['unknown', 'landed', 'landed']);
  assert.equal(sequencesOf(seen.slice(1)), [0, 1]);
});

test('probes may have been sent in another order: each is known by the number that it had', async () => {
  const order = [1, 0, 2];
  const made = scripted({ replies: () => [] });
  let count = 0;
  const seen = await seenBy(made, { lastSent: () => ({ timeNs: made.nowNs(), sequence: order[count++]! }) }, 3);
  assert.equal(kinds({ seen }), ['lost', 'lost', 'lost']);
  assert.equal(sequencesOf(seen).toSorted(), [0, 1, 2]);
});

test('a probe says that it was sent when the engine says so', async () => {
  const engine = scripted({ replies: () => [] });
  await seenBy(engine, { sendingNs: () => 42n }, 1);
  const identityAt = engine.sent[0]!.bytes.length - 36;
  assert.is(readSentNs(engine.sent[0]!.bytes, identityAt), 42n);
  assert.is(PLAN.flow.size, null); // so the identity is the last of it
});

test.run();
