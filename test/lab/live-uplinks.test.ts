/** Hosts with more than one way out: which one probes take, how it is told, and answers that come home by another. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { up } from '../../src/lab/up.ts';
import type { Event } from '../../src/report/event.ts';
import { of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, hopsOf, problems, runJson, tallies } from './measured.ts';
import { type Namespaces, namespaces } from './namespaces.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();

function claim(title: string, hold: () => Promise<void>): void {
  if (reason) skip(title, reason);
  else test(title, hold);
}

const NO_FILTER = ['net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0'];

/** Two links from v_a to v_b, and equal routes over both to the far address. */
const EQUAL = [
  '-n v_a link add v0 type veth peer name v1 netns v_b',
  '-n v_a link add w0 type veth peer name w1 netns v_b',
  '-n v_b link set v1 address 02:00:00:00:00:02', // fe80::ff:fe00:2 (RFC 4291 §2.5.1)
  ...['v0', 'w0'].map((name) => `-n v_a link set ${name} up`),
  ...['v1', 'w1'].map((name) => `-n v_b link set ${name} up`),
  '-n v_a addr add 10.9.1.1/24 dev v0',
  '-n v_a addr add 10.9.1.3/24 dev v0',
  '-n v_a addr add 10.9.2.1/24 dev w0',
  '-n v_a addr add fd09:1::1/64 dev v0',
  '-n v_a addr add fd09:2::1/64 dev w0',
  '-n v_b addr add 10.9.1.2/24 dev v1',
  '-n v_b addr add 10.9.2.2/24 dev w1',
  '-n v_b addr add fd09:1::2/64 dev v1',
  '-n v_b addr add fd09:2::2/64 dev w1',
  '-n v_b addr add 10.9.9.9/32 dev lo',
  '-n v_b addr add fd09:9::9/128 dev lo',
  '-n v_a route add 10.9.9.9 nexthop via 10.9.1.2 nexthop via 10.9.2.2',
  '-n v_a route add fd09:9::9 nexthop via fd09:1::2 nexthop via fd09:2::2',
];

const equal = (): Namespaces => namespaces(['v_a', 'v_b'], EQUAL, NO_FILTER);

const start = (events: readonly Event[]): Extract<Event, { type: 'start' }> => of(events, 'start')[0]!;

claim('--uplink names the next hop, and our address is the one of its link; the start event tells both', async () => {
  await using net = equal();
  const told = async (...argv: string[]): Promise<unknown[]> => {
    const events = await net.braceroute('v_a', '-n', '-c', '1', ...argv);
    assert.is(exitOf(events), 0, JSON.stringify(events));
    assert.equal(
      hopsOf(events).map(({ address }) => address),
      [argv.at(-1)],
    );
    const { interface: device, nextHop, ways, source } = start(events);
    return [device, nextHop, ways, source, problems(events)];
  };
  assert.equal(await told('--uplink', '10.9.1.2', '10.9.9.9'), ['v0', '10.9.1.2', 2, '10.9.1.1', []]);
  assert.equal(await told('--uplink', '10.9.2.2', '10.9.9.9'), ['w0', '10.9.2.2', 2, '10.9.2.1', []]);
  assert.equal(await told('--uplink', 'fd09:2::2', 'fd09:9::9'), ['w0', 'fd09:2::2', 2, 'fd09:2::1', []]);
  assert.equal(await told('-i', 'v0', '--uplink', 'fe80::ff:fe00:2', 'fd09:9::9'), ['v0', 'fe80::ff:fe00:2', 2, 'fd09:1::1', []]);
  assert.equal(await told('--uplink', '10.9.1.2', '10.9.1.2'), ['v0', '10.9.1.2', 1, '10.9.1.1', []]);
  assert.equal(await told('--uplink', '10.9.1.2', '10.9.1.3'), ['lo', '10.9.1.3', 1, '10.9.1.3', []]); // we are no way out
});

claim('an answer to an address of the other link comes home by that link: it counts, and that is said', async () => {
  await using net = equal();
  const events = await net.braceroute('v_a', '-n', '-c', '1', '-a', '10.9.1.3', '--uplink', '10.9.2.2', '10.9.9.9');
  assert.equal([hopsOf(events)[0]!.address, problems(events), exitOf(events)], ['10.9.9.9', ['OTHER_UPLINK'], 0]);
  assert.match(of(events, 'problem')[0]!.message, /1 answer came home by v0, while probes left by w0 \(next hop 10\.9\.2\.2\)/);
});

