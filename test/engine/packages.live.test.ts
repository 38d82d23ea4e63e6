/** The engines of the npm packages hold the engine contract, but for what their tables of limits name: in a lab whose kernels answer. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCap } from '../../src/engine/cap/cap.ts';
import { LIMITS, type Limit, limitText, type PackageName } from '../../src/engine/packages/limits.ts';
import { openPcap } from '../../src/engine/pcap/pcap.ts';
import { packageVersion } from '../../src/host/optional-package.ts';
import { addressesOf } from '../../src/topology/lookup.ts';
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
  await runWithin({ ...fixture('line', 'packages'), name: 'x_packages' }, import.meta.url, 45_000);
} else {
  const topology = JSON.parse(within) as Topology;
  for (const name of ['pcap', 'cap'] as const) {
    if (packageVersion(name) === null) skip(`${name} holds the engine contract`, 'the package is not built');
    else engineContract(name, async () => ({ engine: open(name), topology }), { cannot: cannot(name) });
  }
  if (packageVersion('pcap') !== null) ends(topology);
  test.run();
}

/** What `live` has no part that could end. */
function ends(topology: Topology): void {
  test('pcap: a process that is killed ends the run with ERR_ENGINE, and nobody waits for it', async () => {
    await using engine = open('pcap');
    await engine.route(addressesOf(topology, 'd', 4)[0]!);
    const [session] = sessions();
    process.kill(session!, 'SIGKILL');
    const began = performance.now();
    const said = await engine.receive(engine.nowNs() + 10_000_000_000n).then(
      () => 'nothing',
      ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
    );
    assert.match(said, /^ERR_ENGINE The process of the engine pcap ended by itself \(SIGKILL\)/);
    assert.ok(performance.now() - began < 1000);
  });

  test('pcap: what waits for it is told when it is closed, and its process is gone', async () => {
    const engine = open('pcap');
    await engine.route(addressesOf(topology, 'd', 4)[0]!);
    const waiting = engine.receive(engine.nowNs() + 60_000_000_000n).catch(({ message }: Error) => message);
    await engine.close();
    assert.match(String(await waiting), /after close/);
    assert.equal(sessions(), []);
  });
}

/** The processes of the package that are ours. */
function sessions(): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('pcap-session'));
}

const open = (name: PackageName) => OPENERS[name]({ interface: null, source: null, largest: 0, bufferBytes: 8 << 20 });

function cannot(name: PackageName): Record<string, string> {
  return Object.fromEntries(Object.entries(BROKEN[name]).map(([title, limit]) => [title, limitText(limit)]));
}
