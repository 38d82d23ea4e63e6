// limit: 240 s
/** The three traces on kernel routers: the hops are those of the topology's shortest paths, in both profiles and both families. */
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import type { Event } from '../../src/report/event.ts';
import { shortestPaths } from '../../src/topology/routes.ts';
import type { Profile } from '../../src/topology/topology.ts';
import { linesOf, of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { assertOneOf, exitOf, hopsOf, nameIn, problems, run, runJson, sniffed } from './measured.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();
const inLab = (title: string, file: string, profile: Profile, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture(file, 'trace', { profile }));
      await work(lab);
    });
};

const FAMILIES = [4, 6] as const;
const D = { 4: '10.255.0.5', 6: 'fd00:255::5' } as const; // of `line`, `nondecap` and `silent`

/** Names of the hops in order, from position 1 on without a gap. */
function walked({ topology }: Lab, events: readonly Event[]): string[] {
  const hops = hopsOf(events);
  assert.equal(
    hops.map(({ position }) => position),
    hops.map((_, index) => index + 1),
  );
  return hops.map(({ address }) => nameIn(topology, address));
}

function assertReached(lab: Lab, events: readonly Event[], ways: readonly (readonly string[])[]): void {
  assert.is(exitOf(events), 0);
  assertOneOf(walked(lab, events), ways);
  assert.equal(
    hopsOf(events).map(({ reached }) => reached),
    walked(lab, events).map((_, index, { length }) => index === length - 1),
  );
}

/** There, back, and between two routers: one probe each, since stock routers answer no more than six at once. */
async function traceAll(lab: Lab, family: 4 | 6, start: string): Promise<void> {
  const { topology } = lab;
  const there = await runJson(lab, [`-${family}`, '-c', '1', 'd']);
  assertReached(
    lab,
    there,
    shortestPaths(topology, 'a', 'd', family).map((way) => way.slice(1)),
  );
  const back = await runJson(lab, [`-${family}`, '-c', '1', '-r', 'd']);
  const us = of(back, 'start')[0]!.target;
  assertReached(lab, back, shortestPaths(topology, 'd', us));
  const between = await runJson(lab, [`-${family}`, '-c', '1', '-s', start, 'd']);
  assertReached(lab, between, shortestPaths(topology, start, 'd', family));
}

/** Where `-s` starts: a router on the way. */
const STARTS: Readonly<Record<string, string>> = {
  line: 'r1',
  diamond: 'r1',
  asymmetric: 'r3',
  ecmp4: 'm2',
  clos: 's1',
  nondecap: 'r1',
  uplinks: 'r2',
};

for (const [file, start] of Object.entries(STARTS))
  for (const profile of ['lab', 'stock'] as const)
    inLab(`${file}, profile ${profile}: all three traces take the topology's paths`, file, profile, async (lab) => {
      for (const family of FAMILIES) await traceAll(lab, family, start);
    });

inLab('where costs differ the way back is another than the way there', 'asymmetric', 'stock', async (lab) => {
  for (const family of FAMILIES) {
    const there = walked(lab, await runJson(lab, [`-${family}`, '-c', '1', 'd']));
    const back = walked(lab, await runJson(lab, [`-${family}`, '-c', '1', '-r', 'd']));
    assert.equal(there, ['r1', 'r2', 'r4', 'd']);
    assert.equal(back, ['d', 'r4', 'r3', 'r1', 'a']);
  }
});

inLab('answers that come home by another interface are heard', 'uplinks', 'stock', async (lab) => {
  for (const family of FAMILIES) {
    const there = await runJson(lab, [`-${family}`, '-c', '1', 'd']);
    assert.equal(walked(lab, there), ['r1', 'r3', 'd']);
    assert.is(of(there, 'start')[0]!.interface, 'to_r1');
    assert.equal(walked(lab, await runJson(lab, [`-${family}`, '-c', '1', '-r', 'd'])), ['d', 'r3', 'r2', 'a']);
  }
});

inLab('from a router to ourselves is the way back', 'asymmetric', 'lab', async (lab) => {
  for (const family of FAMILIES) {
    const events = await runJson(lab, [`-${family}`, '-c', '1', '-s', 'd', 'a']);
    assert.is(of(events, 'start')[0]!.command, 'reverse');
    assert.equal(walked(lab, events), ['d', 'r4', 'r3', 'r1', 'a']);
  }
});

