/** Probes whose inner headers carry other addresses than ours as source: their landings and errors are still told apart. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Itinerary } from '../../src/probe/itinerary.ts';
import { FAMILIES } from '../../src/wire/family.ts';
import { A4, A6, asked, icmpPacket, itinerary, R4, R6, unwrapped } from './plans.ts';
import { pendingOf, probeOf, SEQUENCE, seen } from './sighted.ts';

/** The last header's source is this. */
const homeFrom = (plan: Itinerary, source: string): Itinerary => ({
  ...plan,
  layers: [...plan.layers.slice(0, -1), { ...plan.layers.at(-1)!, source }],
});
const SECOND = { [A4]: '192.0.2.77', [A6]: '2001:db8::77' };
const WAYS = [
  [R4, A4],
  [R6, A6],
] as const;

test('a probe lands with the source that its plan gives the last header, and with no other', async () => {
  for (const [[r1, r2], us] of WAYS)
    for (const source of [SECOND[us]!, r1]) {
      const plain = itinerary([r1, r2, r1, us]);
      const plan = homeFrom(plain, source);
      const [question, other] = [await asked(plan), await asked(plain)];
      const home = unwrapped(probeOf(question), plan, 3);
      assert.equal([seen(home, pendingOf(question)).kind, seen(home, pendingOf(other)).kind === 'landing'], ['landing', false]);
    }
});

test("a router's error about a probe that carries the router's own address as source is an answer, not our own stack's", async () => {
  for (const [[r1, r2], us] of WAYS) {
    const question = await asked(homeFrom(itinerary([r1, r2, r1, us]), r1));
    const { number, icmp } = FAMILIES[us === A4 ? 4 : 6];
    const expired = { type: icmp.timeExceeded, code: 0 };
    const told = seen(icmpPacket(r1, us, expired, probeOf(question)), pendingOf(question));
    assert.equal(told.kind === 'answer' && [told.sequence, told.answer.from, told.answer.icmp.family], [SEQUENCE, r1, number]);
    const ours = seen(icmpPacket(us, us, expired, probeOf(question)), pendingOf(question));
    assert.equal(ours, { kind: 'self' });
  }
});

test.run();
