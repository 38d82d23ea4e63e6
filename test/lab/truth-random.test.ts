// limit: 240 s
/** Random networks of kernel routers: traces show the topology's paths, tables the losses that the routers count, and no other. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { random } from '../../src/engine/simulated/random.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import type { Counters } from '../../src/topology/counters.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';
import { rootMissing, skip } from '../skip.ts';
import { nodeIn, of } from '../truth/commands.ts';
import { assertNoEntry, assertPath, assertWalked, waysShown } from '../truth/paths.ts';
import { type RandomNetwork, randomNetworks } from '../truth/random-topology.ts';
import { errorsOf } from '../truth/rows.ts';
import { runJson } from './measured.ts';

const NETWORKS = 10;
/** Of each direction of each link: a share up to this. */
const MOST_BACKGROUND_LOSS = 1e-4;
const COUNT = 200;
const FAMILIES = [4, 6] as const;
const TITLE = `on ${NETWORKS} random networks of kernel routers the traces there, back and between show the topology's paths, and probes the routers' losses`;

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

/** What links lose in the background is rare: what a table says is lost, some router has counted. */
async function probeAll(lab: Lab, { start }: RandomNetwork, family: FamilyNumber): Promise<void> {
  const before = lostIn(await lab.counters());
  const events = await runJson(lab, ['probe', `-${family}`, '-s', start, '-d', 'd', '-c', `${COUNT}`, '-t', '1']);
  const counted = lostIn(await lab.counters()) - before;
  const rows = of(events, 'tally');
  for (const row of rows) {
    assert.is(row.received + row.lost + row.unknown + errorsOf(row), row.sent, JSON.stringify(row));
    assert.is(row.duplicate, 0);
    if (row.state === 'visited') assert.ok(row.sent === COUNT && row.received >= COUNT - counted - errorsOf(row), JSON.stringify(row));
  }
  const lost = rows.reduce((sum, row) => sum + row.lost, 0);
  assert.ok(lost <= counted, `${lost} are told as lost, the routers lost ${counted}`);
}

const lostIn = ({ links }: Counters): number => links.reduce((sum, { lost }) => sum + lost, 0);

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
        const chance = random(network.seed);
        for (const { id } of lab.topology.links) await lab.fault(id, null, { ...NO_FAULT, loss: chance.fraction() * MOST_BACKGROUND_LOSS });
        for (const family of FAMILIES) await probeAll(lab, network, family);
      }),
      { numRuns: NETWORKS, endOnFailure: true, includeErrorInReport: true }, // each smaller one would be raised anew
    );
  });

test.run();