inLab('a silent router is a * in its place', 'silent', 'lab', async (lab) => {
  for (const family of FAMILIES) {
    assert.equal(walked(lab, await runJson(lab, [`-${family}`, 'd'])), ['r1', '*', 'r3', 'd']);
    assert.equal(walked(lab, await runJson(lab, [`-${family}`, '-r', 'd'])), ['d', 'r3', '*', 'r1', 'a']);
    const events = await runJson(lab, [`-${family}`, '-s', 'r1', 'd']);
    assert.equal(walked(lab, events), ['r1', '*', 'r3', 'd']);
    assert.is(of(events, 'path')[0]!.hops[2], null);
  }
  const { stdout } = await run(lab, ['d']);
  assert.is(linesOf(stdout)[2], ' 2  *');
});

inLab('a router that does not decapsulate is no start of a path, and says so', 'nondecap', 'stock', async (lab) => {
  for (const family of FAMILIES)
    for (const argv of [
      ['-r', 'r2'],
      ['-s', 'r2', 'd'],
    ]) {
      const { code, stdout, stderr } = await run(lab, [`-${family}`, ...argv]);
      assert.is(code, 4, stdout);
      assert.match(stderr, /r2 does not decapsulate IP in IP/);
      assert.equal(problems(await runJson(lab, [`-${family}`, ...argv])), ['NO_DECAPSULATION']);
    }
});

inLab('the text is that of a traceroute, with names unless -n', 'line', 'lab', async (lab) => {
  const timed = (host: string): string => `${host}${'  \\d+\\.\\d\\d ms'.repeat(3)}`;
  const expected = (headline: string, hosts: readonly string[]): RegExp =>
    new RegExp(`^${[headline, ...hosts.map((host, index) => ` ${index + 1}  ${timed(host)}`)].join('\n')}\n$`.replaceAll(/[()]/g, '\\$&'));
  const named = ['r1.example (10.0.0.2)', 'r2.example (10.0.1.2)', 'r3.example (10.0.2.2)', 'd.example (10.255.0.5)'];
  assert.match((await run(lab, ['d.example'])).stdout, expected('Doing traceroute to d.example (10.255.0.5)', named));
  assert.match(
    (await run(lab, ['-n', D[4]])).stdout,
    expected('Doing traceroute to 10.255.0.5', ['10.0.0.2', '10.0.1.2', '10.0.2.2', '10.255.0.5']),
  );
  const between = (await run(lab, ['-n', '-s', 'r2', 'd'])).stdout;
  assert.match(between, /^Doing traceroute from r2 \(10\.255\.0\.3\) to d \(10\.255\.0\.5\)\n/);
  assert.is(linesOf(between).length, 4);
  assert.match((await run(lab, ['-n', '-r', 'd'])).stdout, /^Doing reverse traceroute from d \(10\.255\.0\.5\)\n/);
});

/** What the kernel's own routes on r2 answer (net/ipv4/route.c, net/ipv6/route.c): mark, ICMP type and code, or silence. */
const ROUTES = [
  { how: 'unreachable', family: 4, mark: '!H', icmp: { type: 3, code: 1 } },
  { how: 'prohibit', family: 4, mark: '!X', icmp: { type: 3, code: 13 } },
  { how: 'throw', family: 4, mark: '!N', icmp: { type: 3, code: 0 } },
  { how: 'unreachable', family: 6, mark: '!N', icmp: { type: 1, code: 0 } },
  { how: 'prohibit', family: 6, mark: '!X', icmp: { type: 1, code: 1 } },
] as const;

inLab("a router's refusal ends the trace with its mark", 'line', 'lab', async (lab) => {
  for (const { how, family, mark, icmp } of ROUTES) {
    await throughR2(lab, family, how);
    const { code, stdout } = await run(lab, ['-n', '-c', '1', D[family]]);
    assert.is(code, 1);
    assert.match(linesOf(stdout).at(-1)!, new RegExp(`^ 2  \\S+  \\d+\\.\\d\\d ms  ${mark}$`));
    const events = await runJson(lab, ['-c', '1', D[family]]);
    assert.equal(hopsOf(events).at(-1)!.icmp, icmp);
    assert.equal(walked(lab, events), ['r1', 'r2']);
    assert.is(of(events, 'end')[0]!.reached, false);
  }
});

/** Replaces r2's route to d; `null` gives it back. */
async function throughR2(lab: Lab, family: 4 | 6, how: string | null): Promise<void> {
  const route = how === null ? ['via', { 4: '10.0.2.2', 6: 'fd00:0:2::2' }[family]] : [];
  await lab.exec('r2', ['ip', `-${family}`, 'route', 'flush', `${D[family]}`]);
  const { stderr, code } = await lab.exec('r2', ['ip', `-${family}`, 'route', 'add', ...(how === null ? [] : [how]), D[family], ...route]);
  assert.is(code, 0, stderr);
}

