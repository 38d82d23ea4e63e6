/** A listener on one interface: whole packets, and those that the kernel had no room for are counted. Runs again inside a lab's vantage. */
import { createSocket } from 'node:dgram';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listen } from '../../src/engine/live/listen.ts';
import { rootMissing, skip } from '../skip.ts';
import { fixture } from './raised.ts';
import { runWithin, WITHIN } from './within.ts';

const SIZE = 300;
const PORT = 9;

/** Datagrams to the next router; resolves once the kernel has them all. */
async function send(count: number): Promise<void> {
  const socket = createSocket('udp4');
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => socket.send(new Uint8Array(SIZE), PORT, '10.0.0.2', resolve));
  socket.close();
}

const reason = rootMissing();

if (reason) {
  skip('a listener counts what it takes and what was dropped', reason);
  test.run();
} else if (process.env[WITHIN] === undefined) {
  await runWithin(fixture('line', 'g_listen'), import.meta.url, 45_000);
} else {
  for (const [title, bufferBytes, count, drops] of [
    ['with room for all, all are taken', 8 << 20, 200, false],
    ['with hardly any room, what was received is what was taken and what was dropped', 1 << 18, 4000, true],
  ] as const) {
    test(title, async () => {
      const listening = await listen({ device: 'to_r1', filter: `udp dst port ${PORT}`, bufferBytes });
      await send(count);
      const batches = await listening.rest();
      const { received, dropped } = listening.counts();
      await listening.close();
      const taken = batches.reduce((sum, { ends }) => sum + ends.length, 0);
      assert.equal([received, taken + dropped, dropped > 0], [count, count, drops]);
      const lengths = new Set(batches.flatMap((batch) => [...batch.lengths]));
      assert.equal([...lengths], [14 + 20 + 8 + SIZE]); // Ethernet, IPv4, UDP
    });
  }

  test('a wait ends with its signal, and with its time', async () => {
    const listening = await listen({ device: 'any', filter: 'udp port 1' });
    const stop = new AbortController();
    const waiting = listening.next(60_000, stop.signal);
    stop.abort();
    assert.is(await waiting, null);
    assert.is(await listening.next(20, new AbortController().signal), null);
    await listening.close();
  });

  test.run();
}
