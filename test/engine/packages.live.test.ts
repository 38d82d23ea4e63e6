/** The engines of the npm packages hold the engine contract, but for what their tables of limits name: in a lab whose kernels answer. */
import { test } from 'uvu';
import { openCap } from '../../src/engine/cap/cap.ts';
import { LIMITS, type Limit, limitText, type PackageName } from '../../src/engine/packages/limits.ts';
import { openPcap } from '../../src/engine/pcap/pcap.ts';
import { packageVersion } from '../../src/host/optional-package.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { fixture } from '../lab/raised.ts';
import { runWithin, WITHIN } from '../lab/within.ts';
import { rootMissing, skip } from '../skip.ts';
import { engineContract } from './contract.ts';

const OPENERS = { pcap: openPcap, cap: openCap };
/** Claims of the contract, and the limit that each engine breaks it by. */
const BROKEN: Readonly<Record<PackageName, Readonly<Record<string, Limit>>>> = {
  pcap: {},
  cap: { 'a packet is stamped when it comes, not when we look': LIMITS.cap.stamps },
};

const within = process.env[WITHIN];
const reason = rootMissing();

if (reason) {
  skip('the engines of the packages hold the engine contract', reason);
  test.run();
} else if (within === undefined) {
  // One uplink: what comes home by another they cannot hear.
  await runWithin({ ...fixture('line', 'e4acontract'), name: 'x_e4acontract' }, import.meta.url, 45_000);
} else {
  const topology = JSON.parse(within) as Topology;
  for (const name of ['pcap', 'cap'] as const) {
    if (packageVersion(name) === null) skip(`${name} holds the engine contract`, 'the package is not built');
    else engineContract(name, async () => ({ engine: open(name), topology }), { cannot: cannot(name) });
  }
  test.run();
}

const open = (name: PackageName) => OPENERS[name]({ interface: null, source: null, largest: 0, bufferBytes: 8 << 20 });

function cannot(name: PackageName): Record<string, string> {
  return Object.fromEntries(Object.entries(BROKEN[name]).map(([title, limit]) => [title, limitText(limit)]));
}
