/** A spray at rate over kernel routers: what it counts is what the routers counted, with every sender and matcher that this machine has. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import type { Event, LossRuns } from '../../src/report/event.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, run, runJson, sniffed } from './measured.ts';
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
  const inRuns = (runs: readonly LossRuns[]): number => runs.reduce((sum, { length, times }) => sum + length * times, 0);
  assert.is(inRuns(total!.lossRuns!), total!.lost + total!.unknown);
  for (const { lossRuns, sent, received } of [...of(events, 'count'), ...of(events, 'flow')]) assert.is(inRuns(lossRuns!), sent - received);
}

/** Lengths of losses in a row by source port, from a capture of what leaves and what comes home: tshark reads port, sequence and who it goes to. */
function runsIn(file: string, home: string): Map<number, Record<number, number>> {
  const argv = ['-r', file, '-T', 'fields', '-E', 'occurrence=f', '-e', 'ip.dst', '-e', 'udp.srcport', '-e', 'udp.payload'];
  const lines = execFileSync('tshark', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .trim()
    .split('\n');
  const seen = lines.flatMap((line) => {
    const [to, port, payload = ''] = line.split('\t');
    return payload.startsWith('beac2003')
      ? [{ isHome: to === home, port: Number(port), sequence: Number.parseInt(payload.slice(32, 40), 16) }]
      : [];
  });
  const came = new Set(seen.filter(({ isHome }) => isHome).map(({ sequence }) => sequence));
  const runs = new Map<number, Record<number, number>>();
  for (const port of new Set(seen.map((one) => one.port))) {
    const went = seen.filter((one) => one.port === port && !one.isHome).map(({ sequence }) => sequence);
    const flags = went.sort((a, b) => a - b).map((sequence) => (came.has(sequence) ? ' ' : 'x'));
    const lengths = flags
      .join('')
      .split(' ')
      .filter((run) => run !== '')
      .map((run) => run.length);
    runs.set(port, Object.fromEntries([...new Set(lengths)].map((length) => [length, lengths.filter((one) => one === length).length])));
  }
  return runs;
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

inLab("each flow's losses in a row are those that a capture shows, three of every seven packets being lost", async (lab) => {
  const folder = mkdtempSync(join(tmpdir(), 'spray-rate-'));
  const file = join(folder, 'run.pcap');
  await lab.fault('r1-r2', 'r1', { ...NO_FAULT, exact: { lost: 3, of: 7 } });
  for (const way of [
    ['--sender', 'sendmmsg', '--matcher', 'tc'],
    ['--sender', 'inject', '--matcher', 'pcap'],
  ]) {
    let events: Event[] = [];
    const argv = ['spray', '-p', 'a,r1,r2', '-t', '0.5', '--values', '2001-2005', '-c', '2000', '--rate', '5000', '--max-loss', '100%'];
    await sniffed(lab, 'a', ['-i', 'to_r1', '-U', '-w', file], async () => {
      events = await runJson(lab, [...argv, ...way]);
    });
    assertSums(events);
    const shown = runsIn(file, of(events, 'start')[0]!.source!);
    const flows = of(events, 'flow');
    assert.is(flows.length, 5);
    for (const { value, lossRuns } of flows)
      assert.equal(Object.fromEntries(lossRuns!.map(({ length, times }) => [length, times])), shown.get(value as number), `port ${value}`);
  }
  rmSync(folder, { recursive: true });
});

inLab('labels of 20 bits stand in the headers of the segment, and 0 in all others, as tshark reads them', async (lab) => {
  const folder = mkdtempSync(join(tmpdir(), 'spray-rate-'));
  const file = join(folder, 'run.pcap');
  let events: Event[] = [];
  const argv = [
    'spray',
    '-6',
    '-p',
    'a,r1,r2',
    '--segment',
    '1',
    '--values',
    '65000-66000',
    '-c',
    '4004',
    '--rate',
    '4000',
    '--dscp',
    '46',
  ];
  await sniffed(lab, 'a', ['-i', 'to_r1', '-Q', 'out', '-U', '-w', file], async () => {
    events = await runJson(lab, [...argv, '--sender', 'sendmmsg']);
  });
  const fields = ['-e', 'ipv6.dst', '-e', 'ipv6.flow', '-e', 'ipv6.tclass.dscp', '-e', 'udp.payload'];
  const output = execFileSync('tshark', ['-r', file, '-T', 'fields', '-E', 'aggregator=,', ...fields], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  rmSync(folder, { recursive: true });
  const probes = output.split('\n').filter((line) => /\tbeac2003/.test(line));
  const to = of(events, 'segment')[0]!.to!;
  const seen = new Map<string, Set<number>>();
  for (const probe of probes) {
    const [destinations, labels, classes] = probe.split('\t').map((field) => field.split(','));
    assert.ok(classes!.every((dscp) => dscp === '46'));
    for (const [index, destination] of destinations!.entries()) {
      if (!destinations!.includes(to)) continue; // it turns at the near end
      const kind = `${index} ${destination}`;
      seen.set(kind, (seen.get(kind) ?? new Set()).add(Number(labels![index])));
    }
  }
  const [, out, home, ...rest] = [...seen].sort(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  const swept = Array.from({ length: 1001 }, (_, index) => 65_000 + index);
  for (const [, labels] of [out!, home!])
    assert.equal(
      [...labels].filter((label) => label > 0).sort((a, b) => a - b),
      swept,
    );
  for (const [, labels] of [...seen].slice(0, 1).concat(rest)) assert.equal([...labels], [0]);
  assert.equal(
    of(events, 'flow').map(({ value, received, sent }) => [value, received === sent]),
    [...swept, ...swept].map((value) => [value, true]),
  );
});

inLab('seventy thousand flow labels are as many flows, each sent as often as the next', async (lab) => {
  const argv = ['spray', '-6', '-p', 'a,r1,r2', '--segment', '1', '--flows', '70000', '-c', '140000', '--rate', '50k', '-t', '0.5'];
  const events = await runJson(lab, [...argv, '--max-link-load', '100%', '--max-loss', '100%']);
  const [total] = of(events, 'sprayed');
  assert.equal([total!.flows, total!.sent, total!.received + total!.unknown], [70_000, 140_000, 140_000]);
  for (const { sent } of of(events, 'count')) assert.ok(Math.abs(sent - 70_000) <= 4, `${sent}`); // one in 65,536 sequences cannot be sent
  assert.equal([of(events, 'segment')[0]!.flows, of(events, 'segment')[0]!.failing], [70_000, []]);
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
