// limit: 120 s
/**
 * Flows on kernel routers: nothing that a router may hash changes within one, a path is searched by what its legs wear, and the fields
 * that are named as moving a split are those that the kernel goes by.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import type { Event } from '../../src/report/event.ts';
import type { Counters } from '../../src/topology/counters.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { hopsOf, nameIn, run, runJson, sniffed } from './measured.ts';
import { direction, fixture } from './raised.ts';

const reason = rootMissing();
const inLab = (title: string, file: string, work: (lab: Lab) => Promise<void>, changes: Partial<Topology> = {}): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up({ ...fixture(file, 'x', changes), name: 'f_flows' });
      await work(lab);
    });
};

const FAMILIES = [4, 6] as const;
const READER = fileURLToPath(new URL('flows-captured.py', import.meta.url));

interface Seen {
  readonly run: number;
  readonly path: number;
  readonly ttls: readonly number[];
  /** Every header's source and destination. */
  readonly addresses: string;
  /** Every header's protocol, DSCP and ECN, flow label, and ports; or an echo's code, checksum and identifier. */
  readonly rest: string;
}

async function captured(lab: Lab, work: () => Promise<void>): Promise<Seen[]> {
  const folder = await mkdtemp(join(tmpdir(), 'flows-'));
  try {
    const file = join(folder, 'out.pcap');
    await sniffed(lab, 'a', ['-i', 'to_r1', '-Q', 'out', '-U', '-w', file], work);
    const { stdout, stderr, code } = await lab.exec('a', ['/usr/bin/python3', READER, file], { timeoutMs: 20_000 });
    assert.is(code, 0, stderr);
    return JSON.parse(stdout) as Seen[];
  } finally {
    await rm(folder, { recursive: true });
  }
}

const COMMANDS: readonly (readonly string[])[] = [
  ['d'],
  ['--protocol', 'icmp', 'd'],
  ['--steered', '--source-port', '5000', '--dscp', '10', 'd'],
  ['-r', 'd'],
  ['-s', 'r1', '--protocol', 'icmp', 'd'],
  ['probe', '-d', 'd', '-c', '5', '-t', '0.5'],
  ['probe', '-s', 'r1', '-d', 'd', '-c', '5', '-t', '0.5', '--landing', 'udp'],
  ['spray', '--classic', '-d', 'd', '-c', '3', '-t', '0.5'],
];

function grouped(packets: readonly Seen[], by: (packet: Seen) => string): Record<string, Seen[]> {
  const groups: Record<string, Seen[]> = {};
  for (const packet of packets) groups[by(packet)] = [...(groups[by(packet)] ?? []), packet];
  return groups;
}

inLab('within a flow nothing changes that a router may hash, whatever the command, the ttl and the try', 'silent', async (lab) => {
  const packets = await captured(lab, async () => {
    for (const argv of COMMANDS) await Promise.all(FAMILIES.map((family) => run(lab, [...argv, `-${family}`])));
  });
  const flows = Object.values(grouped(packets, (packet) => `${packet.run} ${packet.path}`));
  for (const all of flows) {
    // a trace is one flow; before a sweep a hop may be asked over other addresses, each time by the same ports
    const itineraries = Object.values(grouped(all, ({ addresses }) => addresses));
    if (all[0]!.path === 0) assert.is(itineraries.length, 1, itineraries.map(([one]) => one!.addresses).join(' | '));
    else assert.ok(Math.max(...itineraries.map(({ length }) => length)) >= 3, 'no sweep was seen');
    for (const one of itineraries) assert.is(new Set(one.map(({ rest }) => rest)).size, 1, one.map(({ rest }) => rest).join(' | '));
  }
  assert.is(new Set(packets.map((packet) => packet.run)).size, COMMANDS.length * FAMILIES.length);
  // r2 is silent: some ttl was asked again
  for (const all of flows.filter((one) => one[0]!.path === 0)) {
    const ttls = all.map((one) => one.ttls.join());
    assert.ok(new Set(ttls).size > 2 && ttls.length > new Set(ttls).size, ttls.join(' '));
  }
});

const MIDDLE = ['m1', 'm2', 'm3', 'm4'];
const seenBy = (counters: Counters, to: string): number => direction(counters, 'r1', to)!.seen;

/** The middle router that a path took. */
const middle = (lab: Lab, address: string | null | undefined): string => nameIn(lab.topology, address ?? null);

