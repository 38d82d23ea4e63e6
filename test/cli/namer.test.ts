/** Names: a line waits 300 ms for one at most, and those that come later are told at the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createNamer } from '../../src/cli/namer.ts';
import type { Names } from '../../src/host/names.ts';

/** Each name takes its time. */
const slow = (delays: Readonly<Record<string, number>>): Names => ({
  addresses: async () => [],
  name: async (address) => {
    const delayMs = delays[address];
    if (delayMs === undefined) return null;
    await sleep(delayMs, undefined, { ref: delayMs < 1000 }); // the test does not wait for a slow name either
    return `${address}.example`;
  },
});

async function timed<Value>(work: Promise<Value>): Promise<readonly [Value, number]> {
  const began = performance.now();
  const value = await work;
  return [value, performance.now() - began];
}

test('a name that is known soon is in its line', async () => {
  const namer = createNamer(slow({ '10.0.0.1': 20 }), false);
  assert.is(await namer.soon('10.0.0.1'), '10.0.0.1.example');
  assert.is(await namer.soon('10.0.0.9'), null);
  assert.equal(namer.late(), []);
});

test('a line waits 300 ms, and the name comes at the end', async () => {
  const namer = createNamer(slow({ '10.0.0.1': 500, '10.0.0.2': 60_000 }), false);
  const [[name, tookMs], [other]] = await Promise.all([timed(namer.soon('10.0.0.1')), timed(namer.soon('10.0.0.2'))]);
  assert.equal([name, other], [null, null]);
  assert.ok(tookMs >= 290 && tookMs < 450, `${tookMs} ms`);
  assert.equal(namer.late(), []);
  await sleep(300);
  assert.equal(namer.late(), [{ type: 'name', address: '10.0.0.1', name: '10.0.0.1.example' }]);
});

test('-n asks for no name, and a silent hop has none', async () => {
  const never: Names = { addresses: async () => [], name: async () => assert.unreachable('asked') as never };
  assert.is(await createNamer(never, true).soon('10.0.0.1'), null);
  assert.is(await createNamer(never, false).soon(null), null);
});

test.run();
