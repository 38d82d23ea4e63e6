// limit: 120 s
/** A router's filters against the kernel's own: strict uRPF drops what rp_filter and nft's fib expression would. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { simulated } from '../../src/engine/simulated/simulated.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { compile, craft } from '../../src/probe/craft.ts';
import { newRun } from '../../src/probe/run.ts';
import { PLAIN } from '../../src/topology/behaviour.ts';
import { addressesOf } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { rootMissing, skip } from '../skip.ts';
import { AT_ONCE, throughKernel } from './differential.ts';
import { FLOW, type Made } from './differential-plans.ts';
import { sniffed } from './measured.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();
const STRICT = { ...PLAIN, filters: ['strict-urpf'] } as const;

/** To d, from every address there is but the filtering router's own, and from one that nobody has. */
function spoofed(topology: Topology): Made[] {
  const run = newRun((length) => Uint8Array.from({ length }, (_, i) => i));
  const nodes = topology.nodes.map(({ name }) => name).filter((name) => name !== 'r4');
  return ([4, 6] as const).flatMap((family) => {
    const [to, strange] = [addressesOf(topology, 'd', family)[0]!, family === 4 ? '192.0.2.9' : '2001:db8::9'];
    return [...nodes.flatMap((node) => addressesOf(topology, node, family)), strange].map((source, i) => {
      const itinerary = { layers: [{ source, destination: to, ttl: 64 }], flow: FLOW, landing: 0 };
      return { title: source, to, hex: Buffer.from(craft(compile(itinerary), run, 0, i + 1, 0n)).toString('hex'), tag: source };
    });
  });
}

/** The sources of what r4 hands on to d. */
async function passed(lab: Lab, probes: readonly Made[]): Promise<string[]> {
  const printed = await sniffed(lab, 'r4', ['-i', 'to_d', '-Q', 'out', 'udp'], () => throughKernel(lab, probes, AT_ONCE));
  return [...new Set([...printed.matchAll(/([0-9a-f.:]+)\.\d+ > [0-9a-f.:]+\.33434:/g)].map(([, from]) => from!))].sort();
}

/** The judge for IPv6, which has no rp_filter. */
const FIB_RULE = `table ip6 judge {
  chain prerouting {
    type filter hook prerouting priority 0
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    fib saddr . iif oif missing drop
  }
}
`;

async function byKernel(lab: Lab, work: () => Promise<string[]>): Promise<string[]> {
  const on = (argv: readonly string[], input = '') => lab.exec('r4', argv, { input });
  assert.is((await on(['nft', '-f', '-'], FIB_RULE)).code, 0);
  assert.is((await on(['sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=1'])).code, 0);
  const sources = await work();
  await on(['sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0']);
  await on(['nft', 'delete', 'table', 'ip6', 'judge']);
  return sources;
}

/** One way there, so that every packet comes to r4 from r2 in both worlds; two equal ways back. */
const oneWayThere = (topology: Topology): Topology => ({
  ...topology,
  links: topology.links.map((link) => (link.id === 'r1-r3' ? { ...link, ends: [{ ...link.ends[0], cost: 10 }, link.ends[1]] } : link)),
});

/** Where several ways are equal, nft's fib takes the one that it hashes to for the only one over IPv6: no judge there. */
const TOPOLOGIES: Readonly<Record<string, { make: () => Topology; judged: (source: string) => boolean }>> = {
  'another way back': { make: () => fixture('asymmetric', 'urpf'), judged: () => true },
  'two equal ways back': { make: () => oneWayThere(fixture('diamond', 'urpf')), judged: (source) => source.includes('.') },
};

for (const [what, { make, judged }] of Object.entries(TOPOLOGIES)) {
  const title = `${what}: strict-urpf passes the sources that the kernel's own checks pass, in lab and simulation`;
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      const topology = { ...make(), name: 'x_urpf' };
      const probes = spoofed(topology);
      await using lab = await up(topology);
      const all = await passed(lab, probes);
      const kernel = await byKernel(lab, () => passed(lab, probes));
      await lab.behave('r4', STRICT);
      assert.ok(kernel.length > 0 && kernel.length < all.length, `${kernel.length} of ${all.length}`);
      const filtered = await passed(lab, probes);
      assert.equal(filtered.filter(judged), kernel.filter(judged));
      assert.equal(await passedInSimulation(topology, probes), filtered);
    });
}

async function passedInSimulation(topology: Topology, probes: readonly Made[]): Promise<string[]> {
  await using engine = simulated(topology);
  engine.behave('r4', STRICT);
  const counted = (): number => engine.counters().links.find(({ from, to }) => from === 'r4' && to === 'd')!.seen;
  const sources: string[] = [];
  for (const { to, hex, tag } of probes) {
    const before = counted();
    engine.send(await engine.route(to), [Buffer.from(hex, 'hex')]);
    for (const untilNs = engine.nowNs() + 100_000_000n; (await engine.receive(untilNs)).length > 0; );
    if (counted() > before) sources.push(tag);
  }
  return [...new Set(sources)].sort();
}

test.run();
