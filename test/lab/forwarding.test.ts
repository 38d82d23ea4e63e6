/** The kernels of the lab forward as the topology says: Debian's ping and traceroute are the judges. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { nodeOf } from '../../src/topology/lookup.ts';
import { shortestPaths } from '../../src/topology/routes.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';
import { rootMissing, skip } from '../skip.ts';
import { exchange, fixture, ping } from './raised.ts';

const reason = rootMissing();
const FAMILIES: readonly FamilyNumber[] = [4, 6];
const FILES = ['line', 'diamond', 'asymmetric', 'ecmp4', 'clos', 'uplinks', 'demo'];

/** The nodes that Debian's traceroute finds, its own first; `*` where nobody answers. */
async function traced(lab: Lab, from: string, to: string, family: FamilyNumber): Promise<string[]> {
  const target = lab.topology.nodes.find(({ name }) => name === to)!.loopback[family];
  const argv = ['traceroute', '-n', '-q', '1', '-w', '0.5', '-N', '1', '-m', '12', `-${family}`, target];
  const { stdout, stderr } = await lab.exec(from, argv, { timeoutMs: 20_000 });
  assert.is(stderr, '');
  const hops = stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/)[1]!);
  return [from, ...hops.map((hop) => nodeOf(lab.topology, hop)?.name ?? hop)];
}

for (const file of FILES) {
  const title = `${file}: traceroute finds one of the topology's shortest paths, there and back, over IPv4 and IPv6`;
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture(file, 'paths'));
      for (const family of FAMILIES)
        for (const [from, to] of [
          ['a', 'd'],
          ['d', 'a'],
        ] as const) {
          const path = await traced(lab, from, to, family);
          const paths = shortestPaths(lab.topology, from, to, family);
          assert.ok(
            paths.some((possible) => possible.join() === path.join()),
            `IPv${family} ${path.join(' ')}, not one of ${paths.join(' | ')}`,
          );
        }
    });
}

if (reason) skip('every node reaches every address of every other', reason);
else
  test('every node reaches every address of every other', async () => {
    await using lab = await up(fixture('uplinks', 'mesh'));
    const { nodes, links } = lab.topology;
    const addresses = [...nodes.map(({ loopback }) => loopback), ...links.flatMap(({ ends }) => ends.map((end) => end.addresses))].flatMap(
      (both) => [both[4], both[6]],
    );
    for (const { name } of nodes)
      for (const address of addresses) assert.is((await ping(lab, name, address, 1)).received, 1, `${name} to ${address}`);
  });

if (reason) skip('asymmetric costs: the way there is not the way back', reason);
else
  test('asymmetric costs: the way there is not the way back', async () => {
    await using lab = await up(fixture('asymmetric', 'there'));
    assert.equal(await traced(lab, 'a', 'd', 4), ['a', 'r1', 'r2', 'r4', 'd']);
    assert.equal(await traced(lab, 'd', 'a', 4), ['d', 'r4', 'r3', 'r1', 'a']);
  });

if (reason) skip('a silent router forwards, and never says that a ttl ran out', reason);
else
  test('a silent router forwards, and never says that a ttl ran out', async () => {
    await using lab = await up(fixture('silent', 'silent'));
    for (const family of FAMILIES) assert.equal(await traced(lab, 'a', 'd', family), ['a', 'r1', '*', 'r3', 'd']);
  });

if (reason) skip('all members of an ECMP group carry flows, and one flow stays on one', reason);
else
  test('all members of an ECMP group carry flows, and one flow stays on one', async () => {
    await using lab = await up(fixture('ecmp4', 'ecmp'));
    for (const family of FAMILIES) {
      const target = lab.topology.nodes.find(({ name }) => name === 'd')!.loopback[family];
      const second = async (sourcePort: number): Promise<string> => {
        const argv = [
          'traceroute',
          '-n',
          '-q',
          '1',
          '-w',
          '0.5',
          '-f',
          '2',
          '-m',
          '2',
          '-U',
          '-p',
          '33434',
          `--sport=${sourcePort}`,
          `-${family}`,
          target,
        ];
        const { stdout } = await lab.exec('a', argv);
        return stdout.trim().split('\n')[1]!.trim().split(/\s+/)[1]!;
      };
      const hops = [];
      for (let port = 20_000; port < 20_032; port += 1) hops.push(await second(port));
      const members = new Set(hops.map((hop) => nodeOf(lab.topology, hop)?.name));
      // 32 flows miss one of four members with a chance of 4 × (3/4)^32 = 0.0004; the kernel's seed differs in every run
      assert.ok(members.size >= 3, `IPv${family}: ${[...members].join(' ')}`);
      assert.is(await second(20_000), hops[0]);
    }
  });

if (reason) skip('profile lab answers every probe of a burst, profile stock as the kernel limits', reason);
else
  test('profile lab answers every probe of a burst, profile stock as the kernel limits', async () => {
    const burst = Array<string>(200).fill(EXPIRES_AT_R1);
    await using open = await up(fixture('line', 'open'));
    assert.is((await exchange(open, 'a', burst)).length, 200);
    await using stock = await up(fixture('line', 'stock', { profile: 'stock' }));
    assert.is((await exchange(stock, 'a', burst)).length, 6); // net.ipv4.icmp_ratelimit: a bucket of 6, refilled once a second
  });

/** 10.255.0.1 to 10.255.0.5, ttl 1, UDP 40000 to 33434 without checksum, no payload; written by hand after RFC 791 and 768. */
const EXPIRES_AT_R1 = '4500001c000140000111'.concat('0000', '0aff0001', '0aff0005', '9c40829a00080000');

if (reason) skip('the vantage knows everybody by name, the loopback first, and asks no server', reason);
else
  test('the vantage knows everybody by name, the loopback first, and asks no server', async () => {
    await using lab = await up(fixture('line', 'names'));
    const first = async (...argv: string[]): Promise<string> => (await lab.exec('a', ['getent', ...argv])).stdout.split(/\s+/)[0]!;
    assert.is(await first('ahostsv4', 'r2'), '10.255.0.3');
    assert.is(await first('ahostsv6', 'r2.example'), 'fd00:255::3');
    assert.match((await lab.exec('r3', ['getent', 'hosts', '10.0.1.2'])).stdout, /r2\.example/);
    const started = performance.now();
    assert.is((await lab.exec('a', ['getent', 'ahosts', 'nobody'])).code, 2);
    assert.ok(performance.now() - started < 1000);
  });

test.run();
