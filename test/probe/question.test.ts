import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BeaconError } from '../../src/error.ts';
import { question } from '../../src/probe/question.ts';
import { A4, A6, itinerary, R4, R6, routing } from './plans.ts';

test('a question knows its way out, its lengths and its addresses as bytes', async () => {
  const asked = await question(routing(), itinerary([R4[0], R6[0], A4]), 9);
  assert.is(asked.route.destination, R4[0]);
  assert.is(asked.path, 9);
  assert.equal(asked.lengths, [124, 104, 64]);
  assert.equal([...asked.addresses[0]!.destination], [198, 51, 100, 1]);
  assert.is(Buffer.from(asked.addresses[1]!.source).toString('hex'), '20010db8000000000000000000000001');
  assert.is(asked.template.bytes.length, 124);
});

test('a probe as long as the MTU goes out, one byte more is refused', async () => {
  const plan = itinerary([R4[0], R4[1], A4]);
  assert.is((await question(routing(104), plan, 0)).lengths[0], 104);
  assert.is(await refusal(103, plan), 'ERR_MTU');
});

test('the refusal shows the arithmetic, both families named', async () => {
  const plan = itinerary([R4[0], R6[0], A6], { size: 1600 });
  const error = await question(routing(1500), plan, 0).then(() => null, String);
  const sum = '1 IPv4 headers of 20 + 2 IPv6 headers of 40 + 44 of transport and identity = 144';
  assert.is(error, `BeaconError: A probe of 1600 bytes exceeds the MTU of 1500 on test0 (${sum}): give a shorter path or a smaller --size`);
});

async function refusal(mtu: number, plan: ReturnType<typeof itinerary>): Promise<string | null> {
  const thrown = await question(routing(mtu), plan, 0).then(
    () => null,
    (error: unknown) => error,
  );
  return thrown instanceof BeaconError ? thrown.code : null;
}

test.run();
