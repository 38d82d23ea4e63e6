import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createPending, STATE } from '../../src/probe/pending.ts';
import { A4, asked, itinerary, R4 } from './plans.ts';

const question = await asked(itinerary([R4[0], A4]));
const other = await asked(itinerary([R4[1], A4]), 1);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a million outstanding probes take 13 bytes each, in columns that double', async () => {
  const heldBytes = async (): Promise<number> => {
    for (let i = 0; i < 3; i += 1) {
      collect();
      await new Promise(setImmediate); // the memory of buffers is given back a little later
    }
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  const before = await heldBytes();
  const pending = createPending();
  for (let sequence = 0; sequence < 1_000_000; sequence += 1) pending.add(sequence, question, sequence);
  const grown = (await heldBytes()) - before;
  assert.ok(grown < 2 ** 20 * 13 + 2_000_000, `${grown} bytes`);
  assert.is(pending.outstanding(), 1_000_000);
  assert.is(pending.sentNs(999_999), 999_999);
  assert.is(pending.question(999_999), question);
});

test('what was asked comes back with its question and time, after the columns grew', () => {
  const pending = createPending();
  for (let sequence = 0; sequence < 5000; sequence += 1) pending.add(sequence, sequence % 3 === 0 ? other : question, sequence * 0.5);
  for (let sequence = 0; sequence < 5000; sequence += 1) {
    assert.is(pending.question(sequence), sequence % 3 === 0 ? other : question);
    assert.is(pending.sentNs(sequence), sequence * 0.5);
    assert.is(pending.state(sequence), STATE.outstanding);
  }
});

test('a sequence that was skipped, or never reached, has no question', () => {
  const pending = createPending();
  pending.add(0, question, 0);
  pending.add(3000, question, 1);
  assert.is(pending.next(), 3001);
  for (const sequence of [1, 2999, 3001, 0xffff_ffff]) {
    assert.is(pending.question(sequence), undefined, `${sequence}`);
    assert.is(pending.state(sequence), STATE.none, `${sequence}`);
  }
});

test('none is the oldest where none is outstanding', () => {
  const pending = createPending();
  assert.is(pending.oldest(), -1);
  pending.add(0, question, 0);
  pending.settle(0, STATE.lost);
  assert.is(pending.oldest(), -1);
  pending.add(1, question, 1);
  assert.is(pending.oldest(), 1);
});

test('a probe that settles twice counts once', () => {
  const pending = createPending();
  pending.add(0, question, 0);
  pending.add(1, question, 0);
  pending.settle(0, STATE.lost);
  pending.settle(0, STATE.landed);
  assert.is(pending.outstanding(), 1);
  assert.is(pending.state(0), STATE.landed);
});

test('the oldest and the number outstanding are those of a plain list', () => {
  const step = fc.oneof(fc.record({ settle: fc.nat(60) }), fc.record({ skip: fc.nat(2) }, { noNullPrototype: true }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const pending = createPending();
      const list: number[] = [];
      for (const one of steps) {
        if ('skip' in one) {
          list.push(pending.next() + one.skip);
          pending.add(pending.next() + one.skip, question, 0);
        } else if (list.includes(one.settle)) {
          pending.settle(one.settle, STATE.answered);
          list.splice(list.indexOf(one.settle), 1);
        }
        assert.is(pending.oldest(), list[0] ?? -1);
        assert.is(pending.outstanding(), list.length);
      }
    }),
  );
});

test('a run of any length is remembered in the room of its last two million', () => {
  const pending = createPending();
  const held = 1000; // in flight all the time
  for (let sequence = 0; sequence < 6_000_000; sequence += 1) {
    pending.add(sequence, question, sequence);
    if (sequence >= held) pending.settle(sequence - held, STATE.landed);
  }
  assert.is(pending.outstanding(), held);
  assert.is(pending.oldest(), 6_000_000 - held);
  assert.is(pending.state(6_000_000 - 2 ** 21), STATE.landed);
  assert.is(pending.sentNs(6_000_000 - 2 ** 21), 6_000_000 - 2 ** 21);
  assert.is(pending.question(6_000_000 - 2 ** 21 - 1), undefined);
  assert.is(pending.state(0), STATE.none);
});

test('what is outstanding is never forgotten, however many were asked behind it', () => {
  const pending = createPending();
  pending.add(7, other, 0.5);
  for (let sequence = 8; sequence < 3_000_000; sequence += 1) {
    pending.add(sequence, question, sequence);
    pending.settle(sequence, STATE.lost);
  }
  assert.is(pending.oldest(), 7);
  assert.is(pending.question(7), other);
  assert.is(pending.sentNs(7), 0.5);
});

/** Every sequence once, in an order that a replay of an altered recording may ask in, with gaps. */
const orders = fc.uniqueArray(fc.nat(5000), { minLength: 1, maxLength: 200 });

test('whatever the order and the gaps, all are found again and no others', () => {
  fc.assert(
    fc.property(orders, (order) => {
      const pending = createPending();
      for (const sequence of order) pending.add(sequence, sequence % 2 === 0 ? question : other, sequence / 4);
      const asked = new Set(order);
      for (let sequence = 0; sequence <= 5001; sequence += 1) {
        const wanted = asked.has(sequence) ? (sequence % 2 === 0 ? question : other) : undefined;
        assert.is(pending.question(sequence), wanted);
      }
      for (const sequence of order) assert.is(pending.sentNs(sequence), sequence / 4);
      assert.is(pending.oldest(), Math.min(...order));
    }),
  );
});

test.run();
