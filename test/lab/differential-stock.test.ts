// limit: 240 s
/**
 * Routers as they come out of the box, kernel ones and simulated ones, over bytes: redirects of both families, and errors asked for
 * slowly enough that no limit holds one back.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { endsOf } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { rootMissing, skip } from '../skip.ts';
import { differences, throughKernel } from './differential.ts';
import { made, type Plan, plansFor, repeated } from './differential-plans.ts';
import { fixture, ping } from './raised.ts';

const reason = rootMissing();

/** Each family gets a probe in a little more than a second: a router answers one in a second for ever, and six at first. */
const PACE = { everyMs: 525, patienceMs: 500 };

/** A family at a time, turn about. */
const turnAbout = (four: readonly Plan[], six: readonly Plan[]): Plan[] => four.flatMap((plan, i) => [plan, six[i]!]);

async function compare(topology: Topology, plans: readonly Plan[]): Promise<void> {
  await using raised = await up(topology);
  await acquaint(raised);
  const probes = made(plans);
  const sent = await throughKernel(raised, probes, PACE);
  const found = await differences(topology, probes, sent, PACE);
  if (found.length > 0) assert.unreachable(`${found.length} of ${probes.length} probes differ:\n${found.slice(0, 8).join('\n')}`);
}

/** The engine would make the kernel look for its neighbours by datagrams that are answered by errors, which count towards limits. */
async function acquaint(raised: Lab): Promise<void> {
  for (const { far } of endsOf(raised.topology, 'a'))
    for (const family of [4, 6] as const) assert.is((await ping(raised, 'a', far.addresses[family], 1)).received, 1);
}

function claim(title: string, hold: () => Promise<void>): void {
  if (reason) skip(title, reason);
  else test(title, hold);
}

const stock = (file: string, name: string): Topology => ({ ...fixture(file, 'stock', { profile: 'stock' }), name });

async function chosen(topology: Topology, wanted: RegExp): Promise<Plan[]> {
  const plans = (await plansFor(topology)).filter(({ title }) => wanted.test(title));
  return turnAbout(
    plans.filter(({ title }) => title.startsWith('IPv4')),
    plans.filter(({ title }) => title.startsWith('IPv6')),
  );
}

claim('turns at the first router: landings and redirects, and when the router has redirected enough', async () => {
  const topology = stock('line', 'x_turns');
  await compare(topology, turnAbout(await repeated(topology, 'r1', 4, 12), await repeated(topology, 'r1', 6, 12)));
});

claim('line: the first answers of every kind', async () => {
  const topology = stock('line', 'x_stock');
  await compare(
    topology,
    await chosen(
      topology,
      /^IPv. (trace from a to d ttl [1-5]|reverse from d to a ttl [1-5]|between from r1 to d ttl [24]|boomerang over r1( r2 r3 d)? landing (ipip|udp))$/,
    ),
  );
});

claim('uplinks: answers that come home another way', async () => {
  const topology = stock('uplinks', 'x_stock');
  await compare(
    topology,
    await chosen(topology, /^IPv. (trace from a to r3 ttl .|reverse from r3 to a ttl .|boomerang over r1 r3 d landing ipip)$/),
  );
});

test.run();
