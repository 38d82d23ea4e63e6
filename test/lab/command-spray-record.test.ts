/** A spray over kernel routers, recorded, refused, and by the fastest way: what the file and the report say of it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { braceroute, of, type Ran } from '../cli/command.ts';
import { blocksOf, framesOf } from '../cli/recordings.ts';
import { assertEvents } from '../report/schema.ts';
import { rootMissing, skip } from '../skip.ts';
import { run, runJson } from './measured.ts';
import { fixture } from './raised.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'braceroute-'));
process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
const file = join(FOLDER, 'run.pcapng');

const reason = rootMissing();
const inLab = (title: string, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture('line', 'spray_record'));
      await work(lab);
    });
};

const PATH = ['spray', '-p', 'a,r1,r2', '--sweep-hops', '--max-link-load', '100%', '-t', '0.5', '--max-loss', '100%', '--json'];
const eventsIn = ({ stdout }: Ran): ReturnType<typeof assertEvents> => assertEvents(stdout.trim().split('\n'));
const unnamed = (text: string): string => text.replace(/"engine":"[a-z]+"/, '');

/** The sequence that the payload of a frame carries; the magic begins it. */
function sequenceOf(bytes: Buffer): number | null {
  const at = bytes.indexOf(Buffer.from('beac2003', 'hex'));
  return at < 0 ? null : bytes.readUInt32BE(at + 16);
}

/** The sequences in the file, sent and received, behind the message that tells of the spray; the survey's probes stand before it. */
function recorded(): { readonly sent: number[]; readonly received: number[] } {
  const blocks = blocksOf(file);
  const begun = blocks.findLastIndex(({ type, bytes }) => type !== PACKET && bytes.includes('histograms'));
  const later = new Set(blocks.slice(begun + 1));
  const frames = framesOf(blocks).filter(({ block }) => later.has(block));
  const numbers = (wanted: boolean): number[] =>
    frames.flatMap(({ outbound, bytes }) => (outbound === wanted ? [sequenceOf(bytes) ?? -1] : []));
  return { sent: numbers(true), received: numbers(false) };
}

const PACKET = 6;

async function assertReplays(live: Ran): Promise<void> {
  const again = await braceroute(['replay', file, '--json']);
  assert.is(unnamed(again.stdout), unnamed(live.stdout));
  assert.equal([again.code, again.stderr], [live.code, live.stderr]);
}

inLab('a recorded spray holds each packet, lost ones too, and its replay tells the same report', async (lab) => {
  await lab.fault('r1-r2', 'r1', { ...NO_FAULT, exact: { lost: 1, of: 50 } });
  const ran = await run(lab, [...PATH, '--flows', '4', '-c', '4000', '--rate', '8000', '--write', file]);
  const [total] = of(eventsIn(ran), 'sprayed');
  assert.ok(total!.lost > 30);
  const { sent, received } = recorded();
  assert.equal([new Set(sent).size, received.length], [total!.sent, total!.received]);
  await assertReplays(ran);
});

inLab('above what can be written one packet in so many is recorded, which run and replay say', async (lab) => {
  const ran = await run(lab, [...PATH, '-c', '64000', '--rate', '80k', '--sender', 'sendmmsg', '--write', file]);
  const events = eventsIn(ran);
  const said = of(events, 'problem').find(({ code }) => code === 'SAMPLED');
  assert.match(said!.message, '1 in 4 packets');
  const { sent, received } = recorded();
  assert.equal(
    [...sent, ...received].filter((sequence) => sequence % 4 !== 0),
    [],
  );
  assert.ok(Math.abs(sent.length - of(events, 'sprayed')[0]!.sent / 4) <= 1, `${sent.length} of ${of(events, 'sprayed')[0]!.sent}`);
  await assertReplays(ran);
});

inLab('who refuses probes while a spray runs is named, and their probes stay lost', async (lab) => {
  const spraying = run(lab, [...PATH, '--duration', '4', '--rate', '2000', '--write', file]);
  await lab.exec('r1', ['sh', '-c', 'sleep 2; ip route replace unreachable 10.255.0.3/32'], { timeoutMs: 10_000 });
  const ran = await spraying;
  const events = eventsIn(ran);
  const said = of(events, 'problem').filter(({ code }) => code === 'PROBES_REFUSED');
  assert.is(said.length, 1);
  assert.match(said[0]!.message, /^10\.\d+\.\d+\.\d+ sent icmp 3\/1 about probes to hop 2 of path 1 \(\d+ seen/);
  const [near, far] = of(events, 'count');
  assert.ok(near!.lost === 0 && far!.lost > 500);
  await assertReplays(ran);
});

inLab(
  'where the far end has an XDP program a spray is sent as live frames and matched in XDP, and recorded without its packets',
  async (lab) => {
    const object = join(FOLDER, 'pass.o');
    const include = `-I/usr/include/${execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim()}-linux-gnu`;
    execFileSync('clang', ['-O2', '-target', 'bpf', include, '-c', 'test/engine/spray-pass.bpf.c', '-o', object]);
    const attached = await lab.exec('r1', ['ip', 'link', 'set', 'dev', 'to_a', 'xdp', 'obj', object, 'sec', 'xdp'], { timeoutMs: 5000 });
    assert.is(attached.code, 0, attached.stderr);
    for (const way of [[], ['--sender', 'live', '--matcher', 'xdp', '--write', file]]) {
      const events = await runJson(lab, [...PATH.slice(0, -1), '--flows', '8', '-c', '20000', '--rate', '40k', ...way]);
      const [total] = of(events, 'sprayed');
      assert.equal([total!.sender, total!.sent, total!.received + total!.unknown], ['live', 20_000, 20_000]);
      assert.match(total!.matcher, /^xdp /);
      const notice = of(events, 'problem').find(({ code }) => code === 'SAMPLED')?.message ?? '';
      assert.match(notice, way.length === 0 ? /^$/ : /^XDP takes/);
    }
    assert.equal(recorded().sent, []);
  },
);

test.run();
