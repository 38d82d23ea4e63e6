/** What the matcher costs on the receive path: the kernel's own clock around the program, less what it shows around one that only counts. */
import { openMatcher } from '../src/engine/live/spray-matcher.ts';
import { loadAddon } from '../src/host/addon.ts';
import { interfaces } from '../src/host/interface.ts';
import { newRun } from '../src/probe/run.ts';
import type { Row } from './spray-table.ts';
import { attach, dropped, NEAR, run } from './spray-veth.ts';
import { finished, openSender } from './spray-ways.ts';

interface Program {
  readonly id: number;
  readonly name: string;
  readonly run_time_ns?: number;
  readonly run_cnt?: number;
  readonly pids?: readonly { readonly pid: number }[];
}

const programs = (): Program[] => JSON.parse(run('bpftool', '-j', 'prog', 'show'));

/** Nanoseconds a run. */
function costOf(name: string, after: readonly Program[], isIt: (program: Program) => boolean): number {
  const program = after.find((one) => one.name === name && isIt(one) && (one.run_cnt ?? 0) > 0);
  return program ? program.run_time_ns! / program.run_cnt! : Number.NaN;
}

const statistics = (on: boolean): string => run('sysctl', '-qw', `kernel.bpf_stats_enabled=${on ? 1 : 0}`);

export async function matcherNs(seconds: number): Promise<Row[]> {
  const addon = loadAddon();
  const { index } = interfaces(addon).find(({ name }) => name === NEAR)!;
  const realtimeAheadNs = Number(addon.realtimeAheadNs());
  const spray = newRun();
  attach('tc_bounce');
  const job = { run: spray, templates: 1, flows: 1, tag: 'full' as const, timeoutNs: 1e9, realtimeAheadNs };
  const matching = openMatcher({ ...job, matcher: 'tc', interfaces: [{ name: NEAR, index, hasLinkHeader: true }] });
  const sender = openSender({ sender: 'afxdp', tag: 'full', seconds }, spray, realtimeAheadNs);
  const before = dropped();
  statistics(true);
  try {
    sender.start();
    const { taken } = await finished(sender);
    const matched = costOf('match_frame', programs(), ({ pids }) => pids?.some(({ pid }) => pid === process.pid) ?? false);
    const { received } = matching.totals();
    return [
      {
        figure: 'tc matcher, tag checked',
        value: matched,
        unit: ' ns',
        limit: { most: 120 },
        note: 'with the two looks at the clock that measure it',
      },
      { figure: 'tc matcher: dropped', value: dropped() - before + taken - received, unit: '', limit: { most: 0 }, note: `of ${taken}` },
    ];
  } finally {
    statistics(false);
    sender.close();
    matching.close();
  }
}
