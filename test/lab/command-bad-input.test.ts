/** Interfaces and addresses that are not there, as the real network tells it; in a lab, whose interfaces may be set down. */
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { up } from '../../src/lab/up.ts';
import { assertNoStack, linesOf, of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { problems, run, runJson } from './measured.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();

/** What is done to a first, what is typed, and what is told. */
const CASES = [
  { title: 'no such interface', argv: ['-i', 'nope0', 'd'], exit: 2, code: 'ERR_NO_INTERFACE', says: /nope0/ },
  { title: 'an unknown host', argv: ['nowhere.invalid'], exit: 2, code: 'ERR_UNKNOWN_HOST', says: /"nowhere\.invalid".*spelling/ },
  { title: 'no route', argv: ['192.0.2.9'], exit: 4, code: 'ERR_NO_ROUTE', says: /no route to 192\.0\.2\.9.*ip route get 192\.0\.2\.9/ },
  { title: 'no route, IPv6', argv: ['2001:db8::9'], exit: 4, code: 'ERR_NO_ROUTE', says: /no route to 2001:db8::9/ },
  { title: 'an address that is not ours', argv: ['-a', '192.0.2.1', 'd'], exit: 4, code: 'ERR_NO_ROUTE', says: /192\.0\.2\.1/ },
  { title: 'a size above the MTU', argv: ['--size', '1501', 'd'], exit: 2, code: 'ERR_MTU', says: /1501 bytes.*MTU of 1500 on to_r1/ },
  {
    title: 'a neighbour that is not there',
    before: ['ip', 'address', 'add', '10.77.0.1/24', 'dev', 'to_r1'],
    argv: ['10.77.0.9'],
    exit: 4,
    code: 'ERR_NEXT_HOP',
    says: /10\.77\.0\.9 does not answer on to_r1/,
  },
  {
    title: 'an interface that is down', // comes last: it takes the routes along
    before: ['ip', 'link', 'set', 'to_r1', 'down'],
    argv: ['-i', 'to_r1', '10.255.0.5'],
    exit: 4,
    code: 'ERR_INTERFACE_DOWN',
    says: /to_r1 is down.*ip link set/,
  },
];

if (reason) skip('what the real network refuses is told with what, which value and what to do', reason);
else
  test('what the real network refuses is told with what, which value and what to do', async () => {
    await using lab = await up(fixture('line', 'bad'));
    for (const { title, before, argv, exit, code, says } of CASES) {
      if (before !== undefined) assert.is((await lab.exec('a', before)).code, 0, title);
      const ran = await run(lab, argv);
      const told = linesOf(ran.stderr);
      assert.equal([ran.code, told.length], [exit, 1], `${title}: ${ran.stderr}`);
      assert.match(told[0]!, says, title);
      assertNoStack(ran.stderr);
      const events = await runJson(lab, argv);
      assert.equal(problems(events), [code], title);
      assert.is(of(events, 'end')[0]!.exit, exit);
    }
  });

if (reason) skip('an interface that goes down while it is probed ends the run with what is known', reason);
else
  test('an interface that goes down while it is probed ends the run with what is known', async () => {
    await using lab = await up(fixture('line', 'bad'));
    const running = runJson(lab, ['probe', '-p', 'a,r1,r2', '-c', '3000', '--rate', '2000', '-t', '0.5']);
    await sleep(1500);
    await lab.exec('a', ['ip', 'link', 'set', 'to_r1', 'down']);
    const events = await running;
    assert.is.not(of(events, 'end')[0]!.exit, 0);
    assert.is.not(of(events, 'end')[0]!.exit, 70);
  });

test.run();
