/** Which probe a quote is about: crafted probes, cut as routers cut them. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { craft } from '../../src/probe/craft.ts';
import type { Itinerary } from '../../src/probe/itinerary.ts';
import { createPending, type Pending, STATE } from '../../src/probe/pending.ts';
import type { Question } from '../../src/probe/question.ts';
import { quotedProbe } from '../../src/probe/quoted.ts';
import { isSendable, type Run } from '../../src/probe/run.ts';
import { familyOf } from '../../src/wire/address.ts';
import { setUint16 } from '../../src/wire/fields.ts';
import { A4, A6, asked, itineraries, itinerary, R4, R6, runFrom, runs, unwrapped } from './plans.ts';

const RUN = runFrom(5);

/** All of the questions' probes outstanding, `each` of each question. */
function outstanding(questions: readonly Question[], each: number, run: Run = RUN): Pending {
  const pending = createPending();
  for (let sequence = 0; sequence < questions.length * each; sequence += 1) {
    if (isSendable(run, sequence)) pending.add(sequence, questions[sequence % questions.length]!, 0);
  }
  return pending;
}

const probeOf = (pending: Pending, sequence: number, run: Run = RUN): Uint8Array => {
  const question = pending.question(sequence)!;
  return craft(question.template, run, question.path, sequence, 1n);
};

test('a whole probe is quoted: proven by its tag, on every leg, and the leg is told', async () => {
  const plan = itinerary([R4[0], R6[1], R4[2], R4[0], A4]);
  const pending = outstanding([await asked(plan)], 50);
  for (let leg = 0; leg < 5; leg += 1) {
    const quote = unwrapped(probeOf(pending, 17), plan, leg, 1);
    assert.equal(quotedProbe(quote, RUN, pending), { sequence: 17, grade: 'proven', leg });
  }
});

test('the 28 bytes that RFC 792 promises tell 32 bits and the leg, for each plan that is all IPv4', async () => {
  const plans = [
    itinerary([R4[0]]),
    itinerary([R4[0]], { transport: 'icmp' }),
    itinerary([R4[0], A4]),
    itinerary([R4[0], R4[1], R4[0], A4]),
  ];
  for (const plan of plans) {
    const pending = outstanding([await asked(plan)], 100);
    for (let leg = 0; leg < plan.layers.length; leg += 1) {
      const quote = unwrapped(probeOf(pending, 42), plan, leg, 1).subarray(0, 28);
      assert.equal(quotedProbe(quote, RUN, pending), { sequence: 42, grade: 'quoted', leg }, `leg ${leg} of ${plan.layers.length}`);
    }
  }
});

test('16 bits are enough where a single outstanding probe fits, and the grade says weak', async () => {
  const plan = itinerary([R4[0], R6[1], A6]);
  const pending = outstanding([await asked(plan)], 10);
  const quote = probeOf(pending, 7).subarray(0, 28); // one ID, then the start of an IPv6 header
  assert.equal(quotedProbe(quote, RUN, pending), { sequence: 7, grade: 'weak', leg: 0 });
});

test('a half that all outstanding probes share is ambiguous', async () => {
  const plan = itinerary([R6[0]]); // IPv6 and UDP: the checksum alone, which carries the half that changes slowly
  const pending = outstanding([await asked(plan)], 10);
  assert.is(quotedProbe(probeOf(pending, 7).subarray(0, 48), RUN, pending), 'ambiguous');
});

test('a weak quote is not looked up among more probes than can be told apart', async () => {
  const plan = itinerary([R4[0], R6[1], A6]);
  const pending = outstanding([await asked(plan)], 5000);
  assert.is(quotedProbe(probeOf(pending, 7).subarray(0, 28), RUN, pending), 'ambiguous');
});

test('with none outstanding a weak quote is about no probe', async () => {
  const plan = itinerary([R4[0], R6[1], A6]);
  const pending = outstanding([await asked(plan)], 5000);
  const quote = probeOf(pending, 7).subarray(0, 28);
  for (let sequence = 0; sequence < pending.next(); sequence += 1) pending.settle(sequence, STATE.lost);
  assert.is(quotedProbe(quote, RUN, pending), null);
});

test('a probe that has its outcome is still known by 32 bits, and by 16 no more', async () => {
  for (const [plan, expected] of [
    [itinerary([R4[0], A4]), { sequence: 3, grade: 'quoted', leg: 0 }],
    [itinerary([R4[0], A6]), null],
  ] as const) {
    const pending = outstanding([await asked(plan)], 10);
    const quote = probeOf(pending, 3).subarray(0, 28);
    pending.settle(3, STATE.lost);
    assert.equal(quotedProbe(quote, RUN, pending), expected);
  }
});

