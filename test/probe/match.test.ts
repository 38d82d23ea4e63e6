/** What answers say about which probe. They are wrapped here by hand, as RFC 792 and RFC 4443 lay them out. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { match } from '../../src/probe/match.ts';
import { FAMILIES } from '../../src/wire/family.ts';
import { LINK_TYPE } from '../../src/wire/link.ts';
import { outline } from '../../src/wire/outline.ts';
import { bent } from '../wire/bent.ts';
import { A4, A6, asked, expired, icmpPacket, ipPacket, itineraries, itinerary, ourAddress, R4, R6, runFrom, unwrapped } from './plans.ts';
import { BOOMERANGS, pendingOf, probeOf, RUN, SEQUENCE, seen } from './sighted.ts';

test("another run's probe is foreign: landed, quoted or echoed", async () => {
  const theirs = runFrom(10);
  const plan = itinerary([R4[0], A4]);
  const question = await asked(plan);
  const pending = pendingOf(question);
  const probe = probeOf(question, SEQUENCE, theirs);
  assert.equal(seen(unwrapped(probe, plan, 1), pending), { kind: 'foreign' });
  assert.equal(seen(expired(probe), pending), { kind: 'foreign' });
  assert.equal(seen(expired(probe.subarray(0, 28)), pending), { kind: 'foreign' });
});

test('a time exceeded says who, what, how sure and on which leg', async () => {
  for (const plan of BOOMERANGS) {
    const question = await asked(plan);
    const probe = probeOf(question);
    const family = FAMILIES[probe[0]! >> 4 === 6 ? 6 : 4];
    const from = family.number === 4 ? R4[2] : R6[2];
    const icmp = { family: family.number, type: family.icmp.timeExceeded, code: 0 };
    const answer = { from, icmp, ttl: 60, grade: 'proven', leg: 0, mtu: null, quotedTtl: 2 };
    assert.equal(seen(expired(probe, from), pendingOf(question)), { kind: 'answer', sequence: SEQUENCE, answer, rewritten: null });
  }
});

test('an error about an inner header names its leg', async () => {
  const plan = itinerary([R4[0], R4[1], R4[0], A4]);
  const question = await asked(plan);
  const sighting = seen(expired(unwrapped(probeOf(question), plan, 2, 1).subarray(0, 28)), pendingOf(question));
  assert.equal(sighting.kind === 'answer' && [sighting.answer.leg, sighting.answer.grade], [2, 'quoted']);
});

test('a too big names the MTU', async () => {
  for (const [plan, icmp, from] of [
    [itinerary([R4[0], A4]), { type: 3, code: 4, rest: 1400 }, R4[1]],
    [itinerary([R6[0], A6]), { type: 2, rest: 1400 }, R6[1]],
  ] as const) {
    const question = await asked(plan);
    const sighting = seen(icmpPacket(from, ourAddress(from), icmp, probeOf(question)), pendingOf(question));
    assert.is(sighting.kind === 'answer' && sighting.answer.mtu, 1400);
  }
});

test('a redirect is a remark, in both families', async () => {
  const four = await asked(itinerary([R4[0], A4]));
  const redirect4 = icmpPacket(R4[1], A4, { type: 5, code: 1, rest: 0xc6336403 }, probeOf(four).subarray(0, 28));
  assert.equal(seen(redirect4, pendingOf(four)), { kind: 'redirect', sequence: SEQUENCE });
  const six = await asked(itinerary([R6[0], A6]));
  const quoted = probeOf(six);
  const body = new Uint8Array(32 + 8 + quoted.length + (-quoted.length & 7));
  body[32] = 4; // the redirected header option
  body[33] = (body.length - 32) / 8;
  body.set(quoted, 40);
  assert.equal(seen(icmpPacket('fe80::1', A6, { type: 137 }, body), pendingOf(six)), { kind: 'redirect', sequence: SEQUENCE });
});

test('an error with one flipped bit is no answer: of a short quote it would be one to another probe', async () => {
  const question = await asked(itinerary([R4[0], R4[1], A4]));
  const pending = pendingOf(question);
  for (const end of [28, probeOf(question).length]) {
    const error = expired(probeOf(question).subarray(0, end));
    for (let bit = 20 * 8; bit < error.length * 8; bit += 1) {
      const flipped = error.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      assert.ok(['corrupted', 'foreign'].includes(seen(flipped, pending).kind), `bit ${bit} of an error that quotes ${end} bytes`);
    }
  }
});

test('what our own stack says about a landed probe is self', async () => {
  for (const [plan, icmp] of [
    [itinerary([R4[0], A4]), { type: 3, code: 3 }],
    [itinerary([R6[0], A6]), { type: 1, code: 4 }],
    [itinerary([R6[0], A6]), { type: 4, code: 1, rest: 6 }],
  ] as const) {
    const question = await asked(plan);
    const us = plan.layers[1]!.destination;
    assert.equal(seen(icmpPacket(us, us, icmp, unwrapped(probeOf(question), plan, 1)), pendingOf(question)), { kind: 'self' });
  }
});

test('of a trace to ourselves our own stack is the target, and its word an answer', async () => {
  const question = await asked({ ...itinerary([A4]), landing: 0 });
  assert.is(seen(icmpPacket(A4, A4, { type: 3, code: 3 }, probeOf(question)), pendingOf(question)).kind, 'answer');
});

/** The reply that a host makes of an echo: addresses swapped, the rest as it came. */
function replyTo(probe: Uint8Array, from: string, to: string): Uint8Array {
  const found = outline(probe, 0)!;
  const { number, icmp } = FAMILIES[probe[0]! >> 4 === 6 ? 6 : 4];
  const rest = (probe[found.at + 4]! << 24) | (probe[found.at + 5]! << 16) | (probe[found.at + 6]! << 8) | probe[found.at + 7]!;
  assert.is(number, outline(probe, 0)!.layers[0]!.family);
  return icmpPacket(from, to, { type: icmp.echoReply, rest: rest >>> 0 }, probe.subarray(found.at + 8));
}

