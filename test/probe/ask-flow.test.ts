/** How questions go out: when, in which order, and what stays when an iteration or the whole run is left early. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openAsk } from '../../src/probe/ask.ts';
import { isOutcome, type Observation } from '../../src/probe/observation.ts';
import type { Question } from '../../src/probe/question.ts';
import { readIdentity } from '../../src/wire/identity.ts';
import { type Reply, type Sent, scripted } from './scripted.ts';
import { elsewhere, error, kinds, landing, MS, OPTIONS, question, RUN, sequencesOf, TIMEOUT, times, told } from './told.ts';

test('probes leave evenly spaced, the first at once', async () => {
  const { engine } = await told({ replies: (sent) => [landing(sent, 3 * MS)] }, times(10), { everyNs: () => 20 * MS });
  assert.equal(
    engine.sent.map(({ timeNs }) => timeNs),
    Array.from({ length: 10 }, (_, i) => i * 20 * MS),
  );
});

test('what the engine does not take goes out later, in order, under its own number', async () => {
  const takes = (nowNs: number): number => (nowNs < 7 * MS ? 0 : 3);
  const questions = Array.from({ length: 50 }, (_, i) => (i % 5 < 3 ? question : elsewhere));
  const { engine, seen } = await told({ replies: (sent) => [landing(sent, MS)], takes }, questions, { everyNs: () => 0 });
  assert.ok(engine.sent[0]!.timeNs >= 7 * MS);
  assert.equal(
    engine.sent.map(({ bytes }) => readIdentity(bytes, 48, bytes.length)!.sequence),
    Array.from({ length: 50 }, (_, i) => i),
  );
  assert.equal(
    engine.sent.map(({ route }) => route.destination),
    questions.map(({ route }) => route.destination),
  );
  assert.equal(kinds({ seen }), Array(50).fill('landed'));
});

test('an iteration that was left early leaves no outcome to the next one', async () => {
  const engine = scripted({ replies: (sent) => [landing(sent, sent.index < 10 ? 30 * MS : 50 * MS)] });
  const { ask } = openAsk(engine, RUN);
  for await (const one of ask(times(10), { ...OPTIONS, everyNs: () => 0 })) {
    assert.is(one.kind, 'landed');
    break;
  }
  const seen: Observation[] = [];
  for await (const one of ask(times(4, question), OPTIONS)) seen.push(one);
  assert.equal(sequencesOf(seen), [10, 11, 12, 13]);
  assert.ok(seen.every(isOutcome));
});

test('an error held back in an iteration that was left is not told in the next', async () => {
  const engine = scripted({ replies: (sent) => (sent.index === 1 ? [landing(sent, 20 * MS)] : [error(sent, 5 * MS)]) });
  const { ask } = openAsk(engine, RUN);
  for await (const one of ask(times(2), OPTIONS)) if (one.kind === 'landed') break;
  const seen: Observation[] = [];
  for await (const one of ask(times(1), OPTIONS)) seen.push(one);
  assert.equal(
    seen.map(({ kind, probe }) => [kind, probe.sequence]),
    [
      ['held', 2],
      ['answered', 2],
    ],
  );
});

test('an answer to an earlier question is late or a duplicate in the next', async () => {
  const replies = (sent: Sent): Reply[] =>
    sent.index === 0
      ? [landing(sent, TIMEOUT + 30 * MS)]
      : sent.index === 1
        ? [landing(sent, 5 * MS), landing(sent, TIMEOUT + 40 * MS)]
        : [];
  const { ask } = openAsk(scripted({ replies }), RUN);
  const seen: Observation[] = [];
  for await (const one of ask(times(2), OPTIONS)) seen.push(one);
  for await (const one of ask(times(1), OPTIONS)) seen.push(one);
  assert.equal(
    seen.map(({ kind, probe }) => [kind, probe.sequence]),
    [
      ['landed', 1],
      ['lost', 0],
      ['late', 0],
      ['duplicate', 1],
      ['lost', 2],
    ],
  );
});

test('an interruption ends it within 100 ms of the engine, and sends nothing more', async () => {
  for (const everyNs of [MS, 3000 * MS]) {
    const controller = new AbortController();
    const engine = scripted({ replies: (sent) => [landing(sent, 2 * MS)] });
    let abortedNs = -1;
    let sentBefore = 0;
    for await (const one of openAsk(engine, RUN, controller.signal).ask(times(1000), { ...OPTIONS, everyNs: () => everyNs })) {
      if (abortedNs >= 0) continue;
      assert.is(one.kind, 'landed');
      [abortedNs, sentBefore] = [engine.sinceNs(), engine.sent.length];
      controller.abort();
    }
    assert.ok(abortedNs >= 0 && engine.sinceNs() - abortedNs <= 100 * MS, `${engine.sinceNs() - abortedNs} ns`);
    assert.is(engine.sent.length, sentBefore);
  }
});

test('it never waits longer than 100 ms, so that an interruption is noticed', async () => {
  const engine = scripted({ replies: () => [] });
  const waits: bigint[] = [];
  const receive: typeof engine.receive = (untilNs) => {
    waits.push(untilNs - engine.nowNs());
    return engine.receive(untilNs);
  };
  const options = { ...OPTIONS, everyNs: () => 2000 * MS, timeoutNs: () => 3000 * MS };
  for await (const one of openAsk({ ...engine, receive }, RUN).ask(times(2), options)) assert.is(one.kind, 'lost');
  assert.ok(waits.length >= 50);
  assert.ok(waits.every((wait) => wait <= 100_000_000n));
});

test('an interruption before the start asks nothing', async () => {
  const engine = scripted({ replies: () => [] });
  for await (const _ of openAsk(engine, RUN, AbortSignal.abort()).ask(times(3), OPTIONS)) throw new Error('something was seen');
  assert.is(engine.sent.length, 0);
});

test('an asker that has no question now is asked again after the next outcome', async () => {
  const seen: Observation[] = [];
  function* questions(): Generator<Question | null> {
    yield question;
    while (seen.length === 0) yield null;
    yield elsewhere;
  }
  const engine = scripted({ replies: (sent) => [landing(sent, 30 * MS)] });
  for await (const one of openAsk(engine, RUN).ask(questions(), OPTIONS)) seen.push(one);
  assert.equal(
    seen.map(({ kind, probe }) => [kind, probe.question.path]),
    [
      ['landed', 0],
      ['landed', 1],
    ],
  );
  assert.equal(
    engine.sent.map(({ timeNs }) => timeNs),
    [0, 30 * MS],
  );
});

test('a sequence with a half of 0 is left out', async () => {
  const run = { ...RUN, idKey: 0x4000_0002 };
  const seen: Observation[] = [];
  const engine = scripted({ replies: (sent) => [landing(sent, MS)] });
  for await (const one of openAsk(engine, run).ask(times(4), OPTIONS)) seen.push(one);
  assert.equal(sequencesOf(seen), [0, 1, 3, 4]);
});

test('a timeout that shrinks while waiting is kept at once', async () => {
  let timeoutNs = 3000 * MS;
  const engine = scripted({ replies: (sent) => (sent.index === 0 ? [landing(sent, 10 * MS)] : []) });
  for await (const one of openAsk(engine, RUN).ask(times(2), { ...OPTIONS, timeoutNs: () => timeoutNs })) {
    if (one.kind === 'landed') timeoutNs = 150 * MS;
  }
  assert.ok(engine.sinceNs() <= 260 * MS, `${engine.sinceNs()} ns`);
});

test.run();
