/** Where nothing native can be loaded, what needs no network works, and what needs one says what to install. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import { rootMissing, skip } from '../skip.ts';
import { assertNoStack, COMMAND, eventsOf, type Ran, runArgv, topologyFile } from './command.ts';

const [node, command] = COMMAND as [string, string];
/** Node itself then loads no addon, ours or a package's. */
const bare = (argv: readonly string[]): Promise<Ran> => runArgv([node, '--no-addons', command, ...argv]);

const RECORDING = 'fixtures/recordings/probe-loss-out';
const untold = ({ timeMs: _, ...event }: Event): unknown => event;

test('no addon is loaded in these tests', () => {
  const { stderr } = spawnSync(node, ['--no-addons', '-e', 'process.dlopen({}, "x")'], { encoding: 'utf8' });
  assert.match(stderr, /ERR_DLOPEN_DISABLED/);
});

test('a replay tells the report that the run told', async () => {
  const golden = readFileSync(`${RECORDING}.jsonl`, 'utf8').trim().split('\n');
  const events = eventsOf(await bare(['replay', `${RECORDING}.pcapng`, '--json']));
  const told = golden.map((line) => JSON.parse(line) as Event);
  assert.equal(events.filter(({ type }) => type === 'tally').map(untold), told.filter(({ type }) => type === 'tally').map(untold));
  assert.ok(events.some(({ type }) => type === 'tally'));
});

test('a simulated network is probed', async () => {
  const argv = ['probe', '-d', 'd', '-c', '10', '--json', '--engine', 'simulated', '--read', topologyFile('line')];
  const ends = eventsOf(await bare(argv)).filter(({ type }) => type === 'end');
  assert.equal(
    ends.map((end) => 'exit' in end && end.exit),
    [0],
  );
});

test('decode prints what it prints elsewhere', async () => {
  const { code, stdout, stderr } = await bare(['decode', 'fixtures/captures/trace.pcap']);
  assert.equal([code, stderr], [0, '']);
  assert.is(stdout, readFileSync('fixtures/captures/trace.pcap.txt', 'utf8'));
});

for (const engine of ['live', 'pcap', 'cap'])
  test(`--engine ${engine} ends with 4 and says what to install`, async () => {
    const { code, stdout, stderr } = await bare(['127.0.0.1', '--engine', engine]);
    assert.equal([code, stdout], [4, '']);
    assert.match(stderr, /apt-get install .*libpcap-dev.*npm run build/);
    assertNoStack(stderr);
  });

const reason =
  rootMissing() ?? (existsSync('node_modules/pcap') && existsSync('node_modules/cap') ? null : 'the packages are not installed');
if (reason) skip('an engine whose package is not there says so', reason);
else
  for (const name of ['pcap', 'cap'])
    test(`without the package ${name} its engine ends with 4, and the doctor tells what mends it`, () => {
      const hidden = (...argv: string[]) => {
        const script = `mount -t tmpfs none node_modules/${name} && exec "$@"`;
        return spawnSync('unshare', ['--mount', 'sh', '-c', script, 'sh', node, command, ...argv], { encoding: 'utf8' });
      };
      const { status, stderr } = hidden('127.0.0.1', '--engine', name);
      assert.is(status, 4);
      assert.match(stderr, new RegExp(`needs the npm package ${name}, .*npm run build:packages`));
      assertNoStack(stderr);
      assert.match(hidden('doctor').stdout, new RegExp(`lacking  ${name} engine .*\\n.*mend it: .*npm run build:packages`));
    });

test.run();
