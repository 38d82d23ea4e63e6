// limit: 120 s
/** Kernel routers and simulated ones do the same with the same bytes: every packet that comes of a probe is compared whole. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { rootMissing, skip } from '../skip.ts';
import { AT_ONCE, differences, type Pace, throughKernel } from './differential.ts';
import { FLOW, type Made, made, type Plan, plansFor, plansToNobody, repeated } from './differential-plans.ts';
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
  assert.is(found.length, 0, `${found.length} of ${probes.length} probes differ:\n${found.slice(0, 8).join('\n')}`);
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

test.run();
void [NO_FAULT, FLOW, plansToNobody, repeated] as unknown as Plan[] as unknown as Pace;
