/** What a translator on the way did to a probe, as a quote shows it; the translation is done here by hand, checksums and all. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openAsk } from '../../src/probe/ask.ts';
import type { Itinerary } from '../../src/probe/itinerary.ts';
import { addressBytes } from '../../src/wire/address.ts';
import { setUint16, uint16 } from '../../src/wire/fields.ts';
import { A4, A6, asked, expired, itinerary, R4, R6, unwrapped } from './plans.ts';
import { scripted } from './scripted.ts';
import { pendingOf, probeOf, SEQUENCE, seen } from './sighted.ts';
import { OPTIONS, question, RUN, times } from './told.ts';

const X4 = '203.0.113.77';
const X6 = '2001:db8:77::1';
/** Offsets of RFC 791, RFC 8200, RFC 768 and RFC 792. */
const SOURCE_AT = { 4: 12, 6: 8 } as const;

async function answerTo(plan: Itinerary, change: (probe: Uint8Array) => void, legs = 0): Promise<ReturnType<typeof seen>> {
  const asking = await asked(plan);
  const probe = unwrapped(probeOf(asking), plan, legs, 1);
  change(probe);
  return seen(expired(probe, probe[0]! >> 4 === 6 ? R6[2] : R4[2]), pendingOf(asking));
}

const rewrittenIn = (sighting: ReturnType<typeof seen>): unknown => {
  assert.is(sighting.kind, 'answer');
  return sighting.kind === 'answer' && [sighting.sequence, sighting.answer.grade, sighting.rewritten];
};

test('another source in a quote is told, in both families, plain and nested', async () => {
  for (const destinations of [[R4[0]], [R4[0], R4[1], A4]]) {
    const changed = await answerTo(itinerary(destinations), (probe) => probe.set(addressBytes(X4), SOURCE_AT[4]));
    assert.equal(rewrittenIn(changed), [SEQUENCE, 'proven', { field: 'source', sent: A4, seen: X4 }]);
  }
  const six = await answerTo(itinerary([R6[0], R6[1], A6]), (probe) => probe.set(addressBytes(X6), SOURCE_AT[6]));
  assert.equal(rewrittenIn(six), [SEQUENCE, 'proven', { field: 'source', sent: A6, seen: X6 }]);
});

test('another source port or echo identifier is told', async () => {
  for (const [transport, at] of [
    ['udp', 20],
    ['icmp', 24],
  ] as const) {
    const plan = itinerary([R4[0]], { transport });
    const changed = await answerTo(plan, (probe) => setUint16(probe, at, 1024));
    assert.equal(rewrittenIn(changed), [SEQUENCE, 'proven', { field: 'source port', sent: `${plan.flow.sourcePort}`, seen: '1024' }]);
  }
});

test('another IP ID is told, on every leg; one in the other byte order is the quoting router’s own', async () => {
  const plan = itinerary([R4[0], R4[1], A4]);
  for (const leg of [0, 1, 2]) {
    let sent = 0;
    const changed = await answerTo(
      plan,
      (probe) => {
        sent = uint16(probe, 4);
        setUint16(probe, 4, sent ^ 0x0110);
      },
      leg,
    );
    assert.equal(rewrittenIn(changed), [SEQUENCE, 'proven', { field: 'ID', sent: `${sent}`, seen: `${sent ^ 0x0110}` }]);
  }
  const swapped = await answerTo(plan, (probe) => probe.set([probe[5]!, probe[4]!], 4));
  assert.equal(rewrittenIn(swapped), [SEQUENCE, 'proven', null]);
});

test('what says nothing of the sender is nobody’s translation: destination, its port, checksums, DSCP and ttl', async () => {
  const changes: ((probe: Uint8Array) => void)[] = [
    () => {},
    (probe) => probe.set(addressBytes(X4), 16),
    (probe) => setUint16(probe, 22, 53),
    (probe) => setUint16(probe, 26, 0xbeef),
    (probe) => setUint16(probe, 10, 0xbeef),
    (probe) => probe.set([0xb8], 1),
    (probe) => probe.set([9], 8),
  ];
  for (const change of changes) assert.equal(rewrittenIn(await answerTo(itinerary([R4[0]]), change)), [SEQUENCE, 'proven', null]);
});

test('a quote that is not proven ours says nothing of translation', async () => {
  const plan = itinerary([R4[0], R4[1], A4]);
  const asking = await asked(plan);
  const sighting = seen(expired(probeOf(asking).subarray(0, 28)), pendingOf(asking));
  assert.equal(rewrittenIn(sighting), [SEQUENCE, 'quoted', null]);
});

test('a probe that comes home under another source has not landed, and tells of the translation', async () => {
  const plan = itinerary([R4[0], A4, A4]);
  const asking = await asked({ ...plan, landing: 2 });
  const probe = unwrapped(probeOf(asking), plan, 1);
  probe.set(addressBytes(R4[0]), SOURCE_AT[4]);
  assert.equal(seen(probe, pendingOf(asking)), { kind: 'translated', rewritten: { field: 'source', sent: A4, seen: R4[0] } });
});

test('a run remembers the first translation that it saw', async () => {
  const engine = scripted({
    replies: ({ bytes }) => {
      const quoted = bytes.slice();
      quoted.set(addressBytes(X4), SOURCE_AT[4]);
      return [{ bytes: expired(quoted), afterNs: 1000 }];
    },
  });
  const asking = openAsk(engine, RUN);
  assert.is(asking.rewritten(), null);
  for await (const _ of asking.ask(times(3, question), OPTIONS));
  assert.equal(asking.rewritten(), { field: 'source', sent: A4, seen: X4 });
});

test.run();
