// limit: 120 s
/** Runs on kernel routers, recorded and replayed: the same report to the microsecond, whatever befell them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { braceroute, COMMAND, linesOf, of, type Ran } from '../cli/command.ts';
import { blocksOf, framesOf } from '../cli/recordings.ts';
import { assertEvents } from '../report/schema.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, problems, run, tallies } from './measured.ts';
import { fixture } from './raised.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'braceroute-'));
process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
const file = join(FOLDER, 'run.pcapng');

const reason = rootMissing();
const inLab = (title: string, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture('line', 'record'));
      await work(lab);
    });
};

const unnamed = (text: string): string => text.replace(/"engine":"[a-z]+"/, '');

async function assertReplays(live: Ran): Promise<void> {
  const again = await braceroute(['replay', file, '--json']);
  assert.is(unnamed(again.stdout), unnamed(live.stdout));
  assert.equal([again.code, again.stderr], [live.code, live.stderr]);
}

const RUNS: readonly (readonly string[])[] = [
  ['trace', 'd'],
  ['trace', '-6', '-r', 'd'],
  ['trace', '--flows', '4', 'd'],
  ['probe', '-d', 'd', '-c', '500', '--rate', '5000', '-t', '0.5'],
  ['spray', '--classic', '-d', 'd', '-c', '3', '-t', '0.5'],
];

inLab('five runs, and a probe with a tenth lost there or back, are told alike', async (lab) => {
  for (const from of [null, 'r2', 'r3']) {
    if (from !== null) await lab.fault('r2-r3', from, { ...NO_FAULT, loss: 0.1 });
    for (const argv of from === null ? RUNS : RUNS.slice(3, 4)) await assertReplays(await run(lab, [...argv, '--json', '--write', file]));
    if (from !== null) await lab.fault('r2-r3', from, 'clear');
  }
});

inLab('the recording holds each probe once, and what tcpdump sees of them', async (lab) => {
  const dump = join(FOLDER, 'dump.pcap');
  const tcpdump = `tcpdump -i to_r1 -U -s 2048 -B 8192 -w ${dump} "ip proto 4" 2>${FOLDER}/said & sleep 1`;
  const probe = [...COMMAND, 'probe', '-p', 'a,r1,r2', '-c', '50', '--json', '--write', file].join(' ');
  const { code } = await lab.exec('a', ['sh', '-c', `${tcpdump}; ${probe} >/dev/null; code=$?; sleep 1; kill -INT $!; wait; exit $code`], {
    timeoutMs: 20_000,
  });
  assert.is(code, 0);
  const ours = framesOf(blocksOf(file)).map(({ bytes, linkType }) => bytes.subarray(linkType === 101 ? 0 : 20).toString('hex'));
  const theirs = await lab.exec('a', ['tcpdump', '-r', dump, '-xx', '-n', '-t']);
  const seen = theirs.stdout.split(/\n(?=IP)/).map((text) =>
    [...text.matchAll(/^\s+0x[0-9a-f]+: {2}(.*)$/gm)]
      .map((match) => match[1]!.replaceAll(' ', ''))
      .join('')
      .slice(28),
  );
  assert.equal(ours.filter((hex) => hex.slice(18, 20) === '04').sort(), seen.filter((hex) => hex !== '').sort());
});

inLab('Ctrl-C is replayed at the same packet', async (lab) => {
  const argv = [
    'timeout',
    '--foreground',
    '-s',
    'INT',
    '1.5',
    ...COMMAND,
    'probe',
    '-d',
    'd',
    '-c',
    '9999',
    '--rate',
    '1000',
    '--json',
    '--write',
    file,
  ];
  const live = await lab.exec('a', argv, { timeoutMs: 20_000 });
  const again = await braceroute(['replay', file, '--json']);
  assert.is(unnamed(again.stdout), unnamed(live.stdout));
  assert.ok(of(assertEvents(linesOf(again.stdout)), 'end')[0]!.interrupted);
});

inLab('after kill -9 what was flushed is told, and the rest is unknown', async (lab) => {
  const argv = [
    'timeout',
    '--foreground',
    '-s',
    'KILL',
    '2.2',
    ...COMMAND,
    'probe',
    '-d',
    'd',
    '-c',
    '9999',
    '--rate',
    '2000',
    '--write',
    file,
  ];
  await lab.exec('a', argv, { timeoutMs: 20_000 });
  const events = assertEvents(linesOf((await braceroute(['replay', file, '--json'])).stdout));
  assert.is(exitOf(events), 5);
  assert.ok(problems(events).includes('RECORDING_ENDS'));
  for (const { received, lost } of tallies(events)) assert.ok(received > 100 && lost === 0, `${received} received, ${lost} lost`);
});

inLab('a full disk ends the run: what is known is told, and what is saved replays', async (lab) => {
  const small = join(FOLDER, 'small');
  const probe = [
    ...COMMAND,
    'probe',
    '-d',
    'd',
    '-c',
    '4000',
    '--rate',
    '4000',
    '-t',
    '0.5',
    '--json',
    '--write',
    `${small}/x.pcapng`,
  ].join(' ');
  const script = `mkdir ${small} && mount -t tmpfs -o size=300k none ${small} && ${probe}; code=$?; cp ${small}/x.pcapng ${file}; umount ${small}; exit $code`;
  const { code, stdout } = await lab.exec('a', ['sh', '-c', script], { timeoutMs: 20_000 });
  const events = assertEvents(linesOf(stdout));
  assert.equal([code, exitOf(events), problems(events).at(-1)], [2, 2, 'ERR_FILE']);
  assert.ok(tallies(events).every(({ received, lost }) => received > 50 && lost === 0));
  const again = assertEvents(linesOf((await braceroute(['replay', file, '--json'])).stdout));
  assert.is(exitOf(again), 5);
  assert.ok(tallies(again).every(({ received, lost }) => received > 50 && lost === 0));
  assert.not.match((again.find((event) => event.type === 'problem') as { message: string }).message, /offset/);
});

inLab('a file that is removed in the middle ends the run', async (lab) => {
  const probe = [...COMMAND, 'probe', '-d', 'd', '-c', '4000', '--rate', '1000', '-t', '0.5', '--json', '--write', file].join(' ');
  const { code, stdout } = await lab.exec('a', ['sh', '-c', `(sleep 1; rm ${file}) & ${probe}`], { timeoutMs: 20_000 });
  assert.is(code, 2);
  assert.match((assertEvents(linesOf(stdout)).findLast((event) => event.type === 'problem') as { message: string }).message, /removed/);
});

test.run();
