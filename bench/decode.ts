/** Decoding, in packets a second beside tcpdump and tshark on the same file, and its memory. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './benchmarks.ts';
import { writeRecording } from './decode-recording.ts';

const MANY = 1_000_000;
/** As many as tshark prints in a few seconds. */
const FEW = 50_000;

export async function decode(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'beacon-bench-'));
  try {
    const [many, few] = [join(folder, 'many.pcap'), join(folder, 'few.pcap')];
    writeRecording(many, MANY);
    writeRecording(few, FEW);
    return figures(many, few);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function figures(many: string, few: string): Figure[] {
  const ours = run(process.execPath, 'bin/braceroute.js', 'decode', '--json', many);
  const line = run(process.execPath, 'bin/braceroute.js', 'decode', many);
  const tcpdump = run('tcpdump', '-nr', many);
  const tshark = run('tshark', '-n', '-r', few, '-T', 'json');
  const matching = spawnSync(process.execPath, ['--import', 'tsx', 'bench/decode-matching.ts', many], { encoding: 'utf8' });
  const rate = { ours: MANY / ours.seconds, tcpdump: MANY / tcpdump.seconds, tshark: FEW / tshark.seconds };
  return [
    {
      what: 'tshark -T json takes for a packet, against decode --json',
      figure: rate.ours / rate.tshark,
      limit: null,
      unit: ' × (at least 5)',
    },
    { what: 'decode --json takes for a packet, against tcpdump -nr', figure: rate.tcpdump / rate.ours, limit: 1, unit: ' ×' },
    { what: '  decode, a line a packet, against tcpdump -nr', figure: line.seconds / tcpdump.seconds, limit: null, unit: ' ×' },
    { what: 'decode and match, a million packets', figure: MANY / Number(matching.stdout), limit: 1 / 3, unit: ' s' },
    { what: 'decode --json of 180 MB, peak memory', figure: ours.peakMb, limit: 150, unit: ' MB' },
  ];
}

/** GNU time knows the peak of memory; where it is missing it is 0. */
function run(...argv: readonly string[]): { seconds: number; peakMb: number } {
  const started = process.hrtime.bigint();
  const { stderr } = spawnSync('/usr/bin/time', ['-f', '%M kB', ...argv], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  return { seconds, peakMb: Number(/(\d+) kB\s*$/.exec(stderr ?? '')?.[1] ?? 0) / 1024 };
}
