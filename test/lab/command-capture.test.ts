// limit: 120 s
/** `braceroute capture` in a lab: it sees what tcpdump sees, and what it wrote survives whatever ends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CAPTURE_FILTER } from '../../src/engine/live/filter.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { COMMAND, linesOf, runArgv } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { fixture } from './raised.ts';

const folder = mkdtempSync(join(tmpdir(), 'beacon-'));
const file = (name: string): string => join(folder, name);
const reason = rootMissing();

const inLab = (title: string, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture('line', 'g_cap'));
      await work(lab);
    });
};

const on = (lab: Lab, argv: readonly string[]): string[] => ['ip', 'netns', 'exec', lab.namespaceOf('a'), ...argv];

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Resolves when it says on stderr that it listens. */
async function listening([program, ...argv]: readonly string[]): Promise<Running> {
  const child = spawn(program!, argv, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000, killSignal: 'SIGKILL' });
  let [stdout, stderr] = ['', ''];
  const ready = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (/listening on/i.test(stderr)) resolve();
    });
  });
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  await Promise.race([ready, ended]);
  return { child, ended };
}

const capturing = (lab: Lab, ...argv: string[]): Promise<Running> => listening(on(lab, [...COMMAND, 'capture', ...argv]));

/** A packet a line, as tshark reads it: when, how long, each header's addresses, id and ttl, and what UDP carries. */
async function packetsIn(path: string): Promise<string[]> {
  const fields = ['frame.time_epoch', 'frame.len', 'ip.src', 'ip.dst', 'ip.id', 'ip.ttl', 'icmp.type', 'udp.payload'];
  const { code, stdout } = await runArgv(['tshark', '-r', path, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])]);
  assert.is(code, 0, `tshark cannot read ${path}`);
  return linesOf(stdout);
}

async function until(is: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 10_000; !(await is()); await sleep(100)) assert.ok(performance.now() < endMs, 'it never came');
}

inLab('it sees the packets that tcpdump beside it sees, sent and received, and shows each on a line', async (lab) => {
  const [ours, theirs] = [file('ours.pcapng'), file('theirs.pcap')];
  const tcpdump = await listening(on(lab, ['tcpdump', '-i', 'any', '--nano', '-U', '-w', theirs, CAPTURE_FILTER]));
  const capture = await capturing(lab, '--write', ours);
  for (const argv of [['d'], ['probe', '-d', 'd', '-c', '50', '-t', '0.5']]) {
    assert.is((await runArgv(on(lab, [...COMMAND, ...argv]))).code, 0);
  }
  capture.child.kill('SIGINT');
  const { code, stdout, stderr } = await capture.ended;
  await until(async () => (await packetsIn(theirs)).length >= linesOf(stdout).length); // it writes what it has by and by
  tcpdump.child.kill('SIGINT');
  await tcpdump.ended;
  const [seen, expected] = [await packetsIn(ours), await packetsIn(theirs)];
  assert.ok(expected.length > 400, `${expected.length} packets`); // 4 hops, 50 probes each, there and back
  assert.equal(seen.toSorted(), expected.toSorted());
  assert.is(code, 0);
  assert.is(linesOf(stdout).length, seen.length);
  assert.match(stderr, `${seen.length} packets captured\n${seen.length} packets received by filter\n0 packets dropped by kernel\n`);
  assert.match(stderr, `${seen.length} packets written to ${ours}`);
  for (const words of ['to_r1 Out IP ', 'to_r1 In  IP ', 'ICMP time exceeded', ' landed']) assert.match(stdout, words);
  const info = await runArgv(['capinfos', '-c', ours]);
  assert.match(info.stdout, new RegExp(`Number of packets: +${seen.length}\n`));
});

const pings = (lab: Lab, count: number): Promise<unknown> => runArgv(on(lab, ['ping', '-q', '-c', `${count}`, '-i', '0.002', '10.0.0.2']));

inLab('--count, --duration and a pcap filter end and narrow it; on one interface it sees both ways too', async (lab) => {
  const counted = await capturing(lab, '-i', 'to_r1', '--filter', 'icmp[icmptype] = icmp-echoreply', '--count', '5', '--json');
  await pings(lab, 20);
  const { code, stdout } = await counted.ended;
  const events = linesOf(stdout).map((line) => JSON.parse(line));
  assert.is(code, 0);
  assert.equal(
    events.map(({ type }) => type),
    [...Array(5).fill('packet'), 'captured', 'end'],
  );
  assert.ok(events.slice(0, 5).every(({ interface: name, layers }) => name === 'to_r1' && layers[0].source === '10.0.0.2'));
  assert.is(events[5].captured, 5);
  const both = await capturing(lab, '-i', 'to_r1', '--filter', 'icmp', '--duration', '1');
  await pings(lab, 20);
  assert.is(linesOf((await both.ended).stdout).length, 40);
});

