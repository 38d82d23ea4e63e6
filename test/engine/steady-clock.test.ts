/** A clock that is set while packets are stamped by it: true times are known here, and what the engine makes of stamps is held against them. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type SteadyClock, steadyClock } from '../../src/engine/live/steady-clock.ts';

const S = 1_000_000_000n;
const HOUR = 3600n * S;
const BEGAN = 1_700_000_000n * S;

/** The true time is what has passed since the beginning; the stamps' clock is set at will. */
function world(): { clock: SteadyClock; pass(ns: bigint): void; set(byNs: bigint): void; stamp(): bigint; nowNs(): bigint } {
  let [passed, ahead] = [0n, BEGAN];
  const clock = steadyClock({ monotonicNs: () => passed, aheadNs: () => ahead });
  return {
    clock,
    pass: (ns) => {
      passed += ns;
    },
    set: (byNs) => {
      ahead += byNs;
    },
    stamp: () => passed + ahead,
    nowNs: () => BEGAN + passed,
  };
}

test('while nobody sets the clock, a stamp is the time', () => {
  const { clock, pass, stamp } = world();
  pass(5n * S);
  clock.look();
  assert.is(clock.timeOf(stamp()), BEGAN + 5n * S);
  assert.is(clock.nowNs(), BEGAN + 5n * S);
  assert.equal(clock.steps, []);
});

for (const [words, byNs] of [
  ['an hour forward', HOUR],
  ['an hour back', -HOUR],
  ['two seconds back', -2n * S],
] as const) {
  test(`${words}: stamps of before and after are both in order, and the step is told once`, () => {
    const { clock, pass, set, stamp, nowNs } = world();
    clock.look();
    clock.drained();
    pass(S / 100n);
    const [before, beforeStamp] = [nowNs(), stamp()];
    pass(S / 100n);
    set(byNs);
    pass(S / 100n);
    const [after, afterStamp] = [nowNs(), stamp()];
    pass(S / 100n);
    clock.look();
    assert.equal([clock.timeOf(beforeStamp), clock.timeOf(afterStamp)], [before, after]);
    clock.drained();
    pass(S);
    clock.look();
    assert.is(clock.timeOf(stamp()), nowNs());
    assert.equal(
      clock.steps.map((step) => step.byNs),
      [byNs],
    );
  });
}

test('what the clock is slewed by less than a millisecond is no step', () => {
  const { clock, set } = world();
  set(900_000n);
  clock.look();
  assert.equal(clock.steps, []);
});

interface Act {
  readonly passMs: number;
  readonly stepS: number;
  readonly packet: boolean;
}

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.record({
    passMs: fc.integer({ min: 1, max: 50 }),
    stepS: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -7200, max: 7200 }) }),
    packet: fc.boolean(),
  }),
  { maxLength: 60 },
);

test('whenever the clock is set by a second or more between looks 100 ms apart, every stamp is told its true time', () => {
  fc.assert(
    fc.property(acts, fc.integer({ min: 1, max: 4 }), (all, queue) => {
      const { clock, pass, set, stamp, nowNs } = world();
      let waiting: { stampNs: bigint; trueNs: bigint }[] = [];
      let [sinceLook, stepped] = [0, false];
      for (const { passMs, stepS, packet } of all) {
        pass(BigInt(passMs) * 1_000_000n);
        sinceLook += passMs;
        if (packet) waiting.push({ stampNs: stamp(), trueNs: nowNs() });
        if (Math.abs(stepS) >= 1 && !stepped) {
          set(BigInt(stepS) * S);
          stepped = true; // once between looks: two steps at once might cancel out
        }
        if (sinceLook < 50 && waiting.length < queue) continue;
        clock.look();
        for (const { stampNs, trueNs } of waiting) assert.is(clock.timeOf(stampNs), trueNs);
        clock.drained();
        [waiting, sinceLook, stepped] = [[], 0, false];
      }
    }),
  );
});

test.run();
