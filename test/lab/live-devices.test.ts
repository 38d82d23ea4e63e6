/** The command on devices that a lab does not have: tun, loopback, VLAN, and next hops that are hard to find. */
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import { of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, hopsOf, problems } from './measured.ts';
import { namespaces } from './namespaces.ts';

const reason = rootMissing();

function claim(title: string, hold: () => Promise<void>): void {
  if (reason) skip(title, reason);
  else test(title, hold);
}

const TUN_PEER = fileURLToPath(new URL('tun-peer.py', import.meta.url));

/** Addresses of the hops, in their order. */
const route = (events: readonly Event[]): (string | null)[] => hopsOf(events).map(({ address }) => address);

/** Reached by exactly these hops, with no remark. */
function assertRoute(events: readonly Event[], hops: readonly string[]): void {
  assert.equal(problems(events), []);
  assert.equal(route(events), hops);
  assert.is(exitOf(events), 0);
}

claim('tun: packets without a link header go out and come in, in both families', async () => {
  await using net = namespaces(['live_tun'], []);
  await net.start('live_tun', 'python3', TUN_PEER, 'tun0', '10.9.0.1/24', 'fd09::1/64');
  assertRoute(await net.braceroute('live_tun', '-n', '10.9.0.2'), ['10.9.0.2']);
  assertRoute(await net.braceroute('live_tun', '-n', 'fd09::2'), ['fd09::2']);
});

claim('tun without an address of its own: ours is on loopback', async () => {
  await using net = namespaces(['live_tun'], ['-n live_tun addr add 10.9.0.1/32 dev lo', '-n live_tun addr add fd09::1/128 dev lo']);
  await net.start('live_tun', 'python3', TUN_PEER, 'tun0');
  for (const route of ['10.9.8.0/24 dev tun0 src 10.9.0.1', 'fd09:8::/64 dev tun0 src fd09::1'])
    assert.is((await net.run('live_tun', 'ip', 'route', 'add', ...route.split(' '))).code, 0);
  assertRoute(await net.braceroute('live_tun', '-n', '10.9.8.2'), ['10.9.8.2']);
  assertRoute(await net.braceroute('live_tun', '-n', 'fd09:8::2'), ['fd09:8::2']);
});

claim('loopback: our own stack answers for our own address', async () => {
  await using net = namespaces(['live_lo'], ['-n live_lo addr add 10.9.0.1/32 dev lo']);
  for (const address of ['127.0.0.1', '::1', '10.9.0.1']) assertRoute(await net.braceroute('live_lo', '-n', '-c', '1', address), [address]);
});

/** Two neighbours on one link, by the name of the device. */
const pair = (a: string, b: string): string[] => [
  `-n ${a} link add v0 type veth peer name v1 netns ${b}`,
  `-n ${a} link set v0 up`,
  `-n ${b} link set v1 up`,
];

claim('a neighbour that the kernel does not know yet is asked for, and answers', async () => {
  await using net = namespaces(
    ['live_a', 'live_b'],
    [
      ...pair('live_a', 'live_b'),
      '-n live_a addr add 10.9.1.1/24 dev v0',
      '-n live_a addr add fd09:1::1/64 dev v0',
      '-n live_b addr add 10.9.1.2/24 dev v1',
      '-n live_b addr add fd09:1::2/64 dev v1',
    ],
  );
  for (const address of ['10.9.1.2', 'fd09:1::2']) {
    await net.run('live_a', 'ip', 'neigh', 'flush', 'all');
    assert.is((await net.run('live_a', 'ip', 'neigh', 'show', address)).stdout, '');
    assertRoute(await net.braceroute('live_a', '-n', '-c', '1', address), [address]);
  }
});

