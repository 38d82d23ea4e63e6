/** What the senders of a spray do where something is in the way: they refuse with the reason, or their counts stay true. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newRun } from '../../src/probe/run.ts';
import { itinerary, R4 } from '../probe/plans.ts';
import { rootMissing, skip } from '../skip.ts';
import { inside, ip, openSender, PEER, received, runInside, SENDERS, type Sending, sentAll, takeRedirected } from './spray-sending.ts';
import { SHAPES, type Shape } from './spray-shapes.ts';

const SHAPE = SHAPES['two IPv4 headers']!;
const TRIAL = 8; // frames that a live sender sends before it is believed

const reason = rootMissing();
if (reason) skip('faults of the spray senders', reason);
else if (inside === null) await runInside(import.meta.url);
else claims();

function open(sender: string, sending: Sending, shape: Shape = SHAPE): ReturnType<typeof openSender> {
  return openSender(sender, shape, newRun(), sending);
}

function thrown(call: () => unknown): Error & { readonly code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

function setThreaded(on: boolean): void {
  execFileSync('ip', ['netns', 'exec', PEER, 'sh', '-c', `echo ${on ? 1 : 0} > /sys/class/net/peer0/threaded`]);
}

/** What the peer has received since, once it is as much as expected, or after a second. */
async function settled(before: number, expected: number): Promise<number> {
  for (let tries = 0; tries < 50 && received() - before < expected; tries += 1) await sleep(20);
  return received() - before;
}

