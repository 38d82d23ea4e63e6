// limit: 240 s
/** Ctrl-C at any moment of a run on the real network: what is known, an end that says so, half a second, and nobody left behind. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { COMMAND, eventsOf, of } from '../cli/command.ts';
import { assertAtOnce, type Interrupted, interrupted, type Signal } from '../cli/interrupted.ts';
import { rootMissing, skip } from '../skip.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();
const inLab = (title: string, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture('line', 'stop'));
      await work(lab);
      const { stdout } = await lab.exec('r1', ['ip', 'netns', 'pids', lab.namespaceOf('a')]);
      assert.is(stdout, '', 'processes left behind');
    });
};

const on = (lab: Lab, argv: readonly string[], signals: readonly Signal[], at?: RegExp | null): Promise<Interrupted> =>
  interrupted(['ip', 'netns', 'exec', lab.namespaceOf('a'), ...COMMAND, ...argv], signals, at);

const once = (afterMs: number, signal: Signal['signal'] = 'SIGINT'): Signal[] => [{ signal, afterMs }];

inLab('a trace that waits for a dead target tells the hops it has', async (lab) => {
  await lab.fault('r2-r3', 'r2', { ...NO_FAULT, blackhole: true });
  for (const [afterMs, signal] of [
    [0, 'SIGINT'],
    [30, 'SIGTERM'],
    [300, 'SIGINT'],
    [1500, 'SIGINT'],
  ] as const) {
    const ran = await on(lab, ['d', '--json'], once(afterMs, signal));
    assertAtOnce(ran);
    const events = eventsOf(ran);
    assert.equal(
      of(events, 'end').map(({ interrupted, exit }) => [interrupted, exit]),
      [[true, 1]],
    );
    const addresses = of(events, 'hop').map(({ address }) => address);
    if (afterMs >= 300) assert.equal(addresses.slice(0, 2), ['10.0.0.2', '10.0.1.2']);
  }
  const text = await on(lab, ['d'], once(500));
  assert.equal([text.code, text.stderr], [1, '']);
  assert.match(text.stdout, /^Doing traceroute to d \(10\.255\.0\.5\)\n 1 {2}r1\.example .*\n 2 {2}r2\.example /);
});

inLab('a probe tells the table it has: while it searches, surveys, sends, and waits', async (lab) => {
  await lab.fault('r2-r3', 'r2', { ...NO_FAULT, loss: 0.5 });
  for (const afterMs of [0, 60, 200, 800, 2500]) {
    const ran = await on(lab, ['probe', '-d', 'd', '-c', '1000', '--rate', '2000', '--json'], once(afterMs));
    assertAtOnce(ran);
    assert.is(of(eventsOf(ran), 'end')[0]!.interrupted, true);
  }
  const ran = await on(lab, ['probe', '-p', 'a,r1,r2,r3', '-c', '5000', '--rate', '2000'], once(3000));
  assertAtOnce(ran);
  assert.match(ran.stdout, /\n1 +10\.255\.0\.2 +100\.000% .*\n2 +10\.255\.0\.3 +100\.000% /);
});

inLab('a reverse trace and a spray end as soon', async (lab) => {
  await lab.fault('r2-r3', 'r3', { ...NO_FAULT, blackhole: true });
  for (const argv of [
    ['-r', 'd'],
    ['-s', 'r3', 'd'],
    ['spray', '--classic', '-p', 'a,r1,r2,r3', '-c', '1000', '--rate', '100'],
  ]) {
    const ran = await on(lab, [...argv, '--json'], once(500));
    assertAtOnce(ran);
    assert.is(of(eventsOf(ran), 'end')[0]!.interrupted, true);
  }
});

inLab('who waits for a neighbour that does not answer need not wait any longer', async (lab) => {
  assert.is((await lab.exec('a', ['ip', 'address', 'add', '10.77.0.1/24', 'dev', 'to_r1'])).code, 0);
  const ran = await on(lab, ['10.77.0.9', '--json'], once(900), null);
  assert.ok(ran.afterSignalMs < 600, `${ran.afterSignalMs} ms`); // 450 ms of grace
  const events = eventsOf(ran);
  assert.equal(
    of(events, 'problem').map(({ code }) => code),
    ['INTERRUPTED'],
  );
  assert.equal(
    of(events, 'end').map(({ interrupted, exit }) => [interrupted, exit]),
    [[true, 5]],
  );
});

inLab('a second signal is the end, with 130', async (lab) => {
  await lab.fault('r2-r3', 'r2', { ...NO_FAULT, blackhole: true });
  const signals = [...once(1000), { signal: 'SIGINT', afterMs: 0 } as const];
  const ran = await on(lab, ['d', '--json'], signals);
  assert.ok(ran.code === 130 || ran.code === 1, `${ran.code}`); // 1 where it was quicker than the second signal
  assert.ok(ran.afterSignalMs < 200, `${ran.afterSignalMs} ms`);
});

test.run();
