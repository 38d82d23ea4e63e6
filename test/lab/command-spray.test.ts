/** Spray tells each packet as the first braceroute did, and its losses are those that the routers counted. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { linesOf } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, run, runJson, tallies } from './measured.ts';
import { direction, fixture } from './raised.ts';

const reason = rootMissing();
const inLab = (title: string, file: string, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture(file, 'spray'));
      await work(lab);
    });
};

/** What follows a pair's line when nothing is lost, by hand from the first program's output. */
const successes = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `packet success rate: ${index + 1}/${index + 1}, loss: 0.000000%`);

inLab('a clean path: the search, the path, each pair, and the running rate after each packet', 'line', async (lab) => {
  const { code, stdout, stderr } = await run(lab, ['spray', '--classic', '-s', 'r1', '-d', 'd', '-c', '3']);
  assert.equal([code, stderr], [0, '']);
  assert.equal(linesOf(stdout), [
    'Finding path from r1 (10.255.0.2) to d (10.255.0.5)',
    '[10.0.0.1 10.255.0.2 10.0.1.2 10.0.2.2 10.255.0.5]',
    '10.255.0.2 -> 10.0.0.1',
    ...successes(3),
    '10.0.1.2 -> 10.255.0.2',
    ...successes(3),
    '10.0.2.2 -> 10.0.1.2',
    ...successes(3),
    '10.255.0.5 -> 10.0.2.2',
    ...successes(3),
  ]);
});

inLab('one packet in ten: as many time out as the routers counted, of the pairs behind the link', 'line', async (lab) => {
  for (const family of [4, 6]) {
    await lab.fault('r2-r3', 'r2', { ...NO_FAULT, exact: { lost: 1, of: 10 } });
    const { code, stdout } = await run(lab, ['spray', '--classic', '-p', 'a,r1,r2,r3,d', '-c', '20', '-t', '0.3', `-${family}`]);
    assert.is(code, 1);
    const { lost, seen } = direction(await lab.counters(), 'r2', 'r3')!;
    const timeouts = stdout.split(' -> ').map((pair) => pair.match(/timed out waiting for the packet/g)?.length ?? 0);
    assert.equal(timeouts, [0, 0, 0, 2, 2]);
    assert.equal([lost, Math.floor(seen / 10)], [4, 4]);
    assert.is(stdout.match(/packet success rate: 18\/20, loss: 10\.000000%/g)?.length, 2);
    await lab.fault('r2-r3', 'r2', 'clear');
  }
});

inLab('as events it is a table, and prints no classic line', 'line', async (lab) => {
  await lab.fault('r2-r3', 'r3', { ...NO_FAULT, exact: { lost: 1, of: 10 } });
  const events = await runJson(lab, ['spray', '--classic', '-p', 'a,r1,r2,r3,d', '-c', '20', '-t', '0.3']);
  assert.equal(
    tallies(events).map(({ sent, received, lost }) => [sent, received, lost]),
    [
      [20, 20, 0],
      [20, 20, 0],
      [20, 18, 2],
      [20, 18, 2],
    ],
  );
  assert.is(direction(await lab.counters(), 'r3', 'r2')!.lost, 4);
  assert.is(exitOf(events), 1);
});

inLab('a hop that cannot be visited has no pair, and the next one is told with it', 'nondecap', async (lab) => {
  const { stdout, stderr } = await run(lab, ['spray', '--classic', '-d', 'd', '-c', '1', '-t', '0.5']);
  assert.match(stderr, /does not decapsulate/);
  assert.equal(
    linesOf(stdout).filter((line) => line.includes(' -> ')),
    ['10.0.0.2 -> 10.0.0.1', '10.0.2.2 -> 10.0.1.2', '10.255.0.5 -> 10.0.2.2'],
  );
});

test.run();
