/** A worker thread that opens the engine cap and tells how it was refused. Plain JavaScript: the loader of the sources begins here. */
import { parentPort } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { openCap } = await import('../../src/engine/cap/cap.ts');
try {
  openCap({ interface: null, source: null, largest: 0 });
  parentPort.postMessage('opened');
} catch ({ code, message }) {
  parentPort.postMessage(`${code} ${message}`);
}
