/** Devices on top of others, as sysfs links them; a folder stands for it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bottomOf, leadsTo } from '../../src/host/stack.ts';

const root = mkdtempSync(join(tmpdir(), 'beacon-stack-'));
test.after(() => rmSync(root, { recursive: true }));

/** As the kernel does: `upper_…` below the lower one, `lower_…` below the upper one. */
function on(upper: string, ...lowers: string[]): void {
  for (const lower of lowers) {
    mkdirSync(join(root, lower, `upper_${upper}`), { recursive: true });
    mkdirSync(join(root, upper, `lower_${lower}`), { recursive: true });
  }
}
on('bond0', 'eth0', 'eth1');
on('bond0.7', 'bond0');
on('br0', 'eth2', 'tap0');
mkdirSync(join(root, 'br0/bridge'));
writeFileSync(join(root, 'br0/bridge/bridge_id'), '');
mkdirSync(join(root, 'eth3'));

test('what a slave of a bond hears, the VLAN on the bond hears, and no other device', () => {
  assert.ok(leadsTo('eth1', 'bond0.7', root));
  assert.ok(leadsTo('bond0', 'bond0.7', root));
  assert.ok(leadsTo('eth3', 'eth3', root));
  assert.not(leadsTo('eth3', 'bond0.7', root));
  assert.not(leadsTo('bond0.7', 'eth1', root));
});

test('at the bottom of a VLAN on a bond are its slaves; a bridge is a bottom, and so is what sysfs does not tell of', () => {
  assert.equal(bottomOf('bond0.7', root).sort(), ['eth0', 'eth1']);
  assert.equal(bottomOf('br0', root), ['br0']);
  assert.equal(bottomOf('eth3', root), ['eth3']);
  assert.equal(bottomOf('nowhere', root), ['nowhere']);
});

test.run();
