// limit: 120 s
/** `braceroute paths` on kernel routers: all ways that the routing tables have, by the fields that the kernel goes by, with flows that stay what they are. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import type { Event } from '../../src/report/event.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { shortestPaths } from '../../src/topology/routes.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, nameIn, run, runJson, sniffed } from './measured.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();
const inLab = (title: string, topology: Topology, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up({ ...topology, name: 'e6d_paths' });
      await work(lab);
    });
};

const FAMILIES = [4, 6] as const;
const MORE = ['-t', '1'];

/** Both as `r1>m1`, by the names of routers. */
function ways(topology: Topology, events: readonly Event[]): string[] {
  const names = new Map(
    of(events, 'node').map(({ id, addresses }) => [id, [...new Set(addresses.map((one) => nameIn(topology, one)))].join('+')]),
  );
  return [...new Set(of(events, 'edge').map(({ from, to }) => `${names.get(from)}>${names.get(to)}`))].sort();
}

function truth(topology: Topology, from: string, family: 4 | 6): string[] {
  const all = shortestPaths(topology, from, 'd', family).flatMap((path) => path.slice(1).map((node, i) => `${path[i]}>${node}`));
  return [...new Set(all)].sort();
}

async function hashBy(lab: Lab, nodes: readonly string[], policy: number): Promise<void> {
  const sysctls = ['ipv4', 'ipv6'].flatMap((family) => [
    `net.${family}.fib_multipath_hash_fields=4095`,
    `net.${family}.fib_multipath_hash_policy=${policy}`,
  ]);
  for (const node of nodes) assert.is((await lab.exec(node, ['sysctl', '-w', ...sysctls])).code, 0);
}

inLab(
  'four ways: from us, and from r1 on, plain and steered, each is found with a flow that takes it again',
  fixture('ecmp4', 'x'),
  async (lab) => {
    for (const family of FAMILIES) {
      const plain = await runJson(lab, ['paths', 'd', '-n', `-${family}`, ...MORE]);
      assert.equal(ways(lab.topology, plain), truth(lab.topology, 'a', family), `IPv${family}`);
      assert.is(exitOf(plain), 0);
      const remote = await runJson(lab, ['paths', '-s', 'r1', 'd', '-n', `-${family}`, ...MORE]);
      assert.equal(ways(lab.topology, remote), truth(lab.topology, 'r1', family), `IPv${family} from r1`);
      const [split] = of(plain, 'split');
      assert.equal([nameIn(lab.topology, split!.from), split!.movedBy.slice(0, 2)], ['r1', ['source port', 'destination port']]);
      for (const { address, field, value } of split!.next) {
        assert.is(field, 'source port');
        const again = await runJson(lab, ['d', '-n', '-c', '1', `-${family}`, '--source-port', String(value)]);
        assert.is(of(again, 'hop')[1]!.address, address);
      }
    }
  },
);

/** Of policies 0–3 as in Documentation/networking/ip-sysctl.rst; policy 3 with every field. */
const MOVES: Readonly<Record<number, Readonly<Record<'plain' | 'steered', Readonly<Record<4 | 6, readonly string[]>>>>>> = {
  0: { plain: { 4: [], 6: ['flow label'] }, steered: { 4: [], 6: ['flow label'] } },
  2: { plain: { 4: [], 6: ['flow label'] }, steered: { 4: ['inner addresses'], 6: ['flow label', 'inner addresses'] } },
  3: {
    plain: { 4: ['destination port', 'source port'], 6: ['destination port', 'flow label', 'source port'] },
    steered: { 4: ['inner addresses', 'inner ports'], 6: ['flow label', 'inner addresses', 'inner ports'] },
  },
};

inLab(
  'for each hash policy, from r1 on, the fields that move the kernel’s choice are named, and no other',
  fixture('ecmp4', 'x'),
  async (lab) => {
    for (const policy of [0, 2, 3]) {
      await hashBy(lab, ['r1'], policy);
      for (const family of FAMILIES)
        for (const as of ['plain', 'steered'] as const) {
          const events = await runJson(lab, ['paths', '-s', 'r1', 'd', '-n', `-${family}`, '--as', as, ...MORE]);
          const moved = of(events, 'split').find(({ position }) => position === 1)?.movedBy ?? [];
          assert.equal(
            moved.filter((field) => field !== 'outer source').toSorted(),
            MOVES[policy]![as][family],
            `policy ${policy} IPv${family} ${as}`,
          );
        }
    }
  },
);

