/** The engine that records and the one that replays it: both hold the contract, one after the other on the same recordings. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Engine, Packet, Route } from '../../src/engine/engine.ts';
import { readRecorded } from '../../src/engine/replay/recorded.ts';
import { replay } from '../../src/engine/replay/replay.ts';
import { simulated } from '../../src/engine/simulated/simulated.ts';
import { fixture } from '../lab/raised.ts';
import { engineContract } from './contract.ts';
import { recordingOf } from './recording.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'braceroute-'));
process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
const file = (name: string | number): string => join(FOLDER, `${name}.pcapng`);

const topology = fixture('line', 'replay');
let [made, taken] = [0, 0];

engineContract('recording', async () => ({ engine: recordingOf(simulated(topology), file(made++)), topology }));

/** The contract's claims come in the same order: each replays what the one above recorded. */
engineContract('replay', async () => ({ engine: replay(await readRecorded(file(taken++))), topology }));

const ROUTE: Route = { destination: '192.0.2.1', interface: 'eth9', source: '192.0.2.2', nextHop: '192.0.2.1', mtu: 1500 };
const IP = Uint8Array.from([0x45, 0, 0, 20, 0, 7, 0, 0, 64, 17, 0, 0, 192, 0, 2, 2, 192, 0, 2, 1]);

/** A clock that is set by hand, and packets that come when they are told to. */
function scripted(nowNs: bigint, arrivals: readonly Packet[][]): Engine & { set(timeNs: bigint): void } {
  let now = nowNs;
  const waiting = [...arrivals];
  const close = async (): Promise<void> => {};
  return {
    name: 'live',
    can: { realTime: true, countDrops: true },
    nowNs: () => now,
    set: (timeNs) => (now = timeNs),
    route: async () => ROUTE,
    send: (_, packets) => packets.length,
    receive: async () => waiting.shift() ?? [],
    drops: () => 0,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const packet = (timeNs: bigint): Packet => ({ bytes: IP, linkType: 101, timeNs, arrivedBy: 'eth9' });

test('what comes after a deadline waits for a later one, and the clock stands between packets', async () => {
  const inner = scripted(1000n, [[packet(1500n), packet(2500n)], [], []]);
  await using engine = recordingOf(inner, file('gate'));
  inner.set(9000n);
  assert.is(engine.nowNs(), 1000n);
  assert.equal(
    (await engine.receive(2000n)).map(({ timeNs }) => timeNs),
    [1500n],
  );
  assert.is(engine.nowNs(), 1500n);
  assert.equal(await engine.receive(2000n), []);
  assert.is(engine.nowNs(), 2000n);
  assert.equal(
    (await engine.receive(3000n)).map(({ timeNs }) => timeNs),
    [2500n],
  );
  engine.send(ROUTE, [IP]);
  assert.equal([engine.nowNs(), engine.lastSent!().timeNs], [9000n, 9000n]);
});

test('the replay hands out the same at the same calls, and tells when each packet was sent', async () => {
  const inner = scripted(1000n, [[packet(1500n)], [packet(1600n)], [], [packet(5000n)]]);
  const script = async (engine: Engine, sending: () => void): Promise<unknown[]> => {
    const seen: unknown[] = [(await engine.route('192.0.2.1')).interface];
    for (const untilNs of [2000n, 2000n, 2000n]) seen.push((await engine.receive(untilNs)).length, engine.nowNs());
    sending();
    seen.push(engine.send(await engine.route('192.0.2.1'), [IP]), engine.lastSent!().timeNs, engine.nowNs());
    seen.push(
      (await engine.receive(9000n)).map(({ timeNs, arrivedBy }) => [timeNs, arrivedBy]),
      engine.nowNs(),
    );
    return seen;
  };
  const engine = recordingOf(inner, file('calls'));
  const live = await script(engine, () => inner.set(4000n));
  await engine[Symbol.asyncDispose]();
  await using again = replay(await readRecorded(file('calls')));
  assert.equal(await script(again, () => {}), live);
  assert.equal(again.notices!(), []);
  assert.not.ok(again.isIncomplete());
});

test('what the recording does not hold is taken, and told to be of no number', async () => {
  await using engine = replay(await readRecorded(file('calls')));
  const route = await engine.route('192.0.2.1');
  const other = IP.with(8, 9);
  assert.is(engine.send(route, [other]), 1);
  assert.is(engine.lastSent!().sequence, null);
  assert.ok(engine.isIncomplete());
  assert.equal(
    engine.notices!().map(({ code }) => code),
    ['NOT_RECORDED'],
  );
});

test('capinfos counts what was sent and received, and reads the name, the filter and the counters', () => {
  const text = execFileSync('capinfos', [file('calls')], { encoding: 'utf8' });
  assert.match(text, /Number of packets:\s+4\n/);
  assert.match(text, /Capture application: a test\n/);
  assert.match(text, /Interface #0 info:\n\s+Name = any\n[^#]*Filter string = icmp\n[^#]*Number of stat entries = 1\n/);
});

test('--flush: each packet is in the file before the next is sent', async () => {
  const inner = scripted(1000n, []);
  await using engine = recordingOf(inner, file('flush'), true);
  for (let count = 1; count <= 3; count += 1) {
    engine.send(ROUTE, [IP]);
    assert.is((await readRecorded(file('flush'))).packets, count);
  }
});

test.run();