function claims(): void {
  test('a veth whose peer takes no redirected frames is refused, by what became of a trial', () => {
    const { message, code } = thrown(() => open('live', { perSecond: null, count: 1 }));
    assert.is(code, 'ESPRAY');
    assert.match(message, 'a trial of 8 frames did not leave us0: a veth takes redirected frames only where its peer has an XDP program');
  });

  test('what arrived, less the trial, is what was taken', async () => {
    takeRedirected(true);
    const before = received();
    const { taken, deviceDrops } = await sentAll(open('live', { perSecond: null, count: 50_000 }));
    assert.is(taken, 50_000);
    assert.is(received() - before, taken - deviceDrops! + TRIAL);
  });

  test('a packet that exceeds the MTU is refused by every sender before one is sent', () => {
    const large = { ...SHAPE, itineraries: [itinerary([R4[0]], { size: 1501 })] };
    for (const sender of SENDERS) {
      const { message, code } = thrown(() => open(sender, { perSecond: null, count: 1 }, large));
      assert.is(code, 'EMSGSIZE');
      assert.match(message, 'a packet of 1501 bytes exceeds the MTU of 1500 on us0');
    }
  });

  test('a second AF_XDP sender on a queue is refused, and one on the other queue is not', () => {
    const first = open('afxdp', { perSecond: 1000 });
    const { message } = thrown(() => open('afxdp', { perSecond: 1000 }));
    assert.match(message, 'queue 0 of us0 has an AF_XDP socket already: two threads need two queues');
    open('afxdp', { perSecond: 1000, queue: 1 }).close();
    first.close();
  });

  test('a queue that does not exist is named', () => {
    assert.match(thrown(() => open('afxdp', { perSecond: 1000, queue: 7 })).message, 'queue 7 of us0 does not exist');
  });

  test('a template with a place outside its packet is refused: nothing would stop the sender from writing there', () => {
    const outside = 'Template 0 has a place outside its packet';
    const places = {
      0: outside,
      2: 'Template 0 is cut off',
      6: outside,
      8: outside,
      14: 'Template 0 is cut off',
      16: outside,
      20: outside,
    };
    for (const [at, words] of Object.entries(places)) {
      const damage = (template: Uint8Array): void => {
        template.fill(0x7f, Number(at), Number(at) + 2); // length, bytes, identity, half, number of words, a swept word, an IPv4 header
      };
      const { name, message } = thrown(() => open('sendmmsg', { perSecond: 1000, damage }, SHAPES['swept ports']));
      assert.equal([name, message], ['RangeError', words]);
    }
  });

  for (const sender of SENDERS) {
    test(`${sender}: an interface that goes down ends the spray, and what was taken is what arrived`, async () => {
      const spray = open(sender, { perSecond: 20_000 });
      const before = received();
      spray.start();
      await sleep(100);
      ip('link', 'set', 'us0', 'down');
      while (!spray.counters().isFinished) await sleep(2);
      const { taken, deviceDrops, error } = spray.counters();
      spray.close();
      ip('link', 'set', 'us0', 'up');
      assert.match(error!.message, 'us0 went down');
      assert.is(error!.code, 'ENETDOWN');
      assert.is(received() - before, taken - deviceDrops!);
    });

    test(`${sender}: no more leaves than the pace allows`, async () => {
      const { taken } = await sentAll(open(sender, { perSecond: 20_000, durationNs: 1e9 }));
      assert.ok(taken <= 20_001, `${taken} in a second`);
      assert.ok(taken > 5_000, `${taken} in a second`); // what a busy machine lets through; the benchmark holds the rate to 0.5 %
    });

    test(`${sender}: a rate that grows evenly sends no more than half as much meanwhile`, async () => {
      const { taken } = await sentAll(open(sender, { perSecond: 20_000, durationNs: 5e8, rampNs: 5e8 }));
      assert.ok(taken <= 5_100, `${taken} in half a second`);
      assert.ok(taken > 1_250, `${taken} in half a second`);
    });

    test(`${sender}: a new pace holds from then on`, async () => {
      const spray = open(sender, { perSecond: 1_000 });
      const startMs = performance.now();
      spray.start();
      await sleep(100);
      spray.pace(50_000);
      const from = spray.counters();
      const fromMs = performance.now();
      await sleep(300);
      const to = spray.counters();
      const allowed = 50 * (performance.now() - fromMs);
      spray.close();
      assert.ok(from.taken <= fromMs - startMs + 10, `${from.taken} before`);
      assert.ok(to.taken - from.taken > 0.2 * 50 * 300, `${to.taken - from.taken} after`);
      assert.ok(to.taken - from.taken <= allowed + 100, `${to.taken - from.taken} of ${allowed}`);
    });

    test(`${sender}: at a packet in ten seconds it ends in time all the same`, async () => {
      const fromMs = performance.now();
      const { taken } = await sentAll(open(sender, { perSecond: 0.1, durationNs: 5e7 }));
      assert.is(taken, 1);
      assert.ok(performance.now() - fromMs < 5_000);
    });

    test(`${sender}: stopped in mid-run it counts what arrived`, async () => {
      const spray = open(sender, { perSecond: null });
      const before = received();
      spray.start();
      await sleep(50);
      spray.stop();
      while (!spray.counters().isFinished) await sleep(2);
      const { taken, deviceDrops } = spray.counters();
      spray.close();
      assert.ok(taken > 0);
      assert.is(received() - before, taken - deviceDrops!);
    });
  }

  test('a ring that overflows behind the sender is counted: what arrived is what was taken less what was dropped', async () => {
    setThreaded(true); // the peer then empties its ring of 256 when its thread gets to run
    for (const sender of SENDERS) {
      const before = received() + (sender === 'live' ? TRIAL : 0);
      const { taken, deviceDrops } = await sentAll(open(sender, { perSecond: null, durationNs: 1e8 }));
      const arrived = await settled(before, taken - deviceDrops!);
      assert.is(arrived, taken - deviceDrops!, sender);
      if (sender === 'live') assert.ok(deviceDrops! > 0, 'nothing was overrun'); // it is far faster than a thread that feeds the stack
    }
    setThreaded(false);
  });

  test('a spray ends with the last sequence there is', async () => {
    const last = { ...SHAPE, first: 2 ** 32 - 100, idKey: 0x5eed_0000 }; // no sequence of these is left out
    for (const sender of SENDERS) {
      const before = received();
      const { taken, next, error } = await sentAll(open(sender, { perSecond: 20_000 }, last));
      assert.is(error, null);
      assert.is(taken, 100);
      assert.is(next, 2 ** 32);
      assert.is(received() - before - (sender === 'live' ? TRIAL : 0), 100);
    }
  });

  test.run();
}
