/** How live engines end: while somebody waits, twice, and without anybody closing them. */
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLive } from '../../src/engine/live/live.ts';
import { loadAddon, type NativeSocket } from '../../src/host/addon.ts';
import { namespaces } from '../lab/namespaces.ts';
import { rootMissing, skip } from '../skip.ts';

/** Set in the process that runs in a namespace of its own, where no packets are. */
const QUIET = 'BEACON_TEST_QUIET';
const reason = rootMissing();
const open = () => openLive({ interface: null, source: null, largest: 0, bufferBytes: 1 << 20 });

if (reason) {
  skip('how live engines end', reason);
  test.run();
} else if (process.env[QUIET] === undefined) {
  await using net = namespaces(['live_quiet'], []);
  const argv = ['env', `${QUIET}=1`, process.execPath, '--expose-gc', '--import', 'tsx', fileURLToPath(import.meta.url)];
  const { code, stdout, stderr } = await net.run('live_quiet', ...argv);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code ?? 1;
} else {
  claims();
  test.run();
}

/** A native socket, ready. */
async function activated(): Promise<NativeSocket> {
  const socket = new (loadAddon().PcapSocket)({ filter: 'icmp', snapLength: 1600, bufferBytes: 1 << 20 });
  await socket.activate();
  return socket;
}

function claims(): void {
  test('closing wakes who waits, and tells him', async () => {
    const engine = open();
    await engine.receive(engine.nowNs());
    const waiting = engine.receive(engine.nowNs() + 60_000_000_000n).then(
      () => 'nothing',
      (error: Error) => error.message,
    );
    const began = performance.now();
    await engine.close();
    assert.match(await waiting, /after close/);
    assert.ok(performance.now() - began < 1000);
  });

  test('an engine can be closed before it is open', async () => {
    await open().close();
  });

  test('a native socket refuses work after its close, and a second close is none', async () => {
    const socket = await activated();
    socket.watch(() => {});
    await Promise.all([socket.close(), socket.close()]);
    const none = new Uint8Array(0);
    for (const late of [
      () => socket.take(1),
      () => socket.watch(() => {}),
      () => socket.linkType(),
      () => socket.dropped(),
      () => socket.send(1, 0x0800, none, [none]),
    ]) {
      assert.throws(late, (error: { code: string }) => error.code === 'ECLOSED');
    }
    socket.unwatch();
  });

  test('a socket that nobody closed, and that is watched, goes with the garbage', async () => {
    for (let i = 0; i < 3; i += 1) (await activated()).watch(() => {});
    globalThis.gc!();
    await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.gc!();
  });
}