inLab('probe goes the way of IP in IP, by the counters too, also where plain probes go another one', 'ecmp4', async (lab) => {
  for (const name of MIDDLE) await lab.fault(`r1-${name}`, 'r1', NO_FAULT); // counters are kept from then on
  for (const family of FAMILIES) {
    const plain = new Set<string>();
    const steered = new Set<string>();
    for (const port of ['40000', '41000', '42000', '43000', '44000']) {
      plain.add(middle(lab, hopsOf(await runJson(lab, ['d', '-c', '1', '-n', `-${family}`, '--source-port', port]))[1]!.address));
      const before = await lab.counters();
      const events = await runJson(lab, ['probe', '-d', 'd', '-c', '10', '-t', '1', `-${family}`, '--source-port', port]);
      const after = await lab.counters();
      const name = middle(lab, of(events, 'path')[0]!.hops[2]);
      steered.add(name);
      for (const other of MIDDLE) {
        const crossed = seenBy(after, other) - seenBy(before, other);
        assert.ok(other === name ? crossed > 30 : crossed === 0, `${crossed} packets to ${other}, and the path is over ${name}`);
      }
    }
    assert.is(steered.size, 1);
    assert.ok(plain.size > 1, 'five plain flows took one way: the test says nothing');
  }
});

/** Of policies 0–3 as in Documentation/networking/ip-sysctl.rst; policy 3 with every field. `outer source` has two values only: it may be missed. */
const MOVES: Readonly<Record<number, Readonly<Record<'plain' | 'steered', Readonly<Record<4 | 6, readonly string[]>>>>>> = {
  0: { plain: { 4: [], 6: ['flow label'] }, steered: { 4: [], 6: ['flow label'] } },
  1: { plain: { 4: ['destination port', 'source port'], 6: ['destination port', 'source port'] }, steered: { 4: [], 6: [] } },
  2: { plain: { 4: [], 6: ['flow label'] }, steered: { 4: ['inner addresses'], 6: ['flow label', 'inner addresses'] } },
  3: {
    plain: { 4: ['destination port', 'source port'], 6: ['destination port', 'flow label', 'source port'] },
    steered: { 4: ['inner addresses', 'inner ports'], 6: ['flow label', 'inner addresses', 'inner ports'] },
  },
};
/** Where the outermost addresses are not looked at, no other source of ours moves anything. */
const NEVER_BY_SOURCE = (policy: number, kind: string): boolean => policy === 2 && kind === 'steered';

const splitOfR1 = (events: readonly Event[]): Extract<Event, { type: 'split' }> | undefined =>
  of(events, 'split').find(({ position }) => position === 1);

inLab('for hash policies 0 to 3 the fields that move the kernel’s choice are named, and no other', 'ecmp4', async (lab) => {
  for (const policy of [0, 1, 2, 3]) {
    const sysctls = ['ipv4', 'ipv6'].flatMap((family) => [
      `net.${family}.fib_multipath_hash_fields=4095`,
      `net.${family}.fib_multipath_hash_policy=${policy}`,
    ]);
    assert.is((await lab.exec('r1', ['sysctl', '-w', ...sysctls])).code, 0);
    for (const family of FAMILIES)
      for (const kind of ['plain', 'steered'] as const) {
        const events = await runJson(lab, [
          'd',
          '-n',
          `-${family}`,
          '-t',
          '1',
          '--flows',
          '16',
          ...(kind === 'steered' ? ['--steered'] : []),
        ]);
        const moved = splitOfR1(events)?.movedBy ?? [];
        const what = `policy ${policy} IPv${family} ${kind}`;
        assert.equal(moved.filter((field) => field !== 'outer source').toSorted(), MOVES[policy]![kind][family], what);
        if (NEVER_BY_SOURCE(policy, kind)) assert.not(moved.includes('outer source'), what);
      }
  }
});

inLab('a value that is told is a way that is taken', 'ecmp4', async (lab) => {
  for (const family of FAMILIES) {
    const split = splitOfR1(await runJson(lab, ['d', '-n', `-${family}`, '--flows', '32']))!;
    assert.equal(split.next.map(({ address }) => middle(lab, address)).toSorted(), MIDDLE);
    const again = split.next.map(async ({ address, field, value }) => {
      assert.is(field, 'source port');
      const events = await runJson(lab, ['d', '-n', '-c', '1', `-${family}`, '--source-port', String(value)]);
      assert.is(hopsOf(events)[1]!.address, address);
    });
    await Promise.all(again);
  }
});

inLab(
  'stock routers, which answer once a second, are heard with every value',
  'ecmp4',
  async (lab) => {
    const events = await runJson(lab, ['d', '-n', '--flows', '3']);
    const [{ fields }] = of(events, 'flows') as [Extract<Event, { type: 'flows' }>];
    for (const { field, values } of fields) assert.is(values, field === 'outer source' ? 2 : 3, field);
  },
  { profile: 'stock' },
);

test.run();