claim('an uplink that is none is refused, with what it is instead', async () => {
  await using net = equal();
  const refusal = async (...argv: string[]): Promise<string> => {
    const events = await net.braceroute('v_a', '-n', ...argv);
    assert.equal([problems(events), exitOf(events)], [['ERR_USAGE'], 2]);
    return of(events, 'problem')[0]!.message;
  };
  assert.match(await refusal('--uplink', 'r1', '10.9.9.9'), '--uplink r1 is not an address');
  assert.match(await refusal('--uplink', '10.9.1.1', '10.9.9.9'), '10.9.1.1 is our own address');
  assert.match(await refusal('--uplink', '10.9.9.9', '10.9.9.9'), '10.9.9.9 is on no link of ours');
  assert.match(await refusal('--uplink', '10.9.1.2', '-i', 'w0', '10.9.9.9'), '10.9.1.2 is on v0, not on w0: leave -i out, or give -i v0');
  assert.match(await refusal('--uplink', 'fe80::ff:fe00:2', 'fd09:9::9'), 'name its interface with -i');
  assert.match(await refusal('-a', 'fd09:1::1', '10.9.9.9'), 'not an IPv6 address');
});

/** ICMP messages that a namespace has sent (RFC 1213, icmpOutMsgs; RFC 2466 for ICMPv6), but for neighbour discovery. */
async function icmpSent(net: Namespaces, name: string): Promise<number> {
  const { stdout } = await net.run(name, 'cat', '/proc/net/snmp', '/proc/net/snmp6');
  const [, names, values] = /^Icmp: (\D.*)\nIcmp: (.*)$/m.exec(stdout)!;
  const four = Number(values!.split(' ')[names!.split(' ').indexOf('OutMsgs')]);
  return (
    four +
    ['OutDestUnreachs', 'OutEchoReplies'].reduce((sum, kind) => sum + Number(new RegExp(`Icmp6${kind}\\s+(\\d+)`).exec(stdout)![1]), 0)
  );
}

claim('a neighbour is asked for on the interface that was named, and pays with none of the errors that it may send', async () => {
  const lines = [
    ...EQUAL.slice(0, 7),
    '-n v_a addr add 10.9.1.1/24 dev v0', // one subnet on both: the kernel's own packets leave by the first
    '-n v_a addr add 10.9.1.11/24 dev w0',
    '-n v_a addr add fd09:1::1/64 dev v0',
    '-n v_a addr add fd09:1::11/64 dev w0',
    '-n v_b addr add 10.9.1.22/24 dev w1',
    '-n v_b addr add fd09:1::22/64 dev w1',
  ];
  await using net = namespaces(['v_a', 'v_b'], lines, NO_FILTER);
  for (const address of ['10.9.1.22', 'fd09:1::22']) {
    const before = await icmpSent(net, 'v_b');
    const events = await net.braceroute('v_a', '-n', '-c', '1', '-i', 'w0', address);
    assert.equal([hopsOf(events).map((hop) => hop.address), problems(events), exitOf(events)], [[address], [], 0]);
    assert.is((await icmpSent(net, 'v_b')) - before, 1, 'the one answer to our probe');
  }
});

claim('in a lab with two uplinks every command counts what comes home by the other one, and says so once', async () => {
  await using lab = await up({ ...fixture('uplinks', 'up'), name: 'v_up' });
  for (const argv of [['d'], ['-6', 'd'], ['-r', 'd'], ['probe', '-d', 'd', '-c', '20']]) {
    const events = await runJson(
      lab,
      ['-n', ...argv].filter((word) => argv[0] !== 'probe' || word !== '-n'),
    );
    assert.is(exitOf(events), 0, JSON.stringify(events));
    assert.equal(problems(events), ['OTHER_UPLINK']);
    assert.match(of(events, 'problem')[0]!.message, /by to_r2, while probes left by to_r1/);
    for (const { sent, received } of tallies(events)) assert.is(received, sent);
  }
});

claim('the headline names the uplink where the host has more than one way', async () => {
  await using net = equal();
  const text = async (...argv: string[]): Promise<string> =>
    (await net.run('v_a', process.execPath, 'bin/braceroute.js', '-n', '-c', '1', ...argv)).stdout.split('\n')[0]!;
  assert.is(await text('--uplink', '10.9.2.2', '10.9.9.9'), 'Doing traceroute to 10.9.9.9, by 10.9.2.2 on w0, one of 2 ways out');
  assert.is(await text('10.9.1.2'), 'Doing traceroute to 10.9.1.2');
});

test.run();