test('an echo reply is a proven answer', async () => {
  for (const [target, us, family, type] of [
    [R4[0], A4, 4, 0],
    [R6[0], A6, 6, 129],
  ] as const) {
    const question = await asked(itinerary([target], { transport: 'icmp' }));
    const answer = { from: target, icmp: { family, type, code: 0 }, ttl: 60, grade: 'proven', leg: null, mtu: null, quotedTtl: null };
    assert.equal(seen(replyTo(probeOf(question), target, us), pendingOf(question)), {
      kind: 'answer',
      sequence: SEQUENCE,
      answer,
      rewritten: null,
    });
  }
});

test('an echo that came home and that our own stack replies to has landed once: the reply is self', async () => {
  const plan = itinerary([R6[0], A6], { transport: 'icmp' });
  const question = await asked(plan);
  const pending = pendingOf(question);
  const home = unwrapped(probeOf(question), plan, 1);
  assert.is(seen(home, pending).kind, 'landing');
  assert.equal(seen(replyTo(home, A6, A6), pending), { kind: 'self' });
});

test('an echo reply under a sequence that was never sent is no answer', async () => {
  const question = await asked(itinerary([R4[0]], { transport: 'icmp' }));
  assert.equal(seen(replyTo(probeOf(question, 100), R4[0], A4), pendingOf(question)), { kind: 'passing' });
});

test('an echo reply that still wears another header is on its way', async () => {
  const question = await asked(itinerary([R4[0]], { transport: 'icmp' }));
  const nested = ipPacket(R4[1], A4, 4, replyTo(probeOf(question), R4[0], A4));
  assert.equal(seen(nested, pendingOf(question)), { kind: 'passing' });
});

test('an error within another header is not to us', async () => {
  const question = await asked(itinerary([R4[0], A4]));
  assert.equal(seen(ipPacket(R4[1], A4, 4, expired(probeOf(question))), pendingOf(question)), { kind: 'foreign' });
});

test("strangers' packets are foreign, and none makes it throw", async () => {
  const pending = pendingOf(await asked(itinerary([R4[0], A4])));
  const linkTypes = fc.oneof(fc.constantFrom(...Object.values(LINK_TYPE)), fc.integer());
  fc.assert(
    fc.property(bent, linkTypes, (bytes, linkType) => match({ bytes, linkType, timeNs: 0n }, RUN, pending).kind === 'foreign'),
    { numRuns: 3000 },
  );
});

test('our own packets, bent in any way, never make it throw, and never become another probe', async () => {
  const change = fc.record({ at: fc.nat(200), value: fc.nat(255) });
  const bends = fc.record({
    plan: itineraries,
    legs: fc.nat(5),
    wrapped: fc.boolean(),
    changes: fc.array(change, { maxLength: 3 }),
    cut: fc.nat(60),
  });
  await fc.assert(
    fc.asyncProperty(bends, async ({ plan, legs, wrapped, changes, cut }) => {
      const question = await asked(plan);
      const packet = unwrapped(probeOf(question), plan, legs % plan.layers.length);
      const bytes = wrapped ? expired(packet) : packet;
      for (const { at, value } of changes) if (at < bytes.length) bytes[at] = value;
      const sighting = seen(bytes.subarray(0, bytes.length - cut), pendingOf(question));
      if ('sequence' in sighting) assert.is(sighting.sequence, SEQUENCE);
    }),
    { numRuns: 1000 },
  );
});

test.run();
