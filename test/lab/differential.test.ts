// limit: 240 s
/** Kernel routers and simulated ones do the same with the same bytes: every packet that comes of a probe is compared whole. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { rootMissing, skip } from '../skip.ts';
import { AT_ONCE, differences, throughKernel } from './differential.ts';
import { FLOW, type Made, made, plansFor, plansToNobody, repeated } from './differential-plans.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();

function claim(title: string, hold: () => Promise<void>): void {
  if (reason) skip(title, reason);
  else test(title, hold);
}

const lab = (file: string): Topology => ({ ...fixture(file, 'differ'), name: 'x_differ' });

/** No sysctl stops IPv6 redirects, and the kernel limits them by time: differential-stock.test.ts compares them, at leisure. */
const isRedirect6 = (hex: string): boolean => hex.startsWith('6') && hex.slice(12, 14) === '3a' && hex.slice(80, 82) === '89';

interface Wound {
  readonly link: string;
  readonly from: string | null;
  readonly fault: Fault | 'down';
}

async function compare(
  raised: Lab,
  probes: readonly Made[],
  { worlds = 1, pace = AT_ONCE, wound = null as Wound | null } = {},
): Promise<void> {
  if (wound) await raised.fault(wound.link, wound.from, wound.fault);
  const sent = await throughKernel(raised, probes, pace);
  if (wound) await raised.fault(wound.link, wound.from, 'clear');
  assert.ok(sent.outcomes.some((list) => list.length > 0) || wound !== null, 'nothing came of any probe');
  const found = await differences(raised.topology, probes, sent, pace, {
    worlds,
    ignored: isRedirect6,
    prepare: (engine) => wound && engine.fault(wound.link, wound.from, wound.fault),
  });
  if (found.length > 0) assert.unreachable(`${found.length} of ${probes.length} probes differ:\n${found.slice(0, 8).join('\n')}`);
}

for (const file of ['line', 'asymmetric', 'nondecap', 'silent', 'uplinks'])
  claim(`${file}: every trace and boomerang ends alike in kernel and simulation`, async () => {
    await using raised = await up(lab(file));
    await compare(raised, made(await plansFor(raised.topology)));
  });

for (const file of ['diamond', 'ecmp4'])
  claim(`${file}: every trace and boomerang ends as in one of the worlds that chance among equal ways makes`, async () => {
    await using raised = await up(lab(file));
    // one of 16 combinations of ways is missed by all worlds with a chance of (15/16)^256 = 7e-8
    await compare(raised, made(await plansFor(raised.topology)), { worlds: 256 });
  });

const narrowed = (file: string, link: string, mtu: number): Topology => {
  const topology = lab(file);
  return { ...topology, links: topology.links.map((one) => (one.id === link ? { ...one, mtu } : one)) };
};

for (const size of [1300, 1301, 1400])
  claim(`${size} bytes before a link of 1300: who says so, with which MTU, and what is quoted`, async () => {
    await using raised = await up(narrowed('line', 'r2-r3', 1300));
    await compare(raised, made(await plansFor(raised.topology, { ...FLOW, size })));
  });

claim('headers to nobody: no route, nobody on the link, the network and broadcast address of a link', async () => {
  await using raised = await up(lab('line'));
  const probes = made(await plansToNobody(raised.topology));
  await compare(raised, probes, { pace: { everyMs: 10, patienceMs: 4000 } }); // the kernel asks for a neighbour three times, a second each
});

const CERTAIN: Readonly<Record<string, Fault>> = {
  'loss of 1/1': { ...NO_FAULT, exact: { lost: 1, of: 1 } },
  blackhole: { ...NO_FAULT, blackhole: true },
  duplicates: { ...NO_FAULT, duplicate: 1 },
  'a flipped bit': { ...NO_FAULT, corrupt: 1 },
};

for (const from of ['r2', 'r3', null])
  claim(`what is certain of link r2-r3 from ${from ?? 'both ends'}: ${Object.keys(CERTAIN).join(', ')}`, async () => {
    await using raised = await up(lab('line'));
    const probes = made(await plansFor(raised.topology));
    for (const fault of Object.values(CERTAIN)) await compare(raised, probes, { wound: { link: 'r2-r3', from, fault } });
  });

claim('exactly so many of so many: the same probes of a sequence are lost, in either direction', async () => {
  await using raised = await up(lab('line'));
  for (const [lost, of] of [
    [1, 3],
    [2, 5],
  ] as const)
    for (const from of ['r2', 'r3', null]) {
      const probes = made([...(await repeated(raised.topology, 'd', 4, 15)), ...(await repeated(raised.topology, 'd', 6, 15))]);
      await compare(raised, probes, { wound: { link: 'r2-r3', from, fault: { ...NO_FAULT, exact: { lost, of } } } });
    }
});

claim('a link that is down: who says that there is no route', async () => {
  await using raised = await up(lab('line'));
  const plans = await plansFor(raised.topology);
  // the kernel tells each sender of a missing IPv4 route five times at once, then once a second: four are asked
  const four = plans.filter(({ title }) => /^IPv4 (trace from a to d ttl [345]|between from r1 to d ttl 4)$/.test(title));
  assert.is(four.length, 4);
  const probes = made([...plans.filter(({ title }) => title.startsWith('IPv6')), ...four]);
  await compare(raised, probes, { wound: { link: 'r2-r3', from: null, fault: 'down' } });
});

test.run();
