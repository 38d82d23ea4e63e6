/**
 * Sprays against what the project promises of them: interleaved rounds on a veth of two queues, in a namespace that comes and goes with
 * this process. An eBPF program at the far end counts; ratios are of processor time a packet, to a C loop of pcap_inject in the same
 * round. Prints a table, writes it to bench/results/, and exits 1 where a limit is missed. `node --import tsx bench/spray.ts [rounds]`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { MatcherName, SenderName, TagMode } from '../src/engine/spray.ts';
import { PACKAGE_ROOT } from '../src/package-root.ts';
import { median, undisturbed } from './process.ts';
import { delivered } from './spray-evidence.ts';
import { matcherRows } from './spray-matching.ts';
import { kept } from './spray-pacing.ts';
import { isThere, PEERS, peerMillions } from './spray-peers.ts';
import { isMet, lineOf, type Row, tableOf } from './spray-table.ts';
import { attach, inside, NEAR, runInside, type Sink } from './spray-veth.ts';
import { injectLoop, measured, millions, nsPerMatch, nsPerPacket, type Outcome, send, sendAndMatch } from './spray-ways.ts';

/** A neighbour on the host doubles a cost for a second or two: many short turns, so that both sides of a ratio lie in one such time. */
const ROUNDS = 24;
const SECONDS = 0.5;
const RATES = [1e3, 1e4, 1e5, 1e6];

type Way = () => Promise<Outcome>;
const sending =
  (sender: SenderName, tag: TagMode, sink: Sink): Way =>
  () =>
    measured(sink, () => send({ sender, tag, seconds: SECONDS }));
const looping =
  (sender: SenderName, matcher: MatcherName, sink: Sink): Way =>
  () =>
    measured(sink, () => sendAndMatch({ sender, tag: 'full', seconds: SECONDS }, matcher));

const WAYS = {
  'pcap_inject in C': () => measured('tc_count', () => injectLoop(SECONDS)),
  'live, untagged': sending('live', 'none', 'xdp_count'),
  live: sending('live', 'full', 'xdp_count'),
  AF_XDP: sending('afxdp', 'full', 'tc_count'),
  sendmmsg: sending('sendmmsg', 'full', 'tc_count'),
  'inject + pcap in C, home again': () => measured('tc_bounce', () => injectLoop(SECONDS, true)),
  'live + XDP, home again': looping('live', 'xdp', 'xdp_bounce'),
  'AF_XDP + tc, home again': looping('afxdp', 'tc', 'tc_bounce'),
  'sendmmsg + tc, home again': looping('sendmmsg', 'tc', 'tc_bounce'),
} as const satisfies Record<string, Way>;
type Name = keyof typeof WAYS;

type Rounds = Readonly<Record<Name, Outcome[]>>;

async function rounds(count: number): Promise<{ readonly ways: Rounds; readonly peers: ReadonlyMap<string, number[]> }> {
  const ways = Object.fromEntries(Object.keys(WAYS).map((name) => [name, []])) as unknown as Rounds;
  const peers = new Map<string, number[]>();
  for (let round = 0; round < count; round += 1) {
    for (const [name, way] of Object.entries(WAYS) as [Name, Way][]) ways[name].push(await way());
    for (const peer of PEERS.filter(isThere)) peers.set(peer.name, [...(peers.get(peer.name) ?? []), peerMillions(peer, SECONDS + 0.5)]);
  }
  return { ways, peers };
}

const costOf = (outcomes: readonly Outcome[], cost: (outcome: Outcome) => number): number => median(outcomes.map(cost));

const millionsOf = (outcomes: readonly Outcome[]): number => median(outcomes.map(millions));

/** The median of the rounds' ratios: both sides of each were measured within seconds. */
function ratio(ways: Rounds, name: Name, to: Name, cost: (outcome: Outcome) => number, least: number): Row {
  const value = median(ways[name].map((outcome, round) => cost(ways[to][round]!) / cost(outcome)));
  const [theirs, ours] = [undisturbed(ways[to].map(cost)), undisturbed(ways[name].map(cost))];
  const note = `${costOf(ways[name], cost).toFixed(0)} ns a packet, ${millionsOf(ways[name]).toFixed(2)} Mpps; least disturbed ${ours.toFixed(0)} ns, ${(theirs / ours).toFixed(2)} ×`;
  return { figure: `${name}: CPU a packet against ${to}`, value, unit: ' ×', limit: { least }, note };
}

const plain = (figure: string, value: number, unit: string, note = ''): Row => ({ figure, value, unit, limit: null, note });

function sendingRows({ ways, peers }: Awaited<ReturnType<typeof rounds>>): Row[] {
  const loop = 'pcap_inject in C';
  const against = (name: Name, least: number): Row => ratio(ways, name, loop, nsPerPacket, least);
  const theirs = [...peers].map(([name, values]) => plain(`  ${name}`, median(values), ' Mpps'));
  const best = theirs.reduce((most, row) => (row.value > most.value ? row : most), plain('none', 0, ''));
  const ours = millionsOf(ways.live);
  return [
    plain(loop, costOf(ways[loop], nsPerPacket), ' ns', `${millionsOf(ways[loop]).toFixed(2)} Mpps`),
    against('live, untagged', 6),
    against('live', 4.5),
    against('AF_XDP', 1.4),
    against('sendmmsg', 1.1),
    { figure: `live: Mpps against the best peer, ${best.figure.trim()}`, value: ours / best.value, unit: ' ×', limit: { least: 4 } },
    ...theirs,
    ...PEERS.filter((peer) => !isThere(peer)).map(({ name }) => plain(`  ${name}`, Number.NaN, '', 'not installed')),
  ];
}