/** A diamond in a diamond, two links side by side, and a way that is a hop longer than the one beside it. */
const ODD = parseTopology(
  `name: odd
nodes: { a: { vantage: true }, r1: {}, x1: {}, x2: {}, y1: {}, y2: {}, z: {}, r2: {}, r3: {}, d: {} }
links:
  - { between: [a, r1] }
  - { between: [r1, x1] }
  - { between: [r1, x2], cost: 3 }
  - { between: [x1, y1] }
  - { between: [x1, y2] }
  - { between: [y1, z] }
  - { between: [y2, z] }
  - { between: [z, r2] }
  - { between: [x2, r2] }
  - { between: [r2, r3] }
  - { between: [r2, r3] }
  - { between: [r3, d] }
`,
  'odd.yaml',
);

inLab('a diamond in a diamond, ways of unlike length and parallel links are told as they are', ODD, async (lab) => {
  await hashBy(lab, ['x1'], 3); // namespaces share the kernel's seed: with r1's own hash all flows that x1 gets would go one way
  for (const family of FAMILIES) {
    const events = await runJson(lab, ['paths', 'd', '-n', `-${family}`, '--risk', '0.1%', ...MORE]);
    assert.equal(ways(lab.topology, events), truth(lab.topology, 'a', family), `IPv${family}`);
    const far = of(events, 'node').find(({ addresses }) => nameIn(lab.topology, addresses[0] ?? null) === 'r2')!;
    assert.equal(far.ttls, [3, 5], `IPv${family}`);
    assert.is(of(events, 'paths')[0]!.paths, 3, `IPv${family}`);
  }
});

const READER = fileURLToPath(new URL('flows-captured.py', import.meta.url));

interface Seen {
  readonly path: number;
  readonly ttls: readonly number[];
  readonly addresses: string;
  readonly rest: string;
}

inLab(
  'scapy sees that within a flow nothing changes that a router may hash, and that no two flows are alike',
  fixture('ecmp4', 'x'),
  async (lab) => {
    const folder = await mkdtemp(join(tmpdir(), 'e6d-'));
    try {
      for (const [family, as] of [
        [4, 'plain'],
        [6, 'plain'],
        [6, 'steered'],
      ] as const) {
        const file = join(folder, `${family}${as}.pcap`);
        await hashBy(lab, ['r1'], 3);
        await sniffed(lab, 'a', ['-i', 'to_r1', '-Q', 'out', '-U', '-w', file], () =>
          run(lab, ['paths', 'd', '-n', `-${family}`, '--as', as, ...MORE]),
        );
        const { stdout, stderr, code } = await lab.exec('a', ['/usr/bin/python3', READER, file], { timeoutMs: 20_000 });
        assert.is(code, 0, stderr);
        const flows = new Map<number, Seen[]>();
        for (const seen of JSON.parse(stdout) as Seen[]) flows.set(seen.path, [...(flows.get(seen.path) ?? []), seen]);
        flows.delete(0); // with the questions whose an address is
        assert.ok(flows.size > 40, `${flows.size} flows`);
        const kinds = [...flows.values()].map((all) => new Set(all.map(({ addresses, rest }) => `${addresses} ${rest}`)));
        for (const kind of kinds) assert.is(kind.size, 1, [...kind].join(' | '));
        assert.is(new Set(kinds.map(([one]) => one)).size > 40, true);
        assert.ok(
          [...flows.values()].some((all) => new Set(all.map(({ ttls }) => ttls.join())).size > 1),
          'no flow was asked at two ttls',
        );
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

inLab('what is drawn for Graphviz and for Mermaid has every router', fixture('clos', 'x'), async (lab) => {
  for (const [option, begin] of [
    ['--dot', 'digraph paths {'],
    ['--mermaid', 'flowchart LR'],
  ] as const) {
    const { stdout, code } = await run(lab, ['paths', 'd', option, ...MORE]);
    assert.is(code, 0);
    assert.is(stdout.split('\n')[0], begin);
    for (const name of ['l1', 's1', 's2', 'l4', 'd']) assert.match(stdout, name);
  }
});

test.run();
