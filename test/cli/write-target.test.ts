/** `--write` never empties a file that the same command reads, and options that would do nothing are refused. */
import { copyFileSync, linkSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { braceroute, topologyFile } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'beacon-write-'));
test.after(() => rmSync(folder, { recursive: true }));
const place = (name: string): string => join(folder, name);

const RECORDING = place('run.pcapng');
const TOPOLOGY = place('line.yaml');
const MAP = place('map.yaml');
copyFileSync('fixtures/recordings/trace.pcapng', RECORDING);
copyFileSync(topologyFile('line'), TOPOLOGY);
writeFileSync(MAP, '- {hop: 10.0.1.2, decapsulates: none}\n');
symlinkSync(RECORDING, place('link.pcapng'));
linkSync(RECORDING, place('again.pcapng'));

const SIMULATED = ['--engine', 'simulated', '--read', TOPOLOGY];
const CASES: Readonly<Record<string, readonly [argv: readonly string[], says: RegExp]>> = {
  'the recording that is replayed': [
    ['replay', RECORDING, '--write', RECORDING],
    /--write .*run\.pcapng would empty recording .*run\.pcapng/,
  ],
  'the same by a symbolic link': [['replay', place('link.pcapng'), '--write', RECORDING], /would empty recording .*link\.pcapng/],
  'the same by another name': [['replay', RECORDING, '--write', place('again.pcapng')], /would empty recording/],
  'the recording of an engine': [['x', '--engine', 'replay', '--read', RECORDING, '--write', RECORDING], /would empty recording/],
  'the plan of another': [
    ['replay', 'fixtures/captures/trace.pcap', '--plan', RECORDING, '--write', RECORDING],
    /would empty --plan .*run\.pcapng/,
  ],
  'the topology': [['d', ...SIMULATED, '--write', TOPOLOGY], /would empty --read .*line\.yaml/],
  'the map': [['probe', '-d', 'd', ...SIMULATED, '--map', MAP, '--write', MAP], /would empty --map .*map\.yaml/],
};

for (const [what, [argv, says]] of Object.entries(CASES)) {
  test(`--write does not empty what is read: ${what}`, async () => {
    const files = [RECORDING, TOPOLOGY, MAP];
    const before = files.map((file) => readFileSync(file));
    const { code, stderr } = await braceroute(argv);
    assert.match(stderr, says);
    assert.match(stderr, /give another name/);
    assert.is(code, 2);
    assert.equal(
      files.map((file) => readFileSync(file)),
      before,
    );
  });
}

const IDLE: Readonly<Record<string, readonly [argv: readonly string[], says: RegExp]>> = {
  'a recording on standard output': [['d', ...SIMULATED, '--write', '-'], /--write "-" is no file's name/],
  'a recording of no name': [['d', ...SIMULATED, '--write', ''], /--write "" is no file's name/],
  'a replay of standard input': [['replay', '-'], /reads its recording twice: give a file in place of -/],
  'a flush of nothing': [['d', ...SIMULATED, '--flush'], /--flush is of --write FILE: give that too/],
  'a plan for a run': [['d', ...SIMULATED, '--plan', RECORDING], /--plan .*run\.pcapng is of --engine replay: give that too/],
  'the speed of a run': [['d', ...SIMULATED, '--speed', '1'], /--speed 1 is of --engine replay: give that too/],
};

for (const [what, [argv, says]] of Object.entries(IDLE)) {
  test(`refused before anything is sent: ${what}`, async () => {
    const { code, stdout, stderr } = await braceroute(argv);
    assert.match(stderr, says);
    assert.is(code, 2);
    assert.is(stdout, '');
  });
}

test.run();