claim('a next hop that does not answer is told within 4 s, in both families', async () => {
  await using net = namespaces(
    ['live_a', 'live_b'],
    [
      ...pair('live_a', 'live_b'),
      '-n live_a addr add 10.9.1.1/24 dev v0',
      '-n live_a addr add fd09:1::1/64 dev v0',
      '-n live_a route add 10.9.2.0/24 via 10.9.1.77',
    ],
  );
  const silent = async (address: string, nextHop: string): Promise<void> => {
    const began = performance.now();
    const events = await net.braceroute('live_a', '-n', address);
    assert.ok(performance.now() - began < 4000, `${performance.now() - began} ms`);
    assert.equal(problems(events), ['ERR_NEXT_HOP']);
    assert.match(of(events, 'problem')[0]!.message, nextHop);
    assert.is(exitOf(events), 4);
  };
  await Promise.all([silent('10.9.2.9', '10.9.1.77'), silent('fd09:1::77', 'fd09:1::77')]);
});

claim('a gateway with a link-local address', async () => {
  await using net = namespaces(
    ['live_a', 'live_b'],
    [
      '-n live_a link add v0 type veth peer name v1 netns live_b',
      '-n live_b link set v1 address 02:00:00:00:00:02', // so that its address is fe80::ff:fe00:2 (RFC 4291 §2.5.1)
      '-n live_b link set v1 up',
      '-n live_a link set v0 up',
      '-n live_a addr add fd09:1::1/64 dev v0',
      '-n live_b addr add fd09:1::2/64 dev v1',
      '-n live_b addr add fd09:9::9/128 dev lo',
      '-n live_a route add fd09:9::/64 via fe80::ff:fe00:2 dev v0',
    ],
  );
  assertRoute(await net.braceroute('live_a', '-n', '-c', '1', 'fd09:9::9'), ['fd09:9::9']);
});

claim('a link without addresses: both hosts have theirs on loopback, and neighbours are found all the same', async () => {
  await using net = namespaces(
    ['live_a', 'live_b'],
    [
      '-n live_a link add v0 type veth peer name v1 netns live_b',
      '-n live_b link set v1 address 02:00:00:00:00:02',
      '-n live_b link set v1 up',
      '-n live_a link set v0 address 02:00:00:00:00:01',
      '-n live_a link set v0 up',
      ...['a', 'b'].flatMap((name, index) => [
        `-n live_${name} addr add 10.9.9.${index + 1}/32 dev lo`,
        `-n live_${name} addr add fd09:9::${index + 1}/128 dev lo`,
      ]),
      '-n live_a route add default via 10.9.9.2 dev v0 onlink src 10.9.9.1',
      '-n live_b route add 10.9.9.1 dev v1',
      '-n live_a route add default via fe80::ff:fe00:2 dev v0 src fd09:9::1',
      '-n live_b route add fd09:9::1 via fe80::ff:fe00:1 dev v1',
    ],
  );
  for (const address of ['10.9.9.2', 'fd09:9::2']) {
    const events = await net.braceroute('live_a', '-n', '-c', '1', address);
    assertRoute(events, [address]);
    assert.is(of(events, 'start')[0]!.source, address.replace(/2$/, '1'));
  }
  assertRoute(await net.braceroute('live_a', '-n', '-c', '1', '--uplink', '10.9.9.2', '10.9.9.2'), ['10.9.9.2']);
});

/** One host at a's side with two links to b, and a second address on the first. */
const TWO_LINKS = [
  '-n live_a link add v0 type veth peer name v1 netns live_b',
  '-n live_a link add w0 type veth peer name w1 netns live_b',
  ...['v0', 'w0'].map((name) => `-n live_a link set ${name} up`),
  ...['v1', 'w1'].map((name) => `-n live_b link set ${name} up`),
  '-n live_a addr add 10.9.1.1/24 dev v0',
  '-n live_a addr add 10.9.1.3/24 dev v0',
  '-n live_a addr add 10.9.2.1/24 dev w0',
  '-n live_b addr add 10.9.1.2/24 dev v1',
  '-n live_b addr add 10.9.2.2/24 dev w1',
  '-n live_b addr add 10.9.9.9/32 dev lo',
  '-n live_a route add 10.9.9.9 via 10.9.1.2',
  '-n live_a route add 10.9.9.9 via 10.9.2.2 metric 9',
];

