/** What is measured, one function a promise. */
import { existsSync } from 'node:fs';
import type { Lab } from '../src/lab/lab.ts';
import { up } from '../src/lab/up.ts';
import { NO_FAULT } from '../src/topology/fault.ts';
import { parseTopology } from '../src/topology/parse.ts';
import { decode } from './decode.ts';
import { median, type Timed, timed } from './process.ts';
import { record, replay } from './record.ts';
import { sprayMemory } from './spray-memory.ts';

export interface Figure {
  readonly what: string;
  readonly figure: number;
  /** null: a peer's, for comparison. */
  readonly limit: number | null;
  readonly unit: string;
}

const NODE = process.execPath;
const BRACEROUTE: readonly string[] = [NODE, 'bin/braceroute.js'];

/** a — r1 — r2 — r3 — d: d is the fourth hop. */
const line = (name: string): string => `
name: ${name}
nodes: { a: { vantage: true }, r1: {}, r2: {}, r3: {}, d: {} }
links: [{ between: [a, r1] }, { between: [r1, r2] }, { between: [r2, r3] }, { between: [r3, d] }]`;

const raise = (name: string): Promise<Lab> => up(parseTopology(line(name), name));

const run = (lab: Lab, ...argv: readonly string[]): Promise<Timed> => timed(lab.namespaceOf('a'), [...BRACEROUTE, ...argv]);

const ROUNDS = 15;

async function trace(): Promise<Figure[]> {
  await using lab = await raise('bench_trace');
  const a = lab.namespaceOf('a');
  const peers = [
    { name: 'traceroute', argv: ['/usr/bin/traceroute', 'd'] },
    { name: 'mtr, 3 rounds', argv: ['/usr/bin/mtr', '--report', '--report-cycles', '3', 'd'] },
  ].filter(({ argv }) => existsSync(argv[0]!));
  await run(lab, 'd'); // neighbours are resolved, files are in memory
  const ratios: number[] = [];
  const ours: number[] = [];
  const theirs = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const bare = await timed(a, [NODE, '-e', '0']);
    const whole = await run(lab, 'd');
    if (whole.code !== 0) throw new Error(`The trace ended with exit code ${whole.code}`);
    ratios.push(whole.seconds / bare.seconds);
    ours.push(whole.seconds * 1000);
    if (round < 3)
      for (const { name, argv } of peers) theirs.set(name, [...(theirs.get(name) ?? []), (await timed(a, argv)).seconds * 1000]);
  }
  return [
    { what: '4-hop trace, whole process, against node -e 0', figure: median(ratios), limit: 3, unit: ' ×' },
    { what: '4-hop trace, whole process', figure: median(ours), limit: null, unit: ' ms' },
    ...[...theirs].map(([name, values]) => ({ what: `  ${name}`, figure: median(values), limit: null, unit: ' ms' })),
  ];
}

async function dead(): Promise<Figure[]> {
  await using lab = await raise('bench_dead');
  await lab.fault('r3-d', 'r3', { ...NO_FAULT, blackhole: true });
  const { seconds } = await run(lab, 'd');
  return [{ what: 'dead target, 30 ttls, 3 s timeout', figure: seconds, limit: 4, unit: ' s' }];
}

interface Tally {
  readonly type: string;
  readonly sent: number;
  readonly received: number;
  readonly unknown: number;
}

const tallies = ({ stdout }: Timed): Tally[] =>
  stdout
    .split('\n')
    .filter((text) => text !== '')
    .map((text): Tally => JSON.parse(text))
    .filter(({ type }) => type === 'tally');

const sum = (rows: readonly Tally[], of: keyof Omit<Tally, 'type'>): number => rows.reduce((total, row) => total + row[of], 0);

async function probe(): Promise<Figure[]> {
  await using lab = await raise('bench_probe');
  await lab.fault('r2-r3', 'r2', { ...NO_FAULT, loss: 0.1 });
  const lossy = await run(lab, 'probe', '-d', 'd', '-c', '1000');
  await lab.fault('r2-r3', null, 'clear');
  const fast = await run(lab, 'probe', '-d', 'd', '-c', '10000', '--rate', '50000', '--json');
  const rows = tallies(fast);
  return [
    { what: 'probe -c 1000 over 4 hops, 10 % loss, 3 s timeout', figure: lossy.seconds, limit: 5, unit: ' s' },
    { what: 'probe -c 10000 --rate 50000: unknown', figure: sum(rows, 'unknown'), limit: 0, unit: '' },
    { what: `  not received of ${sum(rows, 'sent')}`, figure: sum(rows, 'sent') - sum(rows, 'received'), limit: 0, unit: '' },
    { what: '  whole process', figure: fast.seconds, limit: null, unit: ' s' },
  ];
}

/** All are sent in 10 s and given up after 13: for the last second of sending, and two more, a million are outstanding. */
async function outstanding(): Promise<Figure[]> {
  await using lab = await raise('bench_out');
  await lab.fault('a-r1', 'r1', { ...NO_FAULT, blackhole: true });
  const whole = await run(lab, 'probe', '-p', 'r1', '-c', '1000000', '--rate', '100000', '--max-link-load', '2%', '-t', '13', '--json');
  const rows = tallies(whole);
  if (sum(rows, 'sent') !== 1_000_000) throw new Error(`${sum(rows, 'sent')} probes were sent, not a million`);
  return [
    { what: 'a million outstanding probes, peak memory', figure: whole.peakMb, limit: 200, unit: ' MB' },
    { what: '  whole process', figure: whole.seconds, limit: null, unit: ' s' },
  ];
}

export const BENCHMARKS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  trace,
  dead,
  probe,
  outstanding,
  decode,
  record,
  replay,
  'spray-memory': sprayMemory,
};
