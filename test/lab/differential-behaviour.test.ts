// limit: 180 s
/** Routers that filter, mark, police and decapsulate in part: kernel ones and simulated ones do the same with the same bytes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { type Behaviour, FILTERS, PLAIN } from '../../src/topology/behaviour.ts';
import { addressesOf } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { rootMissing, skip } from '../skip.ts';
import { AT_ONCE, differences, throughKernel } from './differential.ts';
import { FLOW, made, type Plan, plansFor } from './differential-plans.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();

function claim(title: string, hold: () => Promise<void>): void {
  if (reason) skip(title, reason);
  else test(title, hold);
}

const lab = (file: string): Topology => ({ ...fixture(file, 'conduct'), name: 'x_conduct' });

/** Compared at leisure in differential-stock.test.ts: the kernel limits them by time. */
const isRedirect6 = (hex: string): boolean => hex.startsWith('6') && hex.slice(12, 14) === '3a' && hex.slice(80, 82) === '89';

async function compare(
  raised: Lab,
  plans: readonly Plan[],
  { routers, behaviour, worlds = 1 }: { routers: readonly string[]; behaviour: Behaviour; worlds?: number },
): Promise<void> {
  for (const router of routers) await raised.behave(router, behaviour);
  const probes = made(plans);
  const sent = await throughKernel(raised, probes, AT_ONCE);
  for (const router of routers) await raised.behave(router, 'clear');
  const found = await differences(raised.topology, probes, sent, AT_ONCE, {
    worlds,
    ignored: isRedirect6,
    prepare: (engine) => {
      for (const router of routers) engine.behave(router, behaviour);
    },
  });
  if (found.length > 0) assert.unreachable(`${found.length} of ${probes.length} probes differ:\n${found.slice(0, 8).join('\n')}`);
}

const CHOSEN =
  /^(IPv. (trace from a to d|reverse from (r2|d) to a|between from r1 to d|boomerang over r1 r2 r3 (landing udp|d landing ipip)|loose)|mixed.* boomerang over r1 r2 r3 landing ipip)/;

/** Some of every kind of probe, from us and as the first braceroute sent them. */
async function plansOf(topology: Topology): Promise<Plan[]> {
  const plans = (await plansFor(topology)).filter(({ title }) => CHOSEN.test(title) && !/dscp/.test(title));
  return [
    ...plans,
    ...ownInARow(topology),
    ...plans.filter(({ title, itinerary }) => itinerary.layers.length > 1 && !title.startsWith('mixed')).map(hopSourced),
  ];
}

/** One to four headers to r2, which then sends what is left home. */
const ownInARow = (topology: Topology): Plan[] =>
  ([4, 6] as const).flatMap((family) =>
    [1, 2, 3, 4].map((count) => {
      const [router, us] = [addressesOf(topology, 'r2', family)[0]!, addressesOf(topology, 'a', family)[1]!];
      const layers = [...Array<string>(count).fill(router), us].map((destination) => ({ source: us, destination, ttl: 64 }));
      return { title: `IPv${family} ${count} headers to r2`, itinerary: { layers, flow: FLOW, landing: 1 } };
    }),
  );

/** Each layer comes from where the one around it leads to, so its errors do too. */
const hopSourced = ({ title, itinerary }: Plan): Plan => ({
  title: `hop-sourced, ${title}`,
  itinerary: {
    ...itinerary,
    layers: itinerary.layers.map((layer, i) => {
      const before = itinerary.layers[i - 1]?.destination;
      return before === undefined || before.includes(':') !== layer.destination.includes(':') ? layer : { ...layer, source: before };
    }),
  },
});

const decapsulation = (part: Partial<Behaviour['decapsulation']>): Behaviour => ({
  ...PLAIN,
  decapsulation: { ...PLAIN.decapsulation, ...part },
});

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  // first, since what passes in other comparisons would be remembered
  'ct-invalid': { ...PLAIN, filters: ['ct-invalid'] },
  land: { ...PLAIN, filters: ['land'] },
  'own-prefix': { ...PLAIN, filters: ['own-prefix'] },
  'strict-urpf': { ...PLAIN, filters: ['strict-urpf'] },
  acceptLocal: { ...PLAIN, acceptLocal: true },
  'strict-urpf and acceptLocal': { ...PLAIN, filters: ['strict-urpf'], acceptLocal: true },
  uniformTtl: { ...PLAIN, uniformTtl: true },
  'remarkDscp 46': { ...PLAIN, remarkDscp: 46 },
  'icmpPolicer 0': { ...PLAIN, icmpPolicer: { perSecond: 0, burst: 1 } },
  'decapsulatesAt loopback': decapsulation({ at: 'loopback' }),
  'decapsulatesKinds 4in4 and 6in4, one layer': decapsulation({ kinds: ['4in4', '6in4'], layers: 1 }),
  'decapsulatesKinds 6in6 and 6in4, three layers': decapsulation({ kinds: ['6in6', '6in4'], layers: 3 }),
  'all at once': { ...decapsulation({ at: 'loopback' }), filters: FILTERS, acceptLocal: true, uniformTtl: true, remarkDscp: 10 },
};

const ALL = ['r1', 'r2', 'r3', 'd'];

/** What routers have to do one after another to be seen. */
const TOGETHER = ['own-prefix', 'strict-urpf and acceptLocal', 'uniformTtl', 'decapsulatesAt loopback'];

claim('line, one router in the middle or all of them: every probe ends alike', async () => {
  await using raised = await up(lab('line'));
  const plans = await plansOf(raised.topology);
  const cases = [
    ...Object.keys(BEHAVIOURS).map((what) => ({ what, routers: [what === 'all at once' ? 'r3' : 'r2'] })), // r2 remembers flows by then
    ...TOGETHER.map((what) => ({ what, routers: ALL })),
  ];
  for (const { what, routers } of cases)
    await compare(raised, plans, { routers, behaviour: BEHAVIOURS[what]! }).catch((error: Error) => {
      throw new Error(`${what} on ${routers.join(', ')}: ${error.message}`);
    });
});

claim('a router that strips for the one behind it: every probe ends alike', async () => {
  const { nodes, ...rest } = lab('line');
  const proxied = { ...rest, nodes: nodes.map((node) => (node.name === 'r2' ? { ...node, decapsulatesFor: ['r3'] } : node)) };
  await using raised = await up(proxied);
  await compare(raised, await plansOf(raised.topology), { routers: ['r2'], behaviour: PLAIN });
});

claim('a burst of six errors and no more: the same probes are answered', async () => {
  await using raised = await up(lab('line'));
  const plans = (await plansFor(raised.topology)).filter(({ title }) => /^IPv. trace from a to r3 ttl 2$/.test(title));
  const many = Array.from({ length: 12 }, () => plans).flat();
  await compare(raised, many, { routers: ['r2'], behaviour: { ...PLAIN, icmpPolicer: { perSecond: 1, burst: 6 } } });
});

claim('strict uRPF takes every one of several equal ways back', async () => {
  await using raised = await up(lab('diamond'));
  const plans = (await plansFor(raised.topology)).filter(({ title }) => /^IPv. (trace|reverse) .* d ttl .$/.test(title));
  await compare(raised, plans, { routers: ['r1', 'r2', 'r3', 'r4', 'd'], behaviour: BEHAVIOURS['strict-urpf']!, worlds: 256 });
});

test.run();
