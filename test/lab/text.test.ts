/** What the lab tells the system's commands, as text and bytes: no root needed. Expected lines are written by hand from iproute2's manuals. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { BeaconError } from '../../src/error.ts';
import { attach } from '../../src/lab/attach.ts';
import { requireTools } from '../../src/lab/command.ts';
import { down } from '../../src/lab/down.ts';
import { etcFiles } from '../../src/lab/hosts.ts';
import { clearBatch, faultValue, readApplied, readTally, routersBatch } from '../../src/lab/maps.ts';
import { attachLines } from '../../src/lab/pins.ts';
import { labOfNamespace, namespaceName } from '../../src/lab/places.ts';
import { sysctlScript, sysctlsOf } from '../../src/lab/profile.ts';
import { rulesOf } from '../../src/lab/rules.ts';
import { up } from '../../src/lab/up.ts';
import { linksBatch, namespacesBatch, nodeBatch, routesBatch } from '../../src/lab/wiring.ts';
import { PLAIN } from '../../src/topology/behaviour.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { fixture } from './raised.ts';

const linesOf = (text: string): string[] => text.trim().split('\n');

test('links are made inside the namespaces they join', () => {
  const line = fixture('line', 'text');
  assert.is(linesOf(namespacesBatch(line))[1], 'netns add beacon-t_text-r1');
  assert.is(
    linesOf(linksBatch(line))[1],
    'link add name to_r2 index 12 address 02:be:ac:00:01:01 mtu 1500 netns beacon-t_text-r1 type veth peer name to_r1 index 13 address 02:be:ac:00:01:02 mtu 1500 netns beacon-t_text-r2',
  );
});

test('a node gets its addresses, then its links, then routes with every equal next hop', () => {
  const ecmp = fixture('ecmp4', 'text');
  const lines = linesOf(nodeBatch(ecmp, ecmp.nodes[1]!));
  assert.equal(lines.slice(0, 6), [
    'link set lo up',
    'address add 10.255.0.2/32 dev lo',
    'address add fd00:255::2/128 dev lo nodad',
    'address replace 10.0.0.2/30 dev to_a',
    'address replace fd00::2/126 dev to_a nodad',
    'link set to_a up',
  ]);
  const ways = ['via 10.0.1.2 dev to_m1', 'via 10.0.2.2 dev to_m2', 'via 10.0.3.2 dev to_m3', 'via 10.0.4.2 dev to_m4'];
  const route = (which: string[]): string => `route replace 10.255.0.8/32 ${which.map((way) => `nexthop ${way}`).join(' ')}`;
  assert.ok(lines.includes(route(ways)), lines.join('\n'));
  const without = linesOf(routesBatch(ecmp, ecmp.nodes[1]!, (name) => name !== 'to_m2'));
  assert.ok(without.includes(route(ways.filter((way) => !way.endsWith('m2')))), without.join('\n'));
});

test('a vantage that speaks from its loopback says so in every route', () => {
  const uplinks = fixture('uplinks', 'text');
  const routes = linesOf(routesBatch(uplinks, uplinks.nodes[0]!));
  assert.ok(
    routes.every((route) => / src (10\.255\.0\.1|fd00:255::1) /.test(route)),
    routes.join('\n'),
  );
});

test('forwarding is set before what it resets, and never on the vantage', () => {
  const { nodes } = fixture('line', 'text');
  assert.equal(sysctlsOf('lab', nodes[0]!, ['to_r1'])[0], ['ipv4/ip_forward', 0]);
  assert.equal(sysctlsOf('lab', nodes[1]!, ['to_a']).slice(0, 2), [
    ['ipv4/ip_forward', 1],
    ['ipv6/conf/all/forwarding', 1],
  ]);
});

test('the profiles differ in redirects and ICMP limits only', () => {
  const { nodes } = fixture('line', 'text');
  const script = (profile: 'lab' | 'stock'): string[] => linesOf(sysctlScript(sysctlsOf(profile, nodes[1]!, ['to_a', 'to_r2'])));
  const differences = script('lab').filter((line) => !script('stock').includes(line));
  assert.ok(differences.length > 0);
  assert.equal(
    differences.filter((line) => !/send_redirects|icmp/.test(line)),
    [],
  );
});

test('tc is told the number of an attachment in hexadecimal', () => {
  assert.match(
    attachLines('x', 'to_r1', 'egress', 'fault', 30),
    /filter replace dev to_r1 egress .* classid 1:1e object-pinned \/sys\/fs\/bpf\/beacon\/x\/fault\n/,
  );
});

// Offsets and widths as clang lays the structs of bpf/*.c out (bpftool btf dump shows the same); a 64-bit little-endian machine.
const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

if (LITTLE)
  test('a fault is laid out as its struct', () => {
    const fault = {
      ...NO_FAULT,
      loss: 0.5,
      duplicate: 1,
      corrupt: 0,
      exact: { lost: 1, of: 10 },
      flowLoss: { lost: 3, of: 4 },
      blackhole: true,
      reorder: 0.25,
      delayMs: 20,
      jitterMs: 0.5,
      rate: 10_000_000,
      policer: { perSecond: 1000, burst: 50 },
      mtu: 1400,
    };
    const words = [
      '0000008000000000',
      '0000000001000000',
      '0000000000000000',
      '01000000',
      '0a000000',
      '03000000',
      '04000000',
      '01000000',
      '09000000',
      '0000004000000000',
      '002d310100000000',
      '20a1070000000000',
      '8096980000000000',
      '40420f0000000000',
      '3200000000000000',
      '420d0300',
      '78050000',
    ];
    assert.is(Buffer.from(faultValue(fault, 9, 200_002)).toString('hex'), words.join(''));
    assert.equal(readApplied(faultValue(fault, 9, 200_002)), { relay: 200_002, mtu: 1400 });
    assert.is(faultValue(NO_FAULT, 1, 0).length, 104);
  });

if (LITTLE)
  test('a tally is read as its struct', () => {
    const bytes = Buffer.from(['01', '02', '03', '04', '05'].map((low) => `${low}00000000010000`.padEnd(16, '0')).join(''), 'hex');
    assert.equal(readTally(bytes), {
      seen: 2 ** 40 + 1,
      lost: 2 ** 40 + 2,
      flowLost: 2 ** 40 + 3,
      duplicated: 2 ** 40 + 4,
      corrupted: 2 ** 40 + 5,
    });
  });

if (LITTLE)
  test('who strips what: IPv4 as ::ffff:a.b.c.d, nothing for the vantage or a router that does not decapsulate', () => {
    const lines = linesOf(routersBatch(fixture('nondecap', 'x'))).filter((line) => line.includes('own_addresses'));
    assert.is(lines.length, (3 + 3 + 2) * 2); // r1, r3 with two links, d with one; in two families
    assert.is(
      lines[0],
      'map update pinned /sys/fs/bpf/beacon/t_x/own_addresses key hex 02 00 00 00 00 00 00 00 00 00 00 00 00 00 ff ff 0a ff 00 02 value hex 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00',
    );
    assert.is(linesOf(clearBatch('x', 3))[0], 'map delete pinned /sys/fs/bpf/beacon/x/faults key hex 03 00 00 00');
  });

if (LITTLE)
  test('what a router does to headers is laid out as its struct, for each router; and whose prefix borders guard', () => {
    const topology = parseTopology(
      '{name: x, nodes: {a: {vantage: true}, d: {decapsulatesKinds: [6in6, 6in4], decapsulatesLayers: 3, decapsulatesAt: loopback, uniformTtl: true, filters: [strict-urpf, land]}}, links: [{between: [a, d]}]}',
      'x',
    );
    const lines = linesOf(routersBatch(topology)).filter((line) => !line.includes('own_addresses'));
    assert.is(
      lines[0],
      'map update pinned /sys/fs/bpf/beacon/x/behaviours key hex 02 00 00 00 value hex 03 00 00 00 0a 00 00 00 01 00 00 00 01 00 00 00 05 00 00 00',
    );
    assert.equal(
      lines.slice(1).map((line) => line.replace(/^.*vantage_addresses key hex (.*) value.*$/, '$1')),
      [
        '00 00 00 00 00 00 00 00 00 00 ff ff 0a ff 00 01',
        '00 00 00 00 00 00 00 00 00 00 ff ff 0a 00 00 01',
        'fd 00 02 55 00 00 00 00 00 00 00 00 00 00 00 01',
        'fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01',
      ],
    );
  });

test('nft is told of silence, a policer, a new DSCP and conntrack, and of nothing where none is asked for', () => {
  const [, router] = fixture('line', 'x').nodes;
  assert.is(rulesOf(router!, PLAIN), '');
  const all = rulesOf(
    { ...router!, silent: true },
    {
      ...PLAIN,
      filters: ['land', 'ct-invalid'],
      remarkDscp: 46,
      icmpPolicer: { perSecond: 2, burst: 6 },
    },
  );
  for (const rule of [
    'icmp type time-exceeded drop',
    'limit rate over 2/second burst 6 packets drop',
    'ct state invalid drop',
    'ip6 dscp set 46',
  ])
    assert.ok(all.includes(rule), all);
  assert.match(rulesOf(router!, { ...PLAIN, icmpPolicer: { perSecond: 0, burst: 1 } }), /chain policed \{ drop; \}/);
});

test('every address has its name, and no server is asked', () => {
  const files = etcFiles(fixture('line', 'text'));
  assert.match(files.hosts!, /^10\.255\.0\.3 r2\.example r2$/m);
  assert.match(files.hosts!, /^fd00:0:1::2 r2\.example r2$/m);
  assert.is(/^\s*nameserver/m.test(files['resolv.conf']!), false);
});

test('missing commands are named with the one line that installs them', () => {
  assert.throws(() => requireTools(['ip', 'tc', 'nft'], '/nowhere'), /needs ip, tc, nft: run apt-get install -y iproute2 nftables$/);
});

test('without a compiler the build says which package to install', () => {
  const root = mkdtempSync(join(tmpdir(), 'beacon-'));
  try {
    cpSync('bpf', join(root, 'bpf'), { recursive: true });
    mkdirSync(join(root, 'bin'));
    for (const tool of ['uname', 'dirname', 'basename']) symlinkSync(`/usr/bin/${tool}`, join(root, 'bin', tool));
    const built = spawnSync('/bin/sh', [join(root, 'bpf', 'build.sh')], { env: { PATH: join(root, 'bin') }, encoding: 'utf8' });
    assert.is(built.status, 1);
    assert.match(built.stderr, /run apt-get install -y clang/);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('without root nothing is begun', async () => {
  const asOthers = (): void => (process.getuid?.() === 0 ? process.seteuid!(65534) : undefined);
  asOthers();
  try {
    for (const begin of [() => up(fixture('line', 'nobody')), () => down('t_nobody'), async () => attach('t_nobody')]) {
      const error = await begin().then(
        () => null,
        (thrown: unknown) => thrown,
      );
      assert.is((error as BeaconError | null)?.code, 'ERR_PRIVILEGE');
    }
  } finally {
    if (process.getuid?.() === 0) process.seteuid!(0);
  }
});

test('a name that could lead out of our directories is refused', async () => {
  const line = fixture('line', 'text');
  const error = await up({ ...line, name: '..' }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, RangeError);
});

test('a namespace tells its lab, and those of others are left alone', () => {
  assert.is(labOfNamespace(namespaceName('a_lab', 'r_1')), 'a_lab');
  for (const other of ['beacon', 'beacon-x', 'mybeacon-x-r1', 'beacon-x-r1-y', 'beacon-X-r1']) assert.is(labOfNamespace(other), null);
});

test.run();
