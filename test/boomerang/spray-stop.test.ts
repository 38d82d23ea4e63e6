/** When a spray ends by itself, and how what nobody knows is shared out: with counts that the test makes up. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createStopRules, type StopReason } from '../../src/boomerang/spray-stop.ts';
import { addedRuns, spread, tallySpray } from '../../src/boomerang/spray-tally.ts';
import { watched } from '../../src/boomerang/spraying.ts';
import type { Disturbance, Engine } from '../../src/engine/engine.ts';
import type { SprayCells, SprayCounters, Spraying } from '../../src/engine/spray.ts';
import { BUCKETS } from '../../src/engine/spray-histogram.ts';
import { wilson } from '../../src/infer/interval.ts';

const counters = (fields: Partial<SprayCounters> = {}): SprayCounters => ({
  next: 0,
  sent: 0,
  refused: 0,
  received: 0,
  duplicates: 0,
  reordered: 0,
  corrupted: 0,
  late: 0,
  foreign: 0,
  drops: 0,
  behindNs: 0,
  finished: false,
  error: null,
  ...fields,
});

/** Looks ten times a second at counters of the moment, in seconds; the first reason. */
function firstStop(
  at: (seconds: number) => Partial<SprayCounters>,
  stopLoss: number | null,
  disturbances: (seconds: number) => Disturbance[] = () => [],
) {
  const rules = createStopRules(stopLoss);
  for (let look = 1; look <= 300; look += 1) {
    const seconds = look / 10;
    const now = { nowNs: seconds * 1e9, counters: counters(at(seconds)), rttNs: 1_000_000, disturbances: disturbances(seconds) };
    const reason = rules.look(now);
    if (reason !== null) return { seconds, code: reason.code as StopReason['code'], message: reason.message };
  }
  return null;
}

const steady = (seconds: number, share = 1): Partial<SprayCounters> => {
  const sent = Math.round(seconds * 10_000);
  return { next: sent, sent, received: Math.floor(sent * share) };
};

test('a steady spray goes on, whatever a batch that is counted late makes it look like', () => {
  assert.is(
    firstStop((seconds) => steady(seconds), 0.001),
    null,
  );
  assert.is(
    firstStop((seconds) => ({ ...steady(seconds), received: Math.round(seconds * 10_000) + 64 }), 0.001),
    null,
  );
  assert.is(
    firstStop((seconds) => steady(seconds, 0.9), 0.2),
    null,
  );
});

test('more home than was sent, or a count that goes back, ends it', () => {
  const more = firstStop((seconds) => ({ ...steady(seconds), received: Math.round(seconds * 12_000) }), null);
  assert.is(more?.code, 'COUNTS_BROKEN');
  const back = firstStop((seconds) => (seconds > 5 ? { ...steady(seconds), received: 10 } : steady(seconds)), null);
  assert.equal([back?.code, back?.seconds], ['COUNTS_BROKEN', 5.1]);
  assert.match(back!.message, /received went from 50000 back to 10/);
});

test('loss that begins in mid-run ends it within two seconds, and not before', () => {
  const lost = firstStop((seconds) => ({ ...steady(seconds), received: Math.round(Math.min(seconds, 10) * 10_000) }), 0.5);
  assert.is(lost?.code, 'LOSS_STOPPED');
  assert.ok(lost!.seconds > 10.4 && lost!.seconds < 12, `${lost!.seconds}`);
});

test('a sender that fails and an interface that is down end it, and the interface is the reason', () => {
  const failed = firstStop((seconds) => ({ ...steady(seconds), error: seconds > 3 ? 'no memory' : null }), null);
  assert.equal([failed?.code, failed?.message], ['SENDER_FAILED', 'The sender ended: no memory']);
  const outage: Disturbance = { code: 'INTERFACE_DOWN', message: 'eth0 went down', fromNs: 0n, untilNs: null };
  const down = firstStop(
    (seconds) => ({ ...steady(seconds), error: seconds > 3 ? 'ENETDOWN' : null }),
    null,
    (seconds) => (seconds > 3 ? [outage] : [{ ...outage, untilNs: 1n }]),
  );
  assert.equal([down?.code, down?.seconds], ['INTERFACE_DOWN', 3.1]);
});

/** A spraying whose cells hold these counts. */
const holding = (received: readonly number[]): Pick<Spraying, 'cells'> => ({
  cells: (from, into) => into.received.set(received.slice(from, from + into.received.length)),
});

const NO_SKIP = 0xffff_ffff; // the first sequences are all sendable under it

