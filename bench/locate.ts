/**
 * Localization at scale, in a 48-port fat tree that is simulated: 82,944 links and 2,880 switches, server to core. Prints a table with its
 * limits, writes it to bench/results/, and exits 1 where a limit is passed. `node --import tsx bench/locate.ts [seeds reduced] [seeds full]`:
 * 10 and 2 where not given, since a full plan takes ten seconds a seed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { type Faults, fatTree, type Plan } from './locate-fat-tree.ts';
import { type Measured, measure, type Setting } from './locate-measure.ts';

const LINKS = 82_944;
const BAD = { low: 0.01, high: 1 } as const;

interface Row extends Setting {
  /** Means at most, on the reduced plan: missed, wrong, or, where devices fail, missed devices and good links blamed for one. */
  readonly most: readonly [missed: number, wrong: number];
}

const links = (share: number, packets: number, most: Row['most']): Row => ({
  name: `${share * 100} % of links, ${packets} packets`,
  faults: { links: Math.round(share * LINKS), devices: 0, ...BAD },
  packets,
  most,
});

const withDevices = (row: Row): Row => ({
  ...row,
  name: `${row.name}, 10 devices`,
  faults: { ...row.faults, devices: 10 },
  most: [0, 0],
});

const PLAIN: readonly Row[] = [
  links(0.001, 100, [0, 0]),
  links(0.01, 100, [0, 0]),
  links(0.1, 100, [0.3, 0.2]),
  links(0.001, 30, [0, 0]),
  links(0.01, 30, [0.8, 0.2]),
  links(0.1, 30, [7, 1]),
];
const HARD: Row = { ...links(0.01, 100, [50, 0.5]), name: '1 % of links that lose 0.2–2 %, 100 packets', faults: hard() };
const ROWS: readonly Row[] = [...PLAIN, ...PLAIN.slice(0, 3).map(withDevices), HARD];

function hard(): Faults {
  return { links: Math.round(0.01 * LINKS), devices: 0, low: 0.002, high: 0.02 };
}

/** Seconds of one inference, at most; megabytes of the process. */
const MOST_SECONDS = { reduced: 1, full: 10 } as const;
const MOST_MB = 2000;

const lines: string[] = [];
let passed = 0;

function say(line: string): void {
  lines.push(line);
  console.log(line);
}

/** A figure with its limit beside. */
function against(figure: number, limit: number | null): string {
  const text = figure.toFixed(figure < 10 && figure % 1 !== 0 ? 2 : 1).replace(/\.0$/, '');
  if (limit === null) return text;
  if (figure <= limit + 1e-9) return `${text} (≤ ${limit})`;
  passed += 1;
  return `**${text}** (≤ ${limit})`;
}

function sayRow(plan: Plan, { name, faults, most }: Row, { ours, netbouncer }: Measured): void {
  const [first, second] = plan === 'reduced' && faults.devices === 0 ? most : [null, null];
  const [third, fourth] = faults.devices > 0 ? most : [null, null];
  const devices = faults.devices > 0 ? `${against(ours.missedDevices, third)} / ${against(ours.blamedForDevice, fourth)}` : '';
  say(
    `| ${name} | ${against(ours.missed, first)} / ${against(ours.wrong, second)} | ${devices} | ${against(ours.seconds, MOST_SECONDS[plan])} | ` +
      `${against(netbouncer.missed, null)} / ${against(netbouncer.wrong, null)} | ${against(netbouncer.seconds, null)} |`,
  );
}

function sayPlan(plan: Plan, seeds: number, peerSeeds: number): void {
  const tree = fatTree(48, plan);
  say(
    `\n## ${plan === 'full' ? 'Full' : 'Reduced'} plan: ${(tree.start.length - 1).toLocaleString('en')} paths, ${seeds} seeds (NetBouncer: ${peerSeeds})\n`,
  );
  say('| faulty | missed / wrong | missed devices / links blamed for one | s | NetBouncer: missed / wrong | s |');
  say('| --- | --- | --- | --- | --- | --- |');
  ROWS.forEach((row, at) => {
    const own = Array.from({ length: seeds }, (_, seed) => 1000 * (at + 1) + seed);
    sayRow(plan, row, measure(tree, row, own, peerSeeds));
  });
}

/** What a path costs must not grow with the network. */
function sayScaling(): void {
  say('\n## Cost of a path: full plan, 1 % of links, 100 packets\n');
  say('| ports | paths | µs a path |');
  say('| --- | --- | --- |');
  for (const ports of [8, 16, 32, 48]) {
    const tree = fatTree(ports, 'full');
    const paths = tree.start.length - 1;
    const faults = { links: Math.round(0.01 * tree.links), devices: 0, ...BAD };
    const { ours } = measure(tree, { name: '', faults, packets: 100 }, [1], 0);
    say(`| ${ports} | ${paths.toLocaleString('en')} | ${((1e6 * ours.seconds) / paths).toFixed(3)} |`);
  }
}

const [reducedSeeds = 10, fullSeeds = 2] = process.argv.slice(2).map(Number);
say('# Localization at scale\n');
say(`${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}. Seconds are CPU time of the slowest inference, on one core.`);
say('Means over seeds. What is undecided counts as missed. Good links lose up to 1e-4, which is not told; faulty ones 1 to 100 %.');
say('Each link is crossed by k/2 paths of the reduced plan: servers of a ToR take turns, so none is unseen.');
if (reducedSeeds > 0) sayPlan('reduced', reducedSeeds, reducedSeeds);
sayScaling();
if (fullSeeds > 0) sayPlan('full', fullSeeds, Math.min(fullSeeds, 1));
say(
  `\nPeak memory: ${against(Math.round(process.resourceUsage().maxRSS / 1024), MOST_MB)} MB, NetBouncer's and the simulation's included.`,
);
say(passed === 0 ? 'All limits are kept.' : `${passed} limits are passed, in bold.`);
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/locate.md', `${lines.join('\n')}\n`);
process.exitCode = passed === 0 ? 0 : 1;
