/** Our own addresses, held against what `ip` says of this machine. */
import { execFileSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ownAddresses } from '../../src/host/own-addresses.ts';

interface Shown {
  readonly flags?: readonly string[];
  readonly addr_info?: readonly { readonly family: string; readonly local: string; readonly scope: string }[];
}

test('those of wider scope than a link and of the other address’s family, without that one', () => {
  const shown = JSON.parse(execFileSync('ip', ['-j', 'addr', 'show', 'up'], { encoding: 'utf8' })) as Shown[];
  const known = shown
    .filter(({ flags = [] }) => flags.includes('LOWER_UP')) // `ip` prints {} for those that are down
    .flatMap(({ addr_info = [] }) => addr_info)
    .filter(({ local, scope }) => scope === 'global' && !local.startsWith('169.254.'))
    .map(({ family, local }) => ({ family: family === 'inet' ? 4 : 6, local }));
  for (const [family, stranger] of [
    [4, '203.0.113.77'],
    [6, '2001:db8::77'],
  ] as const) {
    const ours = known.filter((one) => one.family === family).map(({ local }) => local);
    assert.equal(ownAddresses(stranger).toSorted(), ours.toSorted());
    for (const one of ours) assert.equal(ownAddresses(one).toSorted(), ours.filter((other) => other !== one).toSorted());
  }
});

test.run();
