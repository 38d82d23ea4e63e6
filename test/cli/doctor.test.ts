import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rootMissing, skip } from '../skip.ts';

const doctor = (...before: string[]): { status: number | null; lines: string[] } => {
  const [command, ...argv] = [...before, process.execPath, 'bin/braceroute.js', 'doctor'];
  const { status, stdout } = spawnSync(command!, argv, { encoding: 'utf8' });
  return { status, lines: stdout.trim().split('\n') };
};
const lineOf = (lines: string[], check: string): string => lines.find((line) => line.slice(9).startsWith(check)) ?? '';

const reason = rootMissing();
if (reason) skip('the doctor finds root and a stranger different', reason);
else {
  test('as root with everything installed nothing that a trace needs is lacking', () => {
    const { status, lines } = doctor();
    assert.is(status, 0);
    for (const check of ['live engine', 'trace and probe', 'lab']) assert.match(lineOf(lines, check), /^ok /);
  });

  test('without privileges it says what is lacking and what mends it, and ends with 3', () => {
    const { status, lines } = doctor('setpriv', '--reuid', '65534', '--clear-groups');
    assert.is(status, 3);
    assert.match(lineOf(lines, 'trace and probe'), /^lacking .*without CAP_NET_RAW$/);
    assert.match(lines[lines.indexOf(lineOf(lines, 'trace and probe')) + 1]!, /mend it: run it as root/);
    assert.match(lineOf(lines, 'simulated engine'), /^ok /);
  });

  test('half a lab is a leftover, and the command that removes it is told', () => {
    spawnSync('mkdir', ['-p', '/etc/netns/beacon-t_half-a']);
    try {
      const { lines } = doctor();
      assert.match(lineOf(lines, 'leftovers'), /^lacking .*t_half/);
      assert.ok(lines.some((line) => line.includes('braceroute lab down t_half')));
    } finally {
      spawnSync('rmdir', ['/etc/netns/beacon-t_half-a']);
    }
  });
}

test.run();