test('a quoted length, address or half that fits no leg of the plan is not ours', async () => {
  const plan = itinerary([R4[0], R4[1], A4]);
  const pending = outstanding([await asked(plan)], 10);
  const quote = probeOf(pending, 7).subarray(0, 28);
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = quote.slice();
    setUint16(bytes, at, value);
    return bytes;
  };
  assert.ok(quotedProbe(quote, RUN, pending));
  assert.is(quotedProbe(changed(2, 105), RUN, pending), null, 'a total length of no leg');
  assert.is(quotedProbe(changed(2, 84), RUN, pending), null, "another leg's length, with IDs in the wrong order");
  assert.is(quotedProbe(changed(14, 0x0202), RUN, pending), null, 'another source');
  assert.is(quotedProbe(changed(18, 0x6402), RUN, pending), null, 'another destination');
  for (let bit = 0; bit < 16; bit += 1) {
    const high = changed(24, ((quote[24]! << 8) | quote[25]!) ^ (1 << bit)); // the inner header's ID
    assert.is(quotedProbe(high, RUN, pending), null, `bit ${bit} of the second half`);
  }
});

test('a probe of another run is not ours, however much is quoted', async () => {
  const plan = itinerary([R4[0], R4[1], A4]);
  const pending = outstanding([await asked(plan)], 10);
  const theirs = probeOf(pending, 7, runFrom(6));
  for (let end = 28; end <= theirs.length; end += 1) assert.is(quotedProbe(theirs.subarray(0, end), RUN, pending), null, `${end} bytes`);
});

test('an identity whose tag is wrong proves nothing', async () => {
  const plan = itinerary([R6[0], R6[1], A6]);
  const pending = outstanding([await asked(plan)], 10);
  const probe = probeOf(pending, 7);
  for (let bit = 0; bit < 64; bit += 1) {
    const quote = probe.slice();
    quote[3 * 40 + 8 + 20 + (bit >> 3)]! ^= 1 << (bit & 7);
    assert.is(quotedProbe(quote, RUN, pending), null, `bit ${bit}`);
  }
});

test('a proof is of the question that was asked: another path under the same sequence is not', async () => {
  const question = await asked(itinerary([R6[0], A6]), 4);
  const pending = outstanding([question], 10);
  assert.is(quotedProbe(craft(question.template, RUN, 5, 7, 1n), RUN, pending), null);
});

/** Several questions of one run, with their plans. With a high half of 0, a run leaves out its first 65,536 sequences. */
const crowds = fc.record({
  plans: fc.array(itineraries, { minLength: 1, maxLength: 5 }),
  run: runs.filter(({ idKey }) => idKey > 0xffff),
  pick: fc.nat(1000),
  legs: fc.nat(5),
});

test('cut at any length from 28 on, a quote is about its own probe, about nobody, or ambiguous: never about another', async () => {
  await fc.assert(
    fc.asyncProperty(crowds, async ({ plans, run, pick, legs }) => {
      const pending = outstanding(await questionsOf(plans), 20, run);
      const sequence = firstFrom(pending, pick % pending.next());
      const plan = pending.question(sequence)!.itinerary;
      const leg = legs % plan.layers.length;
      const packet = unwrapped(probeOf(pending, sequence, run), plan, leg, 1);
      for (let end = 28; end <= packet.length; end += 1) {
        const about = quotedProbe(packet.subarray(0, end), run, pending);
        if (about === null || about === 'ambiguous') assert.ok(mayBeUnknown(plan, leg, end), `${end} bytes of leg ${leg}: ${about}`);
        else assert.equal([about.sequence, about.leg], [sequence, leg], `${end} bytes of leg ${leg}`);
      }
    }),
    { numRuns: 300 },
  );
});

const questionsOf = (plans: readonly Itinerary[]): Promise<Question[]> => Promise.all(plans.map((plan, path) => asked(plan, path)));

function firstFrom(pending: Pending, from: number): number {
  let sequence = from;
  while (pending.question(sequence) === undefined) sequence = (sequence + 1) % pending.next();
  return sequence;
}

/** Where the quote ends before the payload, and does not show an IPv4 ID and the next header's half. */
function mayBeUnknown(plan: Itinerary, leg: number, end: number): boolean {
  const layers = plan.layers.slice(leg).map(({ destination }) => familyOf(destination));
  const payloadAt = layers.reduce<number>((sum, family) => sum + (family === 4 ? 20 : 40), 8 + 36);
  if (end >= payloadAt) return false;
  return layers[0] === 6 || layers[1] === 6;
}

test.run();
