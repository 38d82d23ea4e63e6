/** Which ttl is asked when: the rules of a trace's rounds, on networks that are only a list of who answers. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSchedule, type ScheduleOptions } from '../../src/trace/schedule.ts';

const OPTIONS: ScheduleOptions = { firstTtl: 1, lastTtl: 30, count: 3, silentTries: 2 };

interface Network {
  /** Hops to the target; null: it never answers. */
  readonly length: number | null;
  readonly silent: readonly number[];
}

/**
 * Asks until nothing more is asked; each answer comes after so many further questions. Returns the ttls in the order asked. The
 * clock stands still but where there is nothing else to wait for.
 */
function asked({ length, silent }: Network, after: number, options = OPTIONS): number[] {
  const schedule = createSchedule(options);
  const order: number[] = [];
  const underWay: number[] = [];
  const hear = (): void => {
    const ttl = underWay.shift()!;
    const isReached = length !== null && ttl >= length;
    const isHeard = !silent.includes(ttl) && (length !== null || ttl < 5);
    schedule.heard(ttl, isHeard ? (isReached ? 'reached' : 'hop') : 'silent');
  };
  let nowNs = 0;
  for (let next = schedule.next(nowNs); next !== 'done'; next = schedule.next(nowNs)) {
    assert.ok(order.length < 500 && nowNs < 60e9, 'it never ends');
    if (next !== 'wait') {
      order.push(next);
      underWay.push(next);
    }
    if (underWay.length > (next === 'wait' ? 0 : after)) hear();
    else if (next === 'wait') nowNs += 100_000_000;
  }
  return order;
}

const times = (order: readonly number[], ttl: number): number => order.filter((one) => one === ttl).length;

test('answers that come at once: each ttl up to the target, then two rounds more, hop by hop', () => {
  assert.equal(asked({ length: 4, silent: [] }, 0), [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
});

test('a silent hop is asked once more when the end is known, and a last time when a second has passed', () => {
  assert.equal(times(asked({ length: 4, silent: [2] }, 0), 2), 3);
  assert.equal(times(asked({ length: 4, silent: [2] }, 0, { ...OPTIONS, silentTries: 4 }), 2), 5);
});

test('an end that was policed when it was first asked is found at its own ttl, though it answered a further one first', () => {
  const schedule = createSchedule(OPTIONS);
  for (let ttl = 1; ttl <= 9; ttl += 1) assert.is(schedule.next(0), ttl);
  for (const ttl of [1, 2]) schedule.heard(ttl, 'hop');
  schedule.heard(9, 'reached'); // the router, at 3, let one answer go
  for (const ttl of [3, 4, 5, 6, 7, 8]) schedule.heard(ttl, 'silent');
  const soon: number[] = [];
  for (let next = schedule.next(0); next !== 'wait'; next = schedule.next(0)) soon.push(next as number);
  for (const ttl of soon) schedule.heard(ttl, ttl < 3 ? 'hop' : 'silent');
  for (let next = schedule.next(0); next !== 'wait'; next = schedule.next(0))
    schedule.heard(next as number, (next as number) < 3 ? 'hop' : 'silent');
  assert.not(schedule.isFinal(3));
  assert.is(schedule.next(1_100_000_000), 3);
  schedule.heard(3, 'reached');
  assert.is(schedule.end(), 3);
});

test('where the end is silent, the hop behind the last that answered is asked once a second while the others are waited for', () => {
  const schedule = createSchedule({ ...OPTIONS, count: 1, lastTtl: 5 });
  for (let ttl = 1; ttl <= 5; ttl += 1) assert.is(schedule.next(0), ttl);
  for (const ttl of [1, 2]) schedule.heard(ttl, 'hop');
  assert.is(schedule.next(1_000_000_000), 'wait');
  for (const [index, soonNs] of [1_100_000_000, 2_200_000_000, 3_300_000_000].entries()) {
    assert.is(schedule.next(soonNs), 3, `${index}`);
    assert.is(schedule.next(soonNs), 'wait');
  }
  assert.is(schedule.next(5_000_000_000), 'wait'); // three times, and no more
  for (const ttl of [3, 4, 5]) schedule.heard(ttl, 'silent');
  assert.is(schedule.next(5_000_000_000), 'done'); // nobody waits for the last tries alone
  assert.ok([1, 2, 3, 4, 5].every((ttl) => schedule.isFinal(ttl)));
});

test('a dead target: every ttl once, further rounds for the hops that answered', () => {
  const order = asked({ length: null, silent: [] }, 1000);
  assert.equal(
    order.slice(0, 30),
    [...Array(30).keys()].map((index) => index + 1),
  );
  assert.equal(order.slice(30).toSorted(), [1, 1, 2, 2, 3, 3, 4, 4]);
});

test('an error ends a path as its target does', () => {
  const schedule = createSchedule(OPTIONS);
  assert.equal([schedule.next(0), schedule.next(0)], [1, 2]);
  schedule.heard(2, 'error');
  assert.ok(schedule.ended());
  assert.is(schedule.end(), 2);
  assert.is(schedule.isFirstRound(), false);
});

const network = fc.record({
  length: fc.option(fc.integer({ min: 1, max: 30 }), { freq: 3 }),
  silent: fc.uniqueArray(fc.integer({ min: 1, max: 29 }), { maxLength: 6 }),
});
const options = fc.record({
  firstTtl: fc.constant(1),
  lastTtl: fc.integer({ min: 1, max: 40 }),
  count: fc.integer({ min: 1, max: 5 }),
  silentTries: fc.integer({ min: 1, max: 4 }),
});

test('whoever answers and however late: round 1 rises by one, hops that answer get their count, nothing is asked past the end', () => {
  fc.assert(
    fc.property(network, fc.nat(40), options, ({ length, silent: chosen }, after, some) => {
      const silent = chosen.filter((ttl) => ttl !== length);
      const order = asked({ length, silent }, after, some);
      const firstRound = order.slice(0, Math.max(...order));
      assert.equal(
        firstRound,
        [...firstRound.keys()].map((index) => index + 1),
      );
      assert.ok(Math.max(...order) <= some.lastTtl);
      const reaches = length !== null && length <= some.lastTtl;
      const end = reaches ? length : some.lastTtl;
      for (const ttl of new Set(order)) {
        const answers = !silent.includes(ttl) && (length !== null || ttl < 5);
        if (ttl > end)
          assert.is(times(order, ttl), 1); // it was under way when the end became known
        else if (answers) assert.is(times(order, ttl), some.count, `ttl ${ttl}`);
        else assert.is(times(order, ttl), reaches ? Math.max(1, some.silentTries) + 1 : 1, `silent ttl ${ttl}`);
      }
      if (reaches) assert.ok(Math.max(...order) <= length + after + 1, 'round 1 goes on after the end was heard');
    }),
  );
});

test.run();