test('whatever is missing and dropped, each row adds up, rows come to the total, and intervals hold both extremes', () => {
  const cells = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(cells, fc.option(fc.integer({ min: 0, max: 400 })), (missing, drops) => {
      const received = missing.map((one) => 50 - one);
      const tally = tallySpray(holding(received), { templates: 3, flows: 2, idKey: NO_SKIP, next: 300, unknown: drops });
      const rows = [0, 1, 2].map(tally.target);
      const all = missing.reduce((sum, one) => sum + one, 0);
      const unknown = drops === null ? all : Math.min(all, drops);
      assert.equal([tally.total.sent, tally.total.lost, tally.total.unknown], [300, all - unknown, unknown]);
      for (const [target, row] of rows.entries()) {
        const own = missing[target]! + missing[target + 3]!;
        assert.is(row.received + row.lost + row.unknown, 100);
        assert.ok(row.lost >= 0 && row.unknown >= 0);
        if (row.loss === null) continue;
        const most = Math.min(own, unknown);
        const least = Math.max(0, unknown - (all - own));
        if (most < 100) assert.is(row.lossLow, wilson(own - most, 100 - most)!.low);
        assert.is(row.lossHigh, wilson(own - least, 100 - least)!.high);
        assert.ok(row.lossLow! <= row.loss + 1e-12 && row.loss <= row.lossHigh! + 1e-12, `${row.lossLow} ≤ ${row.loss} ≤ ${row.lossHigh}`);
      }
      assert.is(
        rows.reduce((sum, row) => sum + row.unknown, 0),
        unknown,
      );
    }),
  );
});

test('what is shared out in proportion sums up, and nobody gets more than it misses', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 }), fc.double({ min: 0, max: 1, noNaN: true }), (weights, part) => {
      const sum = weights.reduce((all, weight) => all + weight, 0);
      const total = Math.floor(sum * part);
      const shares = spread(weights, total);
      assert.is(
        shares.reduce((all, share) => all + share, 0),
        total,
      );
      for (const [index, share] of shares.entries())
        assert.ok(share <= weights[index]! && Math.abs(share - (weights[index]! * total) / (sum || 1)) <= 1);
    }),
  );
  assert.equal(
    addedRuns([
      [{ length: 2, times: 1 }],
      [
        { length: 1, times: 3 },
        { length: 2, times: 4 },
      ],
    ]),
    [
      { length: 1, times: 3 },
      { length: 2, times: 5 },
    ],
  );
  assert.is(addedRuns([[], null]), null);
});

/** An engine and a spray whose time the test moves. */
function played(at: (seconds: number) => Partial<SprayCounters>) {
  let nowNs = 0n;
  let stopped = false;
  const now = (): SprayCounters => counters({ ...at(Number(nowNs) / 1e9), ...(stopped && { finished: true }) });
  const engine = { nowNs: () => nowNs, disturbances: () => [] } as unknown as Engine;
  const spraying: Spraying = {
    sender: 'played',
    matcher: 'played',
    why: [],
    counters: now,
    cells: (_from: number, _into: SprayCells) => {},
    histogramOf: () => 0,
    histogram: () => new Float64Array(BUCKETS),
    lossRuns: () => null,
    pace: () => {},
    stop: () => {
      stopped = true;
    },
    wait: async (untilNs) => {
      nowNs = untilNs;
    },
    decided: async () => {},
    close: async () => {},
  };
  return { engine, spraying, isStopped: () => stopped };
}

test('once all is sent it waits out the timeout, unless all is home before', async () => {
  const ends = async (home: number): Promise<number> => {
    const { engine, spraying } = played((seconds) => ({ sent: 100, received: home, finished: seconds >= 2 }));
    const states = watched(engine, spraying, { timeoutNs: 3e9, stopLoss: null, templates: 1, rttNs: null }, new AbortController().signal);
    for (;;) {
      const step = await states.next();
      if (step.done) return step.value.elapsedNs / 1e9;
    }
  };
  assert.is(await ends(100), 2);
  assert.is(await ends(99), 5);
});

test('an interruption stops the sender, and what is under way is waited for', async () => {
  const { engine, spraying, isStopped } = played(() => ({ sent: 100, received: 90 }));
  const controller = new AbortController();
  const states = watched(engine, spraying, { timeoutNs: 1e9, stopLoss: null, templates: 1, rttNs: null }, controller.signal);
  await states.next();
  assert.not(isStopped());
  controller.abort();
  await states.next();
  assert.ok(isStopped());
  let last = await states.next();
  while (!last.done) last = await states.next();
  assert.ok(last.value.elapsedNs >= 1.2e9 && last.value.draining);
});

test.run();
