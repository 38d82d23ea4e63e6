/** Random networks of kernel routers: the traces there, back and between show the topology's paths, whatever its costs and cycles. */
import fc from 'fast-check';
import { test } from 'uvu';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';
import { rootMissing, skip } from '../skip.ts';
import { nodeIn, of } from '../truth/commands.ts';
import { assertNoEntry, assertPath, assertWalked, waysShown } from '../truth/paths.ts';
import { type RandomNetwork, randomNetworks } from '../truth/random-topology.ts';
import { runJson } from './measured.ts';

const NETWORKS = 5;
const FAMILIES = [4, 6] as const;
const TITLE = `on ${NETWORKS} random networks of kernel routers the traces there, back and between show the topology's paths`;

async function traceAll(lab: Lab, { start }: RandomNetwork, family: FamilyNumber): Promise<void> {
  const { topology } = lab;
  const trace = (...argv: readonly string[]) => runJson(lab, [`-${family}`, '-n', '-c', '1', ...argv]); // stock routers answer six at once
  const there = await trace('d');
  assertWalked(
    topology,
    there,
    waysShown(topology, 'a', 'd', family).map((way) => way.slice(1)),
  );
  assertPath(topology, there, { from: 'a', to: 'd' });
  for (const from of ['d', start]) {
    const back = await trace('-r', from);
    if (!nodeIn(topology, from).decapsulates) assertNoEntry(back);
    else {
      assertWalked(topology, back, waysShown(topology, from, of(back, 'start')[0]!.target, family));
      assertPath(topology, back, { from, to: 'a' });
    }
  }
  const between = await trace('-s', start, 'd');
  if (!nodeIn(topology, start).decapsulates) return assertNoEntry(between);
  assertWalked(topology, between, waysShown(topology, start, 'd', family));
  assertPath(topology, between, { from: start, to: 'd' });
}

const reason = rootMissing();
if (reason) skip(TITLE, reason);
else
  test(TITLE, async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(randomNetworks('y_random'), async (network) => {
        count += 1;
        await using lab = await up({ ...network.topology, name: `y_${process.pid % 1_000_000}_${count}` });
        for (const family of FAMILIES) await traceAll(lab, network, family);
      }),
      { numRuns: NETWORKS, endOnFailure: true, includeErrorInReport: true }, // each smaller one would be raised anew
    );
  });

test.run();
