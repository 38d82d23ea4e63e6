/** What `decode` finds in a recording is what the run that was recorded has counted. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { interfaceBlock, packetBlock, pcapngHeader } from '../../src/capture/pcapng-write.ts';
import type { Event } from '../../src/report/event.ts';
import { toolMissing } from '../capture/read.ts';
import { skip } from '../skip.ts';
import { assertNoStack, braceroute, COMMAND, eventsOf, linesOf, of, type Ran, runArgv, simulated } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'beacon-decode-'));
test.after(() => rmSync(folder, { recursive: true }));

interface Seen {
  readonly kind: string;
  readonly probe: {
    readonly sequence: number;
    readonly path: number;
    readonly hop: number;
    readonly ageMs: number | null;
    readonly grade: string | null;
  } | null;
}

async function decoded(file: string, ...argv: readonly string[]): Promise<Seen[]> {
  const { stdout, code } = await braceroute(['decode', '--json', ...argv, file]);
  assert.is(code, 0);
  return linesOf(stdout)
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Seen);
}

test('the landings of each hop in a recording are those that the run received, all proven, and the lost ones are the rest', async () => {
  const file = join(folder, 'probe.pcapng');
  const events = eventsOf(await simulated('demo', ['probe', '-s', 'r1', '-d', 'd', '-c', '200', '-t', '1', '--write', file, '--json']));
  const seen = await decoded(file);
  const lost = new Set((await decoded(file, '--filter', 'kind==lost')).map(({ probe }) => probe!.sequence));
  let compared = 0;
  for (const tally of of(events, 'tally').filter(({ sent }) => sent > 0)) {
    const ours = seen.filter(({ probe }) => probe?.path === tally.position);
    const sent = ours.filter(({ kind }) => kind === 'sent').slice(-tally.sent); // the survey asked before
    const numbers = new Set(sent.map(({ probe }) => probe!.sequence));
    const landed = ours.filter(({ kind, probe }) => kind === 'landed' && numbers.has(probe!.sequence));
    assert.is(sent.length, tally.sent);
    assert.is(landed.length, tally.received, `hop ${tally.position}`);
    assert.is([...numbers].filter((sequence) => lost.has(sequence)).length, tally.lost, `hop ${tally.position}`);
    assert.ok(landed.every(({ probe }) => probe!.grade === 'proven'));
    compared += landed.length;
  }
  assert.ok(compared >= 1000);
});

test('what is lost is told of standard input as of the file, which leaves nothing behind', async () => {
  const recording = 'fixtures/recordings/probe-loss-out.pcapng';
  const temporary = mkdtempSync(join(folder, 'temporary-'));
  const env = { ...process.env, TMPDIR: temporary };
  const lost = (command: string): Promise<Ran> =>
    runArgv(['sh', '-c', `${command} | "$@" decode --filter kind==lost -`, 'sh', ...COMMAND], { env });
  const expected = await braceroute(['decode', '--filter', 'kind==lost', recording]);
  assert.ok(linesOf(expected.stdout).length > 10);
  for (const command of [`cat ${recording}`, `gzip -c ${recording}`]) assert.equal(await lost(command), expected);
  const torn = await lost(`head -c 5000 ${recording}`);
  assert.match(torn.stderr, /offset 4800: the file ends 200 bytes into a record of 308; the 18 packets before were read/);
  assert.is(torn.code, 2);
  assert.equal(readdirSync(temporary), []);
});

test('standard input that cannot be kept is refused, with where and what to do', async () => {
  const env = { ...process.env, TMPDIR: join(folder, 'nowhere') };
  const { stderr, code } = await runArgv(['sh', '-c', 'echo | "$@" decode --filter kind==lost -', 'sh', ...COMMAND], { env });
  assert.is(code, 2);
  assert.match(stderr, /could not be kept in .*nowhere: ENOENT.*; set TMPDIR, or give a file/);
  assertNoStack(stderr);
});

for (const name of ['trace', 'reverse-ipv6', 'between']) {
  test(`the age of each answer in the recording ${name} is the round trip that its run reported`, async () => {
    const reported = linesOf(readFileSync(`fixtures/recordings/${name}.jsonl`, 'utf8'))
      .map((line) => JSON.parse(line) as Event)
      .filter((event) => event.type === 'hop');
    const seen = (await decoded(`fixtures/recordings/${name}.pcapng`)).filter(({ kind }) => kind === 'answered' || kind === 'landed');
    for (const { ttl, rttMs } of reported) {
      const ours = seen.filter(({ probe }) => probe!.hop === ttl).sort((a, b) => a.probe!.sequence - b.probe!.sequence);
      assert.equal(
        ours.map(({ probe }) => Math.round(probe!.ageMs! * 1000)),
        rttMs.map((ms) => Math.round(ms! * 1000)),
        `hop ${ttl}`,
      );
    }
    assert.ok(reported.length >= 4);
  });
}

const REDIRECTS = 'fixtures/recordings/probe-ipv6.pcapng';

if (toolMissing('tshark')) skip('a redirect is about the probe whose number tshark finds in it', 'tshark is not installed');
else {
  test('a redirect is about the probe whose number tshark finds in it, though it cuts off the time that it was sent', async () => {
    const fields = ['-Y', 'icmpv6.type == 137', '-T', 'fields', '-e', 'data.data'];
    const payloads = linesOf(spawnSync('tshark', ['-r', REDIRECTS, ...fields], { encoding: 'utf8' }).stdout);
    const redirects = (await decoded(REDIRECTS)).filter(({ kind }) => kind === 'redirect');
    assert.ok(payloads.length > 0 && payloads.every((hex) => hex.length === 2 * 32));
    assert.equal(
      redirects.map(({ probe }) => [probe!.sequence, probe!.grade]),
      payloads.map((hex) => [Number.parseInt(hex.slice(32, 40), 16), 'proven']),
    );
  });
}

test('-v says of each checksum whether it is right, and else what it should be', async () => {
  const { stdout } = await braceroute(['decode', '-v', 'fixtures/captures/strange.pcap']);
  assert.match(
    stdout,
    /IPv4 192\.0\.2\.1 > 203\.0\.113\.9, ttl 7, DSCP 0, ECN 0, ID 7, length 34, UDP, checksum 0xefb9 \(wrong: should be 0xb5b9\)/,
  );
  assert.match(stdout, /UDP 33433 > 33434, length 14, checksum 0x[0-9a-f]{4} \(right\)/);
  assert.match(stdout, /DSCP 46, ECN 1, flow label 0x12345/);
});

test('nothing in a file can write escapes to the terminal', async () => {
  const file = join(folder, 'escape.pcapng');
  const name = 'eth\x1b[2J';
  const packet = {
    bytes: new Uint8Array(20),
    linkType: 1,
    timeNs: 1n,
    originalLength: 20,
    interface: name,
    comment: 'a\x1b]0;x\x07',
    direction: null,
  };
  writeFileSync(
    file,
    Buffer.concat([pcapngHeader({ application: 'x\x1b[31m' }), interfaceBlock({ name, linkType: 1 }), packetBlock(0, packet)]),
  );
  for (const argv of [[], ['-v'], ['--json']]) {
    const { stdout, stderr } = await braceroute(['decode', ...argv, file]);
    assert.not.match(stdout + stderr, /[\x00-\x09\x0b-\x1f\x7f]/);
    assert.match(stdout, /eth/);
  }
});

test.run();
