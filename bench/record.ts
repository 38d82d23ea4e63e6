/** What recording adds to a run at the highest rate, and how fast its recording replays: processor time, which other work disturbs least. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecorded } from '../src/engine/replay/recorded.ts';
import type { Lab } from '../src/lab/lab.ts';
import { up } from '../src/lab/up.ts';
import { parseTopology } from '../src/topology/parse.ts';
import type { Figure } from './benchmarks.ts';
import { median } from './process.ts';

const TOPOLOGY = 'name: bench_rec\nnodes: { a: { vantage: true }, r1: {} }\nlinks: [{ between: [a, r1] }]';
const ROUNDS = 3;
const PROBES = 200_000;
const RATE = ['--rate', '100000', '--max-link-load', '2%'];

export async function record(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'beacon-bench-'));
  await using lab = await up(parseTopology(TOPOLOGY, 'bench_rec'));
  try {
    const file = join(folder, 'run.pcapng');
    const [added, plainUs]: [number[], number[]] = [[], []];
    let missing = 0;
    const bare = timed(lab, folder, '--version').cpuSeconds;
    for (let round = 0; round < ROUNDS; round += 1) {
      const plain = probes(lab, folder);
      const written = probes(lab, folder, '--write', file);
      added.push(100 * ((written.cpuSeconds - bare) / (plain.cpuSeconds - bare) - 1));
      plainUs.push((1e6 * (plain.cpuSeconds - bare)) / (2 * PROBES));
      missing = Math.max(missing, await missingIn(file, written.stdout));
    }
    return [
      { what: 'recording 100,000 probes a second: more processor time a packet', figure: median(added), limit: 15, unit: ' %' },
      { what: '  of this much without', figure: median(plainUs), limit: null, unit: ' µs' },
      { what: '  packets that the recording lacks', figure: missing, limit: 0, unit: '' },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const probes = (lab: Lab, folder: string, ...options: readonly string[]): Timed =>
  timed(lab, folder, 'probe', '-p', 'r1', '-c', String(PROBES), ...RATE, '--json', ...options);

/** Sent and received ones, by what the run itself has counted; more may be in it, such as those of the survey. */
async function missingIn(file: string, stdout: string): Promise<number> {
  const tally = stdout.split('\n').find((line) => line.includes('"type":"tally"'));
  if (tally === undefined) throw new Error('The run told no tally');
  const { sent, received } = JSON.parse(tally) as { sent: number; received: number };
  if (sent !== PROBES) throw new Error(`${sent} probes were sent, not ${PROBES}`);
  return Math.max(0, sent + received - (await readRecorded(file)).packets);
}

interface Timed {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly stdout: string;
}

const BRACEROUTE = [process.execPath, 'bin/braceroute.js'];

/** GNU time tells the processor time of all threads, and the peak of memory. */
function timed(lab: Lab | null, folder: string, ...argv: readonly string[]): Timed {
  const told = join(folder, 'time');
  const inside = lab === null ? [] : ['ip', 'netns', 'exec', lab.namespaceOf('a')];
  const [command, ...rest] = [...inside, '/usr/bin/time', '-q', '-o', told, '-f', '%U %S %M', ...BRACEROUTE, ...argv];
  const started = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(command!, rest, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (status !== 0 && status !== 1) throw new Error(`braceroute ${argv[0]} ended with exit code ${status}: ${stderr}`);
  const [user, system, kilobytes] = readFileSync(told, 'utf8').trim().split(' ').map(Number) as [number, number, number];
  return { seconds, cpuSeconds: user + system, peakMb: kilobytes / 1024, stdout };
}

const HOPS = 'name: bench_replay\nnodes: { a: { vantage: true }, r1: {}, d: {} }\nlinks: [{ between: [a, r1] }, { between: [r1, d] }]';

/** Of a simulated run: the lab need not be up, and nothing is lost. */
export async function replay(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'beacon-bench-'));
  try {
    const [topology, file] = [join(folder, 'hops.yaml'), join(folder, 'run.pcapng')];
    writeFileSync(topology, HOPS);
    const simulated = ['--engine', 'simulated', '--read', topology];
    timed(null, folder, 'probe', '-d', 'd', '-c', '250000', '--rate', '50000', ...simulated, '--write', file);
    const rounds = Array.from({ length: ROUNDS }, () => timed(null, folder, 'replay', file, '--json'));
    const { packets } = await readRecorded(file);
    const million = 1e6 / packets;
    return [
      {
        what: 'replay of a million packets, the best of three',
        figure: Math.min(...rounds.map(({ seconds }) => seconds)) * million,
        limit: 2,
        unit: ' s',
      },
      { what: '  processor time', figure: median(rounds.map(({ cpuSeconds }) => cpuSeconds)) * million, limit: null, unit: ' s' },
      {
        what: `  peak memory (of a file of ${Math.round(statSync(file).size / 1e6)} MB)`,
        figure: Math.max(...rounds.map(({ peakMb }) => peakMb)),
        limit: 150,
        unit: ' MB',
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