inLab('a host that does not know UDP ends the trace with !P', 'line', 'lab', async (lab) => {
  const rules =
    'add table ip t; add chain ip t c { type filter hook input priority 0; }; add rule ip t c meta l4proto udp reject with icmp prot-unreachable';
  assert.is((await lab.exec('d', ['nft', rules])).code, 0);
  const events = await runJson(lab, ['d']);
  assert.equal(hopsOf(events).at(-1)!.icmp, { type: 3, code: 2 });
  assert.match((await run(lab, ['-c', '1', 'd'])).stdout, / !P\n$/);
});

inLab('a target that is swallowed on the way costs one timeout, and exit code 1', 'line', 'stock', async (lab) => {
  for (const family of FAMILIES) {
    await throughR2(lab, family, 'blackhole');
    const began = Date.now();
    const events = await runJson(lab, [D[family], '-t', '1', '-c', '1']);
    assert.ok(Date.now() - began < 3500, `${Date.now() - began} ms`); // 30 ttls 20 ms apart, then 1 s, on a busy machine
    assert.equal([exitOf(events), of(events, 'end')[0]!.reached], [1, false]);
    // r2 looks for a route before it looks at the ttl, so it is silent too
    assert.equal(walked(lab, events), ['r1', ...Array(29).fill('*')]);
  }
});

inLab('routers that answer one ICMP a second still show every hop', 'line', 'stock', async (lab) => {
  await runJson(lab, ['-c', '10', 'd']); // takes what they had saved up
  await sleep(1100);
  const events = await runJson(lab, ['d']);
  assert.equal(walked(lab, events), ['r1', 'r2', 'r3', 'd']);
});

inLab('-c, -f and -m say how often, from where and how far', 'line', 'lab', async (lab) => {
  const five = await runJson(lab, ['-c', '5', 'd']);
  for (const { rttMs } of hopsOf(five)) assert.ok(rttMs.length === 5 && rttMs.every((rtt) => rtt !== null), `${rttMs}`);
  const late = await runJson(lab, ['-f', '3', 'd']);
  assert.equal(
    hopsOf(late).map(({ position, ttl, address }) => [position, ttl, nameIn(lab.topology, address)]),
    [
      [3, 3, 'r3'],
      [4, 4, 'd'],
    ],
  );
  const short = await runJson(lab, ['-m', '2', 'd', '-t', '0.3']);
  assert.equal(walked(lab, short), ['r1', 'r2']);
  assert.is(exitOf(short), 1);
});

inLab('names come with their hops, and -n asks for none', 'line', 'lab', async (lab) => {
  const names = async (argv: readonly string[]): Promise<(string | null)[]> => hopsOf(await runJson(lab, argv)).map(({ name }) => name);
  assert.equal(await names(['d']), ['r1.example', 'r2.example', 'r3.example', 'd.example']);
  assert.equal(await names(['-n', 'd']), [null, null, null, null]);
});

inLab('an echo reaches the end as well as a datagram', 'line', 'stock', async (lab) => {
  for (const family of FAMILIES) {
    const printed = await sniffed(lab, 'r2', ['-i', 'to_r3', family === 4 ? 'icmp[0] == 8' : 'icmp6 and ip6[40] == 128'], async () => {
      const events = await runJson(lab, [`-${family}`, '--protocol', 'icmp', '-c', '1', 'd']);
      assert.equal(walked(lab, events), ['r1', 'r2', 'r3', 'd']);
      assert.is(exitOf(events), 0);
    });
    assert.match(printed, /echo request/);
  }
});

inLab('--port, --dscp and --size are on the wire, on every header', 'line', 'lab', async (lab) => {
  const seen = await sniffed(lab, 'r1', ['-i', 'to_a', 'udp dst port 53001'], () =>
    runJson(lab, ['--port', '53001', '--dscp', '46', '--size', '200', 'd']),
  );
  const headers = linesOf(seen).filter((line) => line.includes('tos 0x'));
  assert.ok(headers.length >= 12, seen);
  for (const line of headers) assert.match(line, /tos 0xb8.*proto UDP \(17\), length 200/);
  const nested = await sniffed(lab, 'r1', ['-i', 'to_a', 'ip proto 4 and dst host 10.255.0.3'], () =>
    runJson(lab, ['--port', '53001', '--dscp', '46', '--size', '200', '-s', 'r2', 'd']),
  );
  assert.match(nested, /tos 0xb8[^\n]*proto IPIP \(4\), length 200\)/);
  assert.match(nested, /tos 0xb8[^\n]*proto UDP \(17\), length 180\)/);
  assert.not.match(nested, /tos 0x0/);
  const six = await sniffed(lab, 'r1', ['-i', 'to_a', 'ip6 and udp dst port 53001'], () =>
    runJson(lab, ['-6', '--port', '53001', '--dscp', '46', '--size', '200', 'd']),
  );
  assert.match(six, /class 0xb8[^\n]*next-header UDP \(17\) payload length: 160\)/);
});

test.run();
