/** One setting of the localization benchmark over its seeds: what is missed, what is blamed wrongly, how long it takes. */
import { netbouncer } from '../src/infer/netbouncer.ts';
import { localize } from '../src/infer/tomography.ts';
import { chance, type FatTree, type Faults, probe, type Truth, truthOf } from './locate-fat-tree.ts';

export interface Setting {
  readonly name: string;
  readonly faults: Faults;
  readonly packets: number;
}

/** Means over seeds. A component that is listed as undecided is not blamed, so it counts as missed. */
export interface Score {
  readonly missed: number;
  readonly wrong: number;
  readonly missedDevices: number;
  /** Good links of a faulty device that are blamed. */
  readonly blamedForDevice: number;
  /** Of the slowest, CPU time. */
  readonly seconds: number;
}

export interface Measured {
  readonly ours: Score;
  readonly netbouncer: Score;
}

/** λ as it did best on each plan. */
const PENALTY = { full: 1, reduced: 0.3 } as const;

export function measure(tree: FatTree, { faults, packets }: Setting, seeds: readonly number[], peerSeeds: number): Measured {
  const ours: Score[] = [];
  const peers: Score[] = [];
  for (const seed of seeds) {
    const random = chance(seed);
    const truth = truthOf(tree, faults, random);
    const tallies = probe(tree, truth, packets, random);
    const started = process.cpuUsage();
    const { suspects } = localize(tallies);
    ours.push(
      score(
        tree,
        truth,
        suspects.map(({ kind, index }) => (kind === 'link' ? index : tree.links + index)),
        secondsSince(started),
      ),
    );
    if (peers.length >= peerSeeds) continue;
    const again = process.cpuUsage();
    const { links, devices } = netbouncer(tallies, { penalty: PENALTY[tree.plan] });
    peers.push(score(tree, truth, [...links, ...devices.map((device) => tree.links + device)], secondsSince(again)));
  }
  return { ours: mean(ours), netbouncer: mean(peers) };
}

/** Of all threads, so that a busy machine changes little. */
function secondsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}

function score(tree: FatTree, { faulty }: Truth, blamed: readonly number[], seconds: number): Score {
  const named = new Set(blamed);
  const missed = [...faulty].filter((component) => !named.has(component));
  const wrong = blamed.filter((component) => !faulty.has(component));
  const sick = linksOf(tree, faulty);
  return {
    missed: missed.length,
    wrong: wrong.length,
    missedDevices: missed.filter((component) => component >= tree.links).length,
    blamedForDevice: wrong.filter((component) => sick.has(component)).length,
    seconds,
  };
}

/** Links at faulty devices: in a path, those right before and behind them. */
function linksOf({ links, start, crossings }: FatTree, faulty: ReadonlySet<number>): Set<number> {
  const sick = new Set<number>();
  if (![...faulty].some((component) => component >= links)) return sick;
  for (let path = 0; path + 1 < start.length; path += 1) {
    for (let at = start[path]!; at < start[path + 1]!; at += 1) {
      if (crossings[at]! < links || !faulty.has(crossings[at]!)) continue;
      sick.add(crossings[at - 1]!);
      if (at + 1 < start[path + 1]!) sick.add(crossings[at + 1]!);
    }
  }
  return sick;
}

function mean(scores: readonly Score[]): Score {
  const average = (of: (score: Score) => number): number => scores.reduce((sum, each) => sum + of(each), 0) / scores.length;
  return {
    missed: average(({ missed }) => missed),
    wrong: average(({ wrong }) => wrong),
    missedDevices: average(({ missedDevices }) => missedDevices),
    blamedForDevice: average(({ blamedForDevice }) => blamedForDevice),
    seconds: scores.reduce((most, { seconds }) => Math.max(most, seconds), 0),
  };
}
