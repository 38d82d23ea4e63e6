import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuseTranslation } from '../../src/cli/permission.ts';
import type { BeaconError } from '../../src/error.ts';

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

test('from a private address nested probes to a public one are refused as behind NAT, whoever owns the network', () => {
  for (const argv of NESTED) {
    const { status, stderr } = braceroute(...argv, '--i-own-this');
    assert.is(status, 4, argv.join(' '));
    assert.match(stderr, /^braceroute: We are behind NAT: 10\.\d+\.\d+\.\d+ is private and 11\.0\.0\.1 is not.*--allow 11\.0\.0\.1/m);
  }
});

test('whoever reaches public addresses without NAT allows them, one by one or as a prefix', () => {
  for (const argv of NESTED) assert.is(braceroute(...argv, '--allow', '11.0.0.0/8').status, 0, argv.join(' '));
  assert.is(braceroute(...NESTED[0]!, '--allow', '2001:db8::/32,11.0.0.1').status, 0);
  assert.is(braceroute(...NESTED[0]!, '--allow', '11.0.0.2').status, 2);
});

test('what is no prefix is refused by name', () => {
  for (const wrong of ['11.0.0.0/33', '11.0.0.0/8/8', 'r1', '2001:db8::/129', ',']) {
    const { status, stderr } = braceroute('d', '--allow', wrong);
    assert.is(status, 2, wrong);
    assert.match(stderr, /--allow.*such as 192\.0\.2\.0\/24/);
  }
});

test('between two public addresses saying so is enough', () => {
  const from = (us: string, hops: readonly string[]): void => refuseTranslation(us, hops, {});
  from('11.0.0.9', ['11.0.0.1', '10.0.0.1']);
  from('10.0.0.9', ['10.0.0.1', '192.0.2.1']);
  from('2001:db8::9', ['fd00::1']);
  for (const [us, hop] of [
    ['10.0.0.9', '11.0.0.1'],
    ['fd00::9', '2a00::1'],
  ] as const)
    assert.throws(
      () => from(us, [hop]),
      (error: BeaconError) => error.code === 'NAT' && error.message.includes(hop),
    );
});

test('a plain trace nests nothing and goes anywhere', () => {
  assert.is(braceroute('r1').status, 0);
});

test.run();
