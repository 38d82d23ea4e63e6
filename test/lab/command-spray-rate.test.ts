/** A spray at rate over kernel routers: what it counts is what the routers counted, with every sender and matcher that this machine has. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import type { Event } from '../../src/report/event.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, run, runJson } from './measured.ts';
import { direction, fixture } from './raised.ts';

const reason = rootMissing();
const inLab = (title: string, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture('line', 'spray_rate'));
      await work(lab);
    });
};

const PAIRS = [
  ['sendmmsg', 'tc'],
  ['afxdp', 'tc'],
  ['sendmmsg', 'xdp'],
  ['inject', 'pcap'],
] as const;
const PATH = ['-p', 'a,r1,r2', '--sweep-hops', '--max-link-load', '100%', '-t', '0.5'];

function assertSums(events: readonly Event[]): void {
  const [total] = of(events, 'sprayed');
  for (const { sent, received, lost, unknown } of [...of(events, 'count'), ...of(events, 'flow'), total!])
    assert.is(received + lost + unknown, sent);
  assert.is(
    total!.lossRuns!.reduce((sum, { length, times }) => sum + length * times, 0),
    total!.lost + total!.unknown,
  );
}

inLab('each sender with each matcher: every probe comes home, and the sum holds to the packet', async (lab) => {
  for (const [sender, matcher] of PAIRS) {
    for (const family of ['-4', '-6']) {
      const argv = ['spray', ...PATH, family, '--flows', '8', '-c', '4000', '--rate', '20k', '--sender', sender, '--matcher', matcher];
      const events = await runJson(lab, argv);
      assertSums(events);
      const [total] = of(events, 'sprayed');
      assert.equal([total!.sent, total!.received, total!.sender], [4000, 4000, sender], `${sender} ${matcher} ${family}`);
      assert.match(total!.matcher, matcher);
      assert.is(of(events, 'flow').length, 16);
    }
  }
});

inLab('losses, duplicates and bent packets are as many as the routers made', async (lab) => {
  const argv = ['spray', ...PATH, '-c', '20000', '--rate', '20k', '--sender', 'sendmmsg', '--max-loss', '100%'];
  const faults = [
    { ...NO_FAULT, exact: { lost: 1, of: 100 } },
    { ...NO_FAULT, duplicate: 0.02 },
    { ...NO_FAULT, corrupt: 0.02 },
  ];
  for (const fault of faults) {
    await lab.fault('r1-r2', 'r1', fault);
    const events = await runJson(lab, argv);
    assertSums(events);
    const { lost, duplicated, corrupted } = direction(await lab.counters(), 'r1', 'r2')!;
    const [total] = of(events, 'sprayed');
    // the survey's few probes are in the router's counts too
    for (const [ours, theirs] of [
      [total!.lost + total!.unknown, lost + corrupted],
      [total!.duplicate, duplicated],
      [total!.corrupted, corrupted],
    ] as const) {
      assert.ok(ours <= theirs && theirs - ours <= 2, `${ours} told, ${theirs} made, by ${JSON.stringify(fault)}`);
    }
  }
});

inLab('an interface that goes down in mid-run ends it, and what was under way is unknown, not lost', async (lab) => {
  const spraying = run(lab, ['spray', ...PATH, '--rate', '5000', '--duration', '15', '--sender', 'sendmmsg', '--json']);
  await lab.exec('a', ['sh', '-c', 'sleep 3; ip link set to_r1 down'], { timeoutMs: 10_000 });
  const { code, stdout } = await spraying;
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
  assert.is(code, 4);
  assert.is(of(events, 'sprayed')[0]!.stopped, 'INTERFACE_DOWN');
  assert.is(of(events, 'sprayed')[0]!.lost, 0);
  assertSums(events);
});

inLab('a rate above the ceiling is refused with the arithmetic, and nothing stays attached', async (lab) => {
  const { code, stderr } = await run(lab, ['spray', '-p', 'a,r1,r2', '--rate', '200k']);
  assert.is(code, 2);
  assert.match(stderr, /--rate 200000 is above the ceiling of 50000 packets a second/);
  const events = await runJson(lab, ['spray', '-p', 'a,r1,r2', '-c', '100', '--rate', '1000']);
  assert.is(exitOf(events), 0);
  const { stdout } = await lab.exec('a', ['sh', '-c', 'tc filter show dev to_r1 ingress; ip -d link show to_r1 | grep -i xdp'], {
    timeoutMs: 5000,
  });
  assert.is(stdout.trim(), '');
});

test.run();
