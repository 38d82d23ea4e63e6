/** The live engine holds the engine contract: this file runs again inside the vantage of a lab, whose kernels answer. */
import { test } from 'uvu';
import { openLive } from '../../src/engine/live/live.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { fixture } from '../lab/raised.ts';
import { runWithin, WITHIN } from '../lab/within.ts';
import { rootMissing, skip } from '../skip.ts';
import { engineContract } from './contract.ts';

const within = process.env[WITHIN];
const reason = rootMissing();

if (reason) {
  skip('the live engine holds the engine contract', reason);
  test.run();
} else if (within === undefined) {
  // Answers come home another way than probes leave, and by an address that no link has.
  await runWithin({ ...fixture('uplinks', 'contract'), name: 'x_contract' }, import.meta.url, 45_000);
} else {
  const topology = JSON.parse(within) as Topology;
  engineContract('live', async () => ({
    engine: openLive({ interface: null, source: null, largest: 0, bufferBytes: 32 << 20 }),
    topology,
  }));
  test.run();
}