inLab('kill -9 leaves what was flushed', async (lab) => {
  const path = file('killed.pcapng');
  const { child, ended } = await capturing(lab, '--quiet', '--write', path);
  await pings(lab, 100);
  await until(async () => existsSync(path) && statSync(path).size > 0 && (await packetsIn(path)).length === 200);
  process.kill(child.pid!, 'SIGKILL');
  await ended;
  assert.is((await packetsIn(path)).length, 200);
});

inLab('a ring keeps the newest packets, in files of the size that was asked', async (lab) => {
  const { child, ended } = await capturing(lab, '-i', 'to_r1', '--filter', 'icmp', '--ring', '3x20k', '--write', file('ring.pcapng'));
  await pings(lab, 400);
  child.kill('SIGINT');
  const { code, stdout, stderr } = await ended;
  assert.is(code, 0);
  const lines = linesOf(stdout);
  assert.is(lines.length, 800);
  const named = /written to (.*)\n/.exec(stderr)![1]!.split(', ');
  assert.equal(
    named.toSorted(),
    [1, 2, 3].map((number) => file(`ring-${number}.pcapng`)),
  );
  const kept = (await Promise.all(named.map(packetsIn))).flat(); // the oldest file first
  for (const path of named) assert.ok(statSync(path).size <= 20_000 && statSync(path).size > 10_000 * Number(path !== named.at(-1)), path);
  assert.ok(kept.length > 200 && kept.length < 800, `${kept.length}`);
  const times = kept.map((packet) => packet.split('\t')[0]!);
  assert.equal(times, times.toSorted());
  // the capture's own lines tell the time of day, tshark seconds since 1970
  const last = lines.slice(-kept.length).map((line) => line.slice(6, 18));
  const seconds = times.map((time) => time.split('.') as [string, string]);
  assert.equal(
    seconds.map(([whole, part]) => `${String(Number(whole) % 60).padStart(2, '0')}.${part}`),
    last,
  );
});

inLab('an interface that goes away ends it, with what came before', async (lab) => {
  const added = await runArgv(on(lab, ['ip', 'link', 'add', 'g_gone', 'up', 'type', 'veth', 'peer', 'name', 'g_peer']));
  assert.is(added.code, 0, added.stderr);
  const { ended } = await capturing(lab, '-i', 'g_gone', '--write', file('gone.pcapng'), '--filter', 'icmp');
  await runArgv(on(lab, ['ip', 'link', 'del', 'g_gone']));
  const { code, stderr } = await ended;
  assert.is(code, 4, stderr);
  assert.match(stderr, /\n0 packets captured\n(.*\n)*braceroute: .*g_gone/);
  assert.equal(await packetsIn(file('gone.pcapng')), []);
});

inLab('what it cannot do it says: a filter, an interface, a privilege, a full disk', async (lab) => {
  const run = (argv: readonly string[], before: readonly string[] = []): Promise<{ code: number | null; stderr: string }> =>
    runArgv(on(lab, [...before, ...COMMAND, 'capture', ...argv]));
  for (const [argv, code, says] of [
    [['--filter', 'icmp andd'], 2, /--filter, column 6: libpcap says: .*syntax error.*\n {2}icmp andd\n {7}\^\n/],
    [['--filter', 'probe==17'], 2, /probe==17 and its like are for braceroute decode/],
    [['--filter', 'icmp and port 70000'], 2, /--filter "icmp and port 70000": libpcap says: .*70000/],
    [['-i', 'nowhere'], 2, /There is no interface "nowhere"/],
    [['--ring', '2x1M'], 2, /--ring is of files: .*--write/],
    [['--ring', '1x1M', '--write', file('x')], 2, /Give files and the size of each, such as 10x100MB/],
    [['--write', file('no/such/place')], 2, /Cannot write to .*no such file/],
    [['--write', '/dev/full'], 2, /Cannot write to \/dev\/full: .*; 0 bytes of whole packets are saved/],
  ] as const) {
    const ran = await run(argv);
    assert.is(ran.code, code, ran.stderr);
    assert.match(ran.stderr, says);
  }
  const without = await run([], ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all']);
  assert.is(without.code, 3, without.stderr);
  assert.match(without.stderr, /CAP_NET_RAW/);
});

test.after(() => rmSync(folder, { recursive: true }));
test.run();