function loopRows({ ways }: Awaited<ReturnType<typeof rounds>>): Row[] {
  const loop = 'inject + pcap in C, home again';
  const limits = { 'live + XDP, home again': 7, 'AF_XDP + tc, home again': 2, 'sendmmsg + tc, home again': 1.4 } as const;
  const names = Object.keys(limits) as (keyof typeof limits)[];
  const unexplained = names.flatMap((name) => ways[name].map(({ taken, matched, dropped }) => Math.abs(taken - matched - dropped)));
  const lost = names.flatMap((name) => ways[name].map(({ taken, matched }) => taken - matched));
  return [
    plain(loop, costOf(ways[loop], nsPerMatch), ' ns', `${millionsOf(ways[loop]).toFixed(2)} Mpps`),
    ...names.map((name) => ratio(ways, name, loop, nsPerMatch, limits[name])),
    {
      figure: 'home again: packets lost and not explained',
      value: Math.max(...unexplained),
      unit: '',
      limit: { most: 0 },
      note: `${lost.reduce((sum, one) => sum + one, 0)} lost`,
    },
  ];
}

/** Rates that the sender does not reach at all are left out. */
async function pacingRows({ ways }: Awaited<ReturnType<typeof rounds>>): Promise<Row[]> {
  const fastest = { live: ways.live, afxdp: ways.AF_XDP, sendmmsg: ways.sendmmsg } as const;
  const rows: Row[] = [];
  for (const [sender, outcomes] of Object.entries(fastest) as [SenderName, Outcome[]][]) {
    for (const rate of RATES.filter((rate) => rate < 0.8e6 * millionsOf(outcomes))) {
      const { error, p99 } = await kept(sender, rate, 3);
      rows.push({ figure: `${sender} at ${rate / 1000} kpps: error of the rate`, value: error * 100, unit: ' %', limit: { most: 0.5 } });
      if (rate === 1e5)
        rows.push({ figure: `${sender} at 100 kpps: p99 of the gaps`, value: p99, unit: ' × the mean', limit: { most: 5 } });
    }
  }
  return rows;
}

async function evidenceRows(count: number): Promise<Row[]> {
  const all: Awaited<ReturnType<typeof delivered>>[] = [];
  for (let round = 0; round < count; round += 1) all.push(await delivered('live', SECONDS, null));
  const dropped = all.reduce((sum, one) => sum + one.dropped, 0);
  const sent = all.reduce((sum, one) => sum + one.sent, 0);
  return [
    { figure: 'records to JavaScript', value: median(all.map(({ perSecond }) => perSecond)) / 1e6, unit: ' M/s', limit: { least: 1 } },
    {
      figure: 'records to JavaScript: packets in no count',
      value: Math.max(...all.map(({ unaccounted }) => Math.abs(unaccounted))),
      unit: '',
      limit: { most: 0 },
      note: `${((100 * dropped) / sent).toFixed(1)} % counted as dropped`,
    },
  ];
}

/** As the command is: bundled, without what compiles TypeScript in its memory. */
function bundledMemory(): string {
  const outfile = join(PACKAGE_ROOT, 'build/bench/spray-room.mjs');
  const entry = join(import.meta.dirname, 'spray-room.ts');
  buildSync({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node' });
  return outfile;
}

function memoryRows(): Row[] {
  const program = bundledMemory();
  return (['sendmmsg', 'live'] as const).map((sender) => {
    attach(sender === 'live' ? 'xdp_count' : 'tc_count');
    const { stdout, stderr, signal } = spawnSync(process.execPath, [program, NEAR, sender], { encoding: 'utf8' });
    if (stdout === '') throw new Error(`The process whose memory is measured ended by ${signal}: ${stderr}`);
    const { megabytes, note } = JSON.parse(stdout);
    const figure = `${sender}: memory at 10,000 paths × 8 hops × 16 flows`;
    return { figure, value: megabytes, unit: ' MB', limit: { most: 150 }, note };
  });
}

async function all(count: number): Promise<Row[]> {
  const measuredRounds = await rounds(count);
  const rows: Row[] = [];
  const say = (more: readonly Row[]): void => {
    for (const row of more) console.log(lineOf(row));
    rows.push(...more);
  };
  say(sendingRows(measuredRounds));
  say(loopRows(measuredRounds));
  say(await matcherRows(count, SECONDS));
  say(await evidenceRows(Math.min(count, 3)));
  say(await pacingRows(measuredRounds));
  say(memoryRows());
  return rows;
}

function write(rows: readonly Row[], count: number): void {
  const machine = `${cpus()[0]!.model.trim()}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}`;
  const folder = join(import.meta.dirname, 'results');
  const text = `# Sprays at rate\n\n${machine}. A veth of two queues; no physical device was measured. ${count} rounds of ${SECONDS} s, medians; frames of 106 bytes, tags in full.\n\n${tableOf(rows)}\n`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'spray.md'), text);
}

if (inside === null) runInside();
else {
  const count = Number(process.argv[2] ?? ROUNDS);
  const rows = await all(count);
  write(rows, count);
  process.exitCode = rows.every(isMet) ? 0 : 1;
}
