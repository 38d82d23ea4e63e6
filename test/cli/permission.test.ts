import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** r1's loopback address is a public one (documentation blocks count as private, so it is taken from a block of nobody's lab). */
const TOPOLOGY = `
name: public
nodes: { a: { vantage: true }, r1: { address4: 11.0.0.1 }, d: {} }
links: [{ between: [a, r1] }, { between: [r1, d] }]`;

const directory = mkdtempSync(join(tmpdir(), 'beacon-permission-'));
const file = join(directory, 'public.yaml');
writeFileSync(file, TOPOLOGY);
test.after(() => rmSync(directory, { recursive: true }));

const braceroute = (...argv: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ['bin/braceroute.js', ...argv, '--engine', 'simulated', '--read', file], { encoding: 'utf8' });

const NESTED = [
  ['-s', 'r1', 'd'],
  ['-r', 'r1'],
  ['probe', '-s', 'r1', '-d', 'd', '-c', '1'],
  ['probe', '-p', 'r1,d', '-c', '1'],
  ['spray', '--classic', '-s', 'r1', '-d', 'd', '-c', '1'],
];

test('nested probes through a public address are refused, and told how they may be sent', () => {
  for (const argv of NESTED) {
    const { status, stderr } = braceroute(...argv);
    assert.is(status, 2, argv.join(' '));
    assert.match(stderr, /^braceroute: 11\.0\.0\.1 is a public address.*--i-own-this$/m);
  }
});

test('whoever owns the network says so', () => {
  for (const argv of NESTED) assert.is(braceroute(...argv, '--i-own-this').status, 0, argv.join(' '));
});

test('a plain trace nests nothing and goes anywhere', () => {
  assert.is(braceroute('r1').status, 0);
});

test.run();
