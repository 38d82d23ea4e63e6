/** The text of the operator's access list; test/lab/acl.test.ts loads it into kernels. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { acl } from '../../src/cli/acl.ts';
import { braceroute } from './command.ts';

const rules = (lines: readonly string[]): string[] => lines.filter((line) => !line.trim().startsWith('#') && line !== '');

test('each family has rules for its own addresses alone', () => {
  const four = rules(acl({ vantages: ['198.51.100.7'], routers: ['10.0.0.0/8', 'fd00::/16'] }));
  assert.ok(four.includes('    ip saddr @vantages4 accept'));
  assert.not.ok(four.some((line) => line.includes('vantages6')));
  assert.ok(four.includes('    ip daddr @routers4 counter drop') && four.includes('    ip6 daddr @routers6 counter drop'));
});

test('what it accepts stands before what it drops, and other protocols before both', () => {
  const verdicts = rules(acl({ vantages: ['198.51.100.7', '2001:db8::7'], routers: ['10.0.0.0/8'] })).filter((line) =>
    /(accept|drop)$/.test(line),
  );
  assert.equal(
    verdicts.map((line) => line.trim()),
    [
      'meta l4proto != { 4, 41 } accept',
      'ip saddr @vantages4 accept',
      'ip6 saddr @vantages6 accept',
      'fib daddr type local counter drop',
      'ip daddr @routers4 counter drop',
    ],
  );
});

test('in words too: both protocols from each vantage to each router of its family, then nobody', () => {
  const words = acl({ vantages: ['198.51.100.7', '2001:db8::7'], routers: ['10.0.0.1', 'fd00::1'] }).filter((line) =>
    /permit|deny {3}/.test(line),
  );
  assert.equal(words, [
    '#   permit protocol 4  from 198.51.100.7 to 10.0.0.1',
    '#   permit protocol 41 from 198.51.100.7 to 10.0.0.1',
    '#   permit protocol 4  from 2001:db8::7 to fd00::1',
    '#   permit protocol 41 from 2001:db8::7 to fd00::1',
    '#   deny   protocol 4  from any to 10.0.0.1',
    '#   deny   protocol 41 from any to 10.0.0.1',
    '#   deny   protocol 4  from any to fd00::1',
    '#   deny   protocol 41 from any to fd00::1',
    '#   permit everything else',
  ]);
});

test('-a writes it for another vantage, and belongs to nothing else', async () => {
  const list = await braceroute(['doctor', '--acl', '-a', '198.51.100.7']);
  assert.is(list.code, 0);
  assert.match(list.stdout, /elements = { 198\.51\.100\.7 }/);
  for (const [argv, says] of [
    [['doctor', '-a', '198.51.100.7'], /--address belongs to the access list: give --acl too/],
    [['doctor', '--acl', '-a', 'us'], /--address us is not an address/],
    [['doctor', '--acl', 'r1'], /r1 is no prefix/],
  ] as const) {
    const { code, stderr } = await braceroute(argv);
    assert.is(code, 2, argv.join(' '));
    assert.match(stderr, says);
  }
});

test.run();
