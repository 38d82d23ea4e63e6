// limit: 120 s
/** Links that hold, police and measure packets do the same to them in kernel and simulation: every packet that comes of a probe is compared whole. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import { rootMissing, skip } from '../skip.ts';
import { AT_ONCE, differences, throughKernel } from './differential.ts';
import { FLOW, type Made, made, plansFor, repeated } from './differential-plans.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();
const claim = (title: string, hold: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture('line', 'wires'));
      await hold(lab);
    });
};

/** No sysctl stops IPv6 redirects, and the kernel limits them by time. */
const isRedirect6 = (hex: string): boolean => hex.startsWith('6') && hex.slice(12, 14) === '3a' && hex.slice(80, 82) === '89';

async function compare(lab: Lab, probes: readonly Made[], from: string | null, part: Partial<Fault>): Promise<void> {
  const fault = { ...NO_FAULT, ...part };
  await lab.fault('r2-r3', from, fault);
  for (const node of lab.topology.nodes) // what they learned of MTUs
    for (const family of ['-4', '-6']) await lab.exec(node.name, ['ip', family, 'route', 'flush', 'cache']);
  const sent = await throughKernel(lab, probes, AT_ONCE);
  assert.ok(
    sent.outcomes.some((list) => list.length > 0),
    'nothing came of any probe',
  );
  const found = await differences(lab.topology, probes, sent, AT_ONCE, {
    ignored: isRedirect6,
    prepare: (engine) => engine.fault('r2-r3', from, fault),
  });
  if (found.length > 0) assert.unreachable(`${found.length} of ${probes.length} probes differ:\n${found.slice(0, 8).join('\n')}`);
  await lab.fault('r2-r3', null, 'clear');
}

claim('1,400 bytes before a direction of 1,300: who says so, with which MTU, and what is quoted', async (lab) => {
  const probes = made(await plansFor(lab.topology, { ...FLOW, size: 1400 }));
  for (const from of ['r2', 'r3']) await compare(lab, probes, from, { mtu: 1300 });
});

claim('1,300 bytes go over a direction of 1,300', async (lab) => {
  await compare(lab, made(await plansFor(lab.topology, { ...FLOW, size: 1300 })), 'r2', { mtu: 1300 });
});

claim('a delay changes nothing but the time', async (lab) => {
  const probes = made(await plansFor(lab.topology));
  await compare(lab, probes, null, { delayMs: 30 });
});

claim('a policer of seven at once passes the first seven, in either direction', async (lab) => {
  for (const [family, from] of [
    [4, 'r2'],
    [6, 'r3'],
  ] as const)
    await compare(lab, made(await repeated(lab.topology, 'd', family, 15)), from, { policer: { perSecond: 1, burst: 7 } });
});

test.run();
