/** One outcome for each probe, whatever comes back: by the stamps of the packets. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openAsk } from '../../src/probe/ask.ts';
import { isOutcome, type Observation } from '../../src/probe/observation.ts';
import { A4, expired, icmpPacket, R4, runFrom, unwrapped } from './plans.ts';
import { type Reply, type Script, type Sent, scripted } from './scripted.ts';
import { ascending, error, forward, kinds, landing, MS, OPTIONS, PLAN, RUN, rttOf, sequencesOf, TIMEOUT, times, told } from './told.ts';

test('each probe gets one outcome: what landed, what was answered, what was lost', async () => {
  const replies = (sent: Sent): Reply[] => [[landing(sent, 5 * MS)], [error(sent, 6 * MS)], []][sent.index % 3]!;
  const { engine, seen } = await told({ replies }, times(30));
  assert.is(engine.sent.length, 30);
  const byKind = (kind: string): number[] => ascending(sequencesOf(seen.filter((one) => one.kind === kind)));
  const every3rd = (from: number): number[] => Array.from({ length: 10 }, (_, i) => from + 3 * i);
  assert.equal([byKind('landed'), byKind('answered'), byKind('lost')], [every3rd(0), every3rd(1), every3rd(2)]);
  assert.is(seen.length, 30);
});

test('whatever comes back, whenever and how often: exactly one outcome each, and none for what was not asked', async () => {
  const reply = fc.record({ what: fc.constantFrom('landing', 'error', 'echo'), after: fc.nat(250), handed: fc.nat(50) });
  const network = fc.record({
    answers: fc.array(fc.array(reply, { maxLength: 3 }), { minLength: 1, maxLength: 12 }),
    count: fc.integer({ min: 1, max: 150 }),
    takes: fc.integer({ min: 1, max: 70 }),
    gap: fc.nat(5),
    settle: fc.constantFrom('first', 'deadline') as fc.Arbitrary<'first' | 'deadline'>,
    drops: fc.nat(3),
  });
  await fc.assert(
    fc.asyncProperty(network, async ({ answers, count, takes, gap, settle, drops }) => {
      const replies = (sent: Sent): Reply[] =>
        answers[sent.index % answers.length]!.map(({ what, after, handed }) => {
          const made = what === 'landing' ? landing(sent, after * MS) : error(sent, after * MS);
          return { ...made, handedNs: handed * MS };
        });
      const script: Script = { replies, takes: () => takes, drops: (nowNs) => Math.floor(nowNs / (70 * MS)) * drops };
      const { engine, seen } = await told(script, times(count), { settle, everyNs: () => gap * MS });
      assert.equal(
        ascending(sequencesOf(seen.filter(isOutcome))),
        Array.from({ length: count }, (_, i) => i),
      );
      assert.is(engine.sent.length, count);
    }),
    { numRuns: 200 },
  );
});

test('times are those of the stamps, whenever the packets are handed out', async () => {
  const late = await told({ replies: (sent) => [{ ...landing(sent, TIMEOUT - MS), handedNs: 5000 * MS }] }, times(1));
  assert.equal(kinds(late), ['landed']);
  assert.is(rttOf(late.seen[0]), TIMEOUT - MS);
});

test('a landing is in time up to the last nanosecond of the timeout, and late after it', async () => {
  assert.equal(kinds(await told({ replies: (sent) => [landing(sent, TIMEOUT)] }, times(1))), ['landed']);
  assert.equal(kinds(await told({ replies: (sent) => [landing(sent, TIMEOUT + 1)] }, times(1))), ['lost', 'late']);
});

test('none is given up before its time, however often it is looked at', async () => {
  const { seen } = await told({ replies: (sent) => [landing(sent, TIMEOUT)] }, times(150));
  assert.equal(
    seen.map(({ kind }) => kind),
    Array(150).fill('landed'),
  );
});

test('a packet that is handed out a little after a later one is still in time', async () => {
  const replies = (sent: Sent): Reply[] =>
    sent.index === 0 ? [{ ...landing(sent, TIMEOUT - MS), handedNs: 3 * MS }] : [landing(sent, TIMEOUT / 2 + MS)];
  const { seen } = await told({ replies }, times(2), { everyNs: () => TIMEOUT / 2 });
  assert.equal(
    seen.map(({ kind, probe }) => [kind, probe.sequence]),
    [
      ['landed', 1],
      ['landed', 0],
    ],
  );
});

test('a late answer leaves its probe lost, and is remarked while others are still waited for', async () => {
  const replies = (sent: Sent): Reply[] => [landing(sent, sent.index === 0 ? TIMEOUT + 20 * MS : TIMEOUT - MS)];
  const { seen } = await told({ replies }, times(2), { everyNs: () => 50 * MS });
  assert.equal(
    seen.map(({ kind, probe }) => [kind, probe.sequence]),
    [
      ['lost', 0],
      ['late', 0],
      ['landed', 1],
    ],
  );
});

test('the second landing of a probe is a duplicate', async () => {
  const replies = (sent: Sent): Reply[] => [landing(sent, 5 * MS), landing(sent, 5 * MS), landing(sent, 30 * MS)];
  const { seen } = await told({ replies }, times(2), { everyNs: () => 50 * MS });
  assert.equal(
    seen.filter(({ probe }) => probe.sequence === 0).map(({ kind }) => kind),
    ['landed', 'duplicate', 'duplicate'],
  );
});

test('a landing wins over an error that came before it, where errors settle at the deadline', async () => {
  const told_ = await told({ replies: (sent) => [error(sent, 5 * MS), landing(sent, 50 * MS)] }, times(1));
  assert.equal(kinds(told_), ['landed']);
  assert.is(rttOf(told_.seen[0]), 50 * MS);
});

test('an error that stays alone is the outcome at the deadline, with the time at which it came', async () => {
  const { engine, seen } = await told({ replies: (sent) => [error(sent, 5 * MS)] }, times(1));
  assert.equal(
    seen.map(({ kind }) => kind),
    ['answered'],
  );
  assert.is(rttOf(seen[0]), 5 * MS);
  assert.ok(engine.sinceNs() >= TIMEOUT);
});

test('an error that is held back is told of when it comes, once, whatever becomes of its probe', async () => {
  const both = await told({ replies: (sent) => [error(sent, 5 * MS), error(sent, 9 * MS), landing(sent, 50 * MS)] }, times(1));
  assert.equal(
    both.held.map((one) => one.kind === 'held' && [one.probe.sequence, rttOf(one.answer)]),
    [[both.seen[0]!.probe.sequence, 5 * MS]],
  );
  const { held } = await told({ replies: (sent) => [error(sent, 5 * MS)] }, times(2), { settle: 'first' });
  assert.equal(held, []);
});

test('of two errors the first counts, and the second is a duplicate', async () => {
  const { seen } = await told({ replies: (sent) => [error(sent, 5 * MS), error(sent, 50 * MS)] }, times(1));
  assert.equal(
    seen.map(({ kind }) => kind),
    ['duplicate', 'answered'],
  );
  assert.is(rttOf(seen[1]), 5 * MS);
});

test('an error is the outcome at once where it settles first, and a landing after it a duplicate', async () => {
  const replies = (sent: Sent): Reply[] => [error(sent, 5 * MS), ...(sent.index === 0 ? [landing(sent, 9 * MS)] : [])];
  const first = await told({ replies }, times(2), { settle: 'first', everyNs: () => 10 * MS });
  assert.equal(kinds(first), ['answered', 'duplicate', 'answered']);
  assert.ok(first.engine.sinceNs() < TIMEOUT);
});

test('of a probe that is not meant to come home, an error is the outcome at once', async () => {
  const { engine, seen } = await told({ replies: (sent) => [error(sent, 5 * MS)] }, times(1, forward));
  assert.equal(
    seen.map(({ kind }) => kind),
    ['answered'],
  );
  assert.ok(engine.sinceNs() < TIMEOUT);
});

test('an error in time is kept where the landing comes too late', async () => {
  assert.equal(kinds(await told({ replies: (sent) => [error(sent, 5 * MS), landing(sent, TIMEOUT + 1)] }, times(1))), ['answered', 'late']);
});

test('a redirect is a remark beside the outcome', async () => {
  const redirect = (sent: Sent): Reply => ({ bytes: icmpPacket(R4[0], A4, { type: 5, code: 1 }, sent.bytes.subarray(0, 28)), afterNs: MS });
  assert.equal(kinds(await told({ replies: (sent) => [redirect(sent), landing(sent, 5 * MS)] }, times(1))), ['redirect', 'landed']);
});

test('missing probes are unknown, as many as our receiver dropped meanwhile; the rest is lost and the sum holds', async () => {
  const replies = (sent: Sent): Reply[] => (sent.index % 2 === 0 ? [landing(sent, 5 * MS)] : []);
  const counted = kinds(await told({ replies, drops: (nowNs) => (nowNs > 20 * MS ? 3 : 0) }, times(20)));
  const count = (kind: string): number => counted.filter((one) => one === kind).length;
  assert.equal([count('landed'), count('lost'), count('unknown'), counted.length], [10, 7, 3, 20]);
});

test('a drop excuses the probe that is missing, not the one whose error was held back', async () => {
  const replies = (sent: Sent): Reply[] => (sent.index === 0 ? [error(sent, 5 * MS)] : []);
  assert.equal(kinds(await told({ replies, drops: (nowNs) => (nowNs > 20 * MS ? 1 : 0) }, times(2))), ['answered', 'unknown']);
});

test('drops do not excuse what was answered, nor what was awaited at another time', async () => {
  const answered = await told({ replies: (sent) => [error(sent, 5 * MS)], drops: (nowNs) => (nowNs > 20 * MS ? 9 : 0) }, times(3));
  assert.equal(kinds(answered), ['answered', 'answered', 'answered']);
  const between = await told({ replies: () => [], drops: (nowNs) => (nowNs > 500 * MS ? 9 : 0) }, times(2), { everyNs: () => 1000 * MS });
  assert.equal(kinds(between), ['lost', 'lost']);
});

test('packets of no probe are counted, and are nobody’s outcome', async () => {
  const theirs = { ...runFrom(77) };
  const stranger = scripted({ replies: () => [] });
  for await (const _ of openAsk(stranger, theirs).ask(times(1), OPTIONS)) break;
  const foreign = stranger.sent[0]!.bytes;
  const wrong = (sent: Sent): Uint8Array => {
    const bytes = unwrapped(sent.bytes, PLAN, 1);
    bytes[28 + 20]! ^= 1;
    return bytes;
  };
  const replies = (sent: Sent): Reply[] => [
    { bytes: foreign, afterNs: MS },
    { bytes: expired(foreign), afterNs: MS },
    { bytes: sent.bytes, afterNs: MS },
    { bytes: wrong(sent), afterNs: MS },
    { bytes: icmpPacket(A4, A4, { type: 3, code: 3 }, unwrapped(sent.bytes, PLAN, 1)), afterNs: MS },
  ];
  const asking = openAsk(scripted({ replies }), RUN);
  const seen: Observation[] = [];
  for await (const one of asking.ask(times(1), OPTIONS)) seen.push(one);
  assert.equal(
    seen.map(({ kind }) => kind),
    ['lost'],
  );
  assert.equal(asking.strays, { foreign: 2, corrupted: 1, self: 1, ambiguous: 0, passing: 1 });
});

test.run();
