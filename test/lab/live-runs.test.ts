// limit: 120 s
/** Long runs of the command on a lab, disturbed: what is counted is what happened to the packets, not what happened to the process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import type { Event, TallyEvent } from '../../src/report/event.ts';
import { COMMAND, eventsOf, type Ran } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, hopsOf, problems, runJson, tallies } from './measured.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();

function claim(title: string, hold: (lab: Lab) => Promise<void>): void {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up({ ...fixture('line', 'runs'), name: 'x_runs' });
      await hold(lab);
    });
}

/** `line` has four hops. */
const PATH = ['probe', '-p', 'a,r1,r2,r3,d', '--json'];

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Event[]>;
  /** Resolves at the first event of a kind. */
  saw(type: Event['type']): Promise<void>;
}

function started(lab: Lab, ...argv: string[]): Running {
  const child = spawn('ip', ['netns', 'exec', lab.namespaceOf('a'), ...COMMAND, ...PATH, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]): Event[] => eventsOf({ code, stdout, stderr } as Ran));
  ended.catch(() => {}); // whoever awaits it is told
  const saw = async (type: string): Promise<void> => {
    while (!stdout.includes(`"type":"${type}"`) && child.exitCode === null && child.signalCode === null) await sleep(5);
  };
  return { child, ended, saw };
}

const SUMMED = ['received', 'lost', 'unknown', 'duplicate', 'late'] as const;

function assertAllHome(rows: readonly TallyEvent[], count: number): void {
  const counts = rows.map((row) => SUMMED.map((field) => row[field]));
  assert.equal(
    counts,
    rows.map(() => [count, 0, 0, 0, 0]),
  );
  assert.is(rows.length, 4);
}

/** The last row of each position. */
const finalRows = (events: readonly Event[]): TallyEvent[] => [...new Map(tallies(events).map((row) => [row.position, row])).values()];

claim('50,000 packets a second over four hops: none unknown, lost or counted twice', async (lab) => {
  const events = await started(lab, '-c', '10000', '--rate', '50000').ended;
  assertAllHome(finalRows(events), 10_000);
  assert.equal([problems(events), exitOf(events)], [[], 0]);
});

claim('a process that is stopped for two seconds loses nothing: the stamps of the packets decide', async (lab) => {
  const { child, ended, saw } = started(lab, '-c', '2000', '--rate', '2000', '-t', '1');
  await saw('path');
  await sleep(1000); // half of it
  child.kill('SIGSTOP');
  await sleep(2000); // longer than the timeout, so a process that went by its own clock would give up what waits for it
  child.kill('SIGCONT');
  const events = await ended;
  assertAllHome(finalRows(events), 2000);
  assert.is(exitOf(events), 0);
});

claim('runs at once, of the same path and the same ports, count their own probes only', async (lab) => {
  for (const family of ['-4', '-6']) {
    const flow = [family, '--source-port', '45000'];
    const probing = [1, 2].map(() => started(lab, ...flow, '-c', '600', '--rate', '4000').ended);
    const traces = Promise.all(Array.from({ length: 3 }, () => runJson(lab, ['trace', ...flow, '-n', '-c', '5', 'd'])));
    for (const events of await Promise.all(probing)) {
      assertAllHome(finalRows(events), 600);
      assert.equal([problems(events), exitOf(events)], [[], 0]);
    }
    for (const events of await traces) {
      const hops = hopsOf(events);
      assert.equal([hops.length, problems(events), exitOf(events)], [4, [], 0]);
      for (const { others, rttMs } of hops) assert.equal([others, rttMs.length, rttMs.includes(null)], [[], 5, false]);
    }
  }
});

claim('an interface that goes down in the middle and stays down ends the run with exit 4', async (lab) => {
  const { ended, saw } = started(lab, '-c', '100000', '--rate', '1000');
  await saw('path');
  await sleep(1000);
  await lab.exec('a', ['ip', 'link', 'set', 'to_r1', 'down']);
  const events = await ended;
  assert.equal(problems(events), ['ERR_INTERFACE_DOWN']);
  assert.is(exitOf(events), 4);
});

/** The uplink becomes a port of a bridge, which takes over its address. */
const BRIDGE = [
  'link add br0 type bridge',
  'link set to_r1 master br0',
  'addr flush dev to_r1',
  'link set br0 up',
  'addr add 10.0.0.1/30 dev br0',
  'route add default via 10.0.0.2',
];

claim('behind a bridge each answer is captured twice and counts once', async (lab) => {
  const made = await lab.exec('a', ['ip', '-batch', '-'], { input: `${BRIDGE.join('\n')}\n` });
  assert.is(made.code, 0, made.stderr);
  const events = await started(lab, '-4', '-c', '50', '--rate', '1000').ended;
  assertAllHome(finalRows(events), 50);
  assert.equal(problems(events), [], 'a port of the bridge is no other uplink');
});

test.run();
