/** A listener on loopback: both ways, whole packets, and what the kernel had no room for is counted. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listen } from '../../src/engine/live/listen.ts';
import { rootMissing, skip } from '../skip.ts';

const SIZE = 300;
const reason = rootMissing();

/** Datagrams to ourselves; resolves once the kernel has them all. */
async function send(to: Socket, count: number): Promise<void> {
  const socket = createSocket('udp4');
  const { port } = to.address();
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => socket.send(new Uint8Array(SIZE), port, '127.0.0.1', resolve));
  socket.close();
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

if (reason) skip('a listener counts what it takes and what was dropped', reason);
else {
  test('what was received is what was taken and what was dropped', async () => {
    const to = await bound();
    for (const [bufferBytes, count, drops] of [
      [8 << 20, 200, false],
      [1 << 18, 4000, true], // a block of the ring, for some hundreds
    ] as const) {
      const listening = await listen({ device: 'lo', filter: `udp dst port ${to.address().port}`, bufferBytes });
      await send(to, count);
      const batches = await listening.rest();
      const taken = batches.reduce((sum, { ends }) => sum + ends.length, 0);
      const { received, dropped } = listening.counts();
      await listening.close();
      assert.is(received, count);
      assert.is(taken + dropped, count);
      assert.is(dropped > 0, drops, `${dropped} dropped`);
      const lengths = new Set(batches.flatMap((batch) => [...batch.lengths]));
      assert.equal([...lengths], [14 + 20 + 8 + SIZE]); // Ethernet, IPv4, UDP
    }
    to.close();
  });

  test('a wait ends with its signal, and with its time', async () => {
    const listening = await listen({ device: 'lo', filter: 'udp port 1' });
    const stop = new AbortController();
    const waiting = listening.next(60_000, stop.signal);
    stop.abort();
    assert.is(await waiting, null);
    assert.is(await listening.next(20, new AbortController().signal), null);
    await listening.close();
  });
}

test.run();