claim('-i chooses the interface, -a our own address', async () => {
  await using net = namespaces(['live_a', 'live_b'], TWO_LINKS, ['net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0']);
  const start = async (...argv: string[]): Promise<(string | null)[]> => {
    const events = await net.braceroute('live_a', '-n', '-c', '1', ...argv, '10.9.9.9');
    assertRoute(events, ['10.9.9.9']);
    const [{ interface: device, source }] = of(events, 'start') as [Extract<Event, { type: 'start' }>];
    return [device, source];
  };
  assert.equal(await start(), ['v0', '10.9.1.1']);
  assert.equal(await start('-i', 'any'), ['v0', '10.9.1.1']);
  assert.equal(await start('-i', 'w0'), ['w0', '10.9.2.1']);
  assert.equal(await start('-a', '10.9.1.3'), ['v0', '10.9.1.3']);
  assert.equal(await start('-i', 'w0', '-a', '10.9.2.1'), ['w0', '10.9.2.1']);
  const refused = async (...argv: string[]): Promise<[string[], number]> => {
    const events = await net.braceroute('live_a', '-n', ...argv, '10.9.9.9');
    return [problems(events), exitOf(events)];
  };
  assert.equal(await refused('-i', 'x9'), [['ERR_NO_INTERFACE'], 2]);
  await net.run('live_a', 'ip', 'link', 'set', 'w0', 'down');
  assert.equal(await refused('-i', 'w0'), [['ERR_INTERFACE_DOWN'], 4]);
});

const VLAN = [
  ...pair('live_a', 'live_b'),
  '-n live_a link add link v0 name v0.7 type vlan id 7',
  '-n live_b link add link v1 name v1.7 type vlan id 7',
  '-n live_a link set v0.7 up',
  '-n live_b link set v1.7 up',
  '-n live_a addr add 10.9.1.1/24 dev v0.7',
  '-n live_b addr add 10.9.1.2/24 dev v1.7',
];

const BOND = [
  '-n live_a link add u0 type bond mode active-backup',
  '-n live_a link add v0 type veth peer name v1 netns live_b',
  '-n live_a link set v0 master u0',
  '-n live_b link set v1 up',
];

/** Why such devices cannot be made here, in the kernel's words, or null. */
async function unmade(lines: readonly string[]): Promise<string | null> {
  try {
    await using _ = namespaces(['live_a', 'live_b'], lines);
    return null;
  } catch (error) {
    return `this kernel cannot: ${String((error as { stderr?: unknown }).stderr ?? error).trim()}`;
  }
}

/** Asks the kernel itself, in a namespace that is gone again at once. */
async function hasVlan(): Promise<boolean> {
  await using net = namespaces(['live_probe'], ['-n live_probe link add v0 type veth peer name v1']);
  return (await net.run('live_probe', 'ip', 'link', 'add', 'link', 'v0', 'name', 'v0.7', 'type', 'vlan', 'id', '7')).code === 0;
}

/** Devices on top of the uplink that this kernel may have or not: their frames are captured below them too. */
for (const [what, kind] of [
  ['macvlan', 'macvlan mode bridge'],
  ['ipvlan', 'ipvlan mode l2'],
  ['bond', null],
] as const) {
  const title = `a ${what} device: each answer counts once, and its lower device is no other uplink`;
  const lines = kind === null ? BOND : [...pair('live_a', 'live_b'), `-n live_a link add link v0 name u0 type ${kind}`];
  const why = reason ?? (await unmade(lines));
  if (why) skip(title, why);
  else
    test(title, async () => {
      const up = ['-n live_a link set u0 up', '-n live_a addr add 10.9.1.1/24 dev u0', '-n live_b addr add 10.9.1.2/24 dev v1'];
      await using net = namespaces(['live_a', 'live_b'], [...lines, ...up]);
      const events = await net.braceroute('live_a', '-n', '-c', '3', '10.9.1.2');
      assertRoute(events, ['10.9.1.2']);
      assert.is(of(events, 'start')[0]!.interface, 'u0');
    });
}

const noVlan = reason ?? ((await hasVlan()) ? null : 'this kernel has no VLAN devices (8021q)');
if (noVlan) skip('a VLAN device', noVlan);
else
  test('a VLAN device', async () => {
    await using net = namespaces(['live_a', 'live_b'], VLAN);
    assertRoute(await net.braceroute('live_a', '-n', '-c', '1', '10.9.1.2'), ['10.9.1.2']);
  });

test.run();
