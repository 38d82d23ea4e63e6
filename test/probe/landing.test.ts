/** Which packets are probes that came home. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { match } from '../../src/probe/match.ts';
import { LINK_TYPE } from '../../src/wire/link.ts';
import { outline } from '../../src/wire/outline.ts';
import { A4, asked, itinerary, R4, R6, unwrapped } from './plans.ts';
import { BOOMERANGS, pendingOf, probeOf, RUN, SEQUENCE, seen } from './sighted.ts';

test('the innermost packet lands, with the ttl it has left', async () => {
  for (const plan of BOOMERANGS) {
    const question = await asked(plan);
    const home = unwrapped(probeOf(question), plan, plan.layers.length - 1, 61);
    assert.equal(seen(home, pendingOf(question)), { kind: 'landing', sequence: SEQUENCE, ttl: 61, trafficClass: 0 });
  }
});

test('with ipip landing the two innermost headers land, and nothing less or more', async () => {
  const plan = { ...itinerary([R4[0], R4[1], R4[0], A4, A4]), landing: 2 };
  const question = await asked(plan);
  const kinds = [0, 1, 2, 3, 4].map((count) => seen(unwrapped(probeOf(question), plan, count), pendingOf(question)).kind);
  assert.equal(kinds, ['passing', 'passing', 'passing', 'landing', 'passing']);
});

test('a probe seen on its way is passing', async () => {
  const plan = itinerary([R4[0], R4[1], A4]);
  const question = await asked(plan);
  for (const count of [0, 1]) assert.equal(seen(unwrapped(probeOf(question), plan, count), pendingOf(question)), { kind: 'passing' });
});

test('a probe that is not meant to come home never lands', async () => {
  for (const plan of [itinerary([R4[0]]), itinerary([R6[0]], { transport: 'icmp' })]) {
    const question = await asked(plan);
    assert.equal(seen(probeOf(question), pendingOf(question)), { kind: 'passing' });
  }
});

test('a landing between other addresses than the plan says is none', async () => {
  const plan = itinerary([R4[0], A4]);
  const question = await asked(plan);
  const other = await asked({ ...itinerary([R4[0], R4[2]]), landing: 1 });
  assert.equal(seen(unwrapped(probeOf(other), plan, 1), pendingOf(question)), { kind: 'passing' });
});

test('one flipped bit of a landed probe, wherever it is behind the IP header, is not a landing', async () => {
  for (const plan of BOOMERANGS) {
    const question = await asked(plan);
    const pending = pendingOf(question);
    const home = unwrapped(probeOf(question), plan, plan.layers.length - 1);
    for (let bit = outline(home, 0)!.at * 8; bit < home.length * 8; bit += 1) {
      const flipped = home.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      assert.ok(['corrupted', 'foreign'].includes(seen(flipped, pending).kind), `bit ${bit}`);
    }
  }
});

test('a changed identity is corrupted even where the checksum was made right again', async () => {
  const plan = itinerary([R4[0], A4]);
  const question = await asked(plan);
  const pending = pendingOf(question);
  const home = unwrapped(probeOf(question), plan, 1);
  const swapped = home.slice();
  swapped.set(home.subarray(28 + 16, 28 + 18), 28 + 18); // the sequence's words: their sum stays when they change places
  swapped.set(home.subarray(28 + 18, 28 + 20), 28 + 16);
  assert.equal(seen(swapped, pending), { kind: 'corrupted' });
});

test('what lands on Ethernet, padded, in a VLAN, lands', async () => {
  const plan = itinerary([R4[0], A4]);
  const question = await asked(plan);
  const home = unwrapped(probeOf(question), plan, 1);
  const frame = Buffer.concat([Buffer.from('020000000001020000000002810000070800', 'hex'), home, Buffer.alloc(20, 0xee)]);
  assert.is(match({ bytes: frame, linkType: LINK_TYPE.ethernet, timeNs: 0n }, RUN, pendingOf(question)).kind, 'landing');
});

test.run();
