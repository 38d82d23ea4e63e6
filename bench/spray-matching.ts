/** What the matcher costs on the receive path: the kernel's own clock around the program. */
import { openMatcher } from '../src/engine/live/spray-matcher.ts';
import { loadAddon } from '../src/host/addon.ts';
import { interfaces } from '../src/host/interface.ts';
import { newRun } from '../src/probe/run.ts';
import { median, undisturbed } from './process.ts';
import type { Row } from './spray-table.ts';
import { attach, attachBeside, detach, dropped, NEAR, run } from './spray-veth.ts';
import { finished, openSender } from './spray-ways.ts';

interface Program {
  readonly id: number;
  readonly name: string;
  readonly run_time_ns?: number;
  readonly run_cnt?: number;
}

const programs = (): Program[] => JSON.parse(run('bpftool', '-j', 'prog', 'show'));

/** Nanoseconds a run of the program with this name that is not among `others`: other matchers may be at work on this machine. */
function costOf(name: string, others: readonly Program[]): number {
  const program = programs().find((one) => one.name === name && (one.run_cnt ?? 0) > 0 && others.every(({ id }) => id !== one.id));
  return program ? program.run_time_ns! / program.run_cnt! : Number.NaN;
}

/** What the kernel shows for a run of a program that only counts: mostly its own two looks at the clock. */
async function costOfCounting(seconds: number): Promise<number> {
  attachBeside('tc_count', NEAR);
  const sender = openSender({ sender: 'afxdp', tag: 'full', seconds }, newRun(), 0);
  sender.start();
  await finished(sender);
  sender.close();
  const cost = costOf('tc_count', []);
  detach(NEAR, 'tc');
  return cost;
}

const statistics = (on: boolean): string => run('sysctl', '-qw', `kernel.bpf_stats_enabled=${on ? 1 : 0}`);

/** Medians of as many rounds, in each of which both programs are measured. */
export async function matcherRows(rounds: number, seconds: number): Promise<Row[]> {
  attach('tc_bounce');
  statistics(true);
  const all: { readonly counting: number; readonly matching: number; readonly taken: number; readonly lost: number }[] = [];
  try {
    for (let round = 0; round < rounds; round += 1)
      all.push({ counting: await costOfCounting(seconds), ...(await costOfMatching(seconds)) });
  } finally {
    statistics(false);
  }
  const [matching, counting] = [median(all.map((one) => one.matching)), median(all.map((one) => one.counting))];
  const costs = all.map((one) => one.matching - one.counting);
  const note = `${matching.toFixed(0)} ns by the kernel's statistics, where a program that only counts takes ${counting.toFixed(0)} ns; least disturbed ${undisturbed(costs).toFixed(0)} ns`;
  const lost = Math.max(...all.map((one) => one.lost));
  const taken = all.reduce((sum, one) => sum + one.taken, 0);
  return [
    { figure: 'tc matcher, tag checked', value: median(costs), unit: ' ns', limit: { most: 120 }, note },
    { figure: 'tc matcher: dropped', value: lost, unit: '', limit: { most: 0 }, note: `of ${taken}` },
  ];
}

async function costOfMatching(seconds: number): Promise<{ readonly matching: number; readonly taken: number; readonly lost: number }> {
  const addon = loadAddon();
  const { index } = interfaces(addon).find(({ name }) => name === NEAR)!;
  const realtimeAheadNs = Number(addon.realtimeAheadNs());
  const spray = newRun();
  const others = programs();
  const job = { run: spray, templates: 1, flows: 1, tag: 'full' as const, timeoutNs: 1e9, realtimeAheadNs };
  const matcher = openMatcher({ ...job, matcher: 'tc', interfaces: [{ name: NEAR, index, hasLinkHeader: true }] });
  const sender = openSender({ sender: 'afxdp', tag: 'full', seconds }, spray, realtimeAheadNs);
  const before = dropped();
  sender.start();
  const { taken } = await finished(sender);
  const matching = costOf('match_frame', others);
  const { received } = matcher.totals();
  sender.close();
  matcher.close();
  return { matching, taken, lost: Math.max(dropped() - before, taken - received) };
}
