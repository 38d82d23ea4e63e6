/**
 * The addon in worker threads that are ended at any moment: while it opens, and while it watches. The main thread never loads it,
 * so it is unloaded with each worker, and code that still ran then would end the process.
 */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { namespaces } from '../lab/namespaces.ts';
import { rootMissing, skip } from '../skip.ts';

const ADDON = JSON.stringify(join(PACKAGE_ROOT, 'native/build/Release/beacon.node'));

/** Opens a socket, watches it, and never ends. */
const WORKER = `
  const { PcapSocket } = require(${ADDON});
  const socket = new PcapSocket({ filter: 'icmp', snapLength: 1600, bufferBytes: 1 << 20 });
  socket.activate().then(() => socket.watch(() => {}));
  require('node:worker_threads').parentPort.postMessage('begun');
  setInterval(() => {}, 1000);`;

/** Opening takes 10 to 20 ms: the first of these are ended while it is under way, the last long after. */
const MAIN = `
  const { Worker } = require('node:worker_threads');
  const { setTimeout: sleep } = require('node:timers/promises');
  (async () => {
    for (const afterMs of [0, 2, 5, 8, 12, 16, 20, 25, 30, 60]) {
      const workers = [1, 2].map(() => new Worker(${JSON.stringify(WORKER)}, { eval: true }));
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
      await sleep(afterMs);
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
    console.log('all ended');
  })();`;

const reason = rootMissing();
const title = 'worker threads that open a socket or wait for packets can be ended at any moment';
if (reason) skip(title, reason);
else
  test(title, async () => {
    await using net = namespaces(['live_threads'], []);
    const { code, stdout, stderr } = await net.run('live_threads', process.execPath, '-e', MAIN);
    assert.equal([code, stdout, stderr], [0, 'all ended\n', '']);
  });

test.run();
