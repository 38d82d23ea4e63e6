/** A three-layer fat tree of k-port switches, plans of paths from its servers to its core, and probes that are lost by chance. */
import type { PathTallies } from '../src/infer/path-tallies.ts';

export type Plan = 'full' | 'reduced';

export interface FatTree extends Omit<PathTallies, 'sent' | 'lost'> {
  readonly ports: number;
  readonly plan: Plan;
}

/**
 * Links: server–ToR, then ToR–aggregation, then aggregation–core. Devices: ToRs, aggregations, cores. The full plan has a path from each
 * server to each core; the reduced one lets one server go for each ToR, aggregation and core, in turn: so each link has k/2 paths.
 */
export function fatTree(ports: number, plan: Plan): FatTree {
  const half = ports / 2;
  const perLayer = ports * half * half;
  const tors = ports * half;
  const servers = plan === 'full' ? half : 1;
  const paths = tors * half * half * servers;
  const start = Uint32Array.from({ length: paths + 1 }, (_, path) => 6 * path);
  const crossings = new Int32Array(6 * paths);
  let at = 0;
  for (let tor = 0; tor < tors; tor += 1) {
    for (let turn = 0; turn < servers; turn += 1) {
      for (let up = 0; up < half; up += 1) {
        for (let top = 0; top < half; top += 1) {
          const server = tor * half + (plan === 'full' ? turn : (up + top) % half);
          const aggregation = Math.floor(tor / half) * half + up;
          crossings[at] = server;
          crossings[at + 1] = 3 * perLayer + tor;
          crossings[at + 2] = perLayer + tor * half + up;
          crossings[at + 3] = 3 * perLayer + tors + aggregation;
          crossings[at + 4] = 2 * perLayer + aggregation * half + top;
          crossings[at + 5] = 3 * perLayer + 2 * tors + up * half + top;
          at += 6;
        }
      }
    }
  }
  return { ports, plan, links: 3 * perLayer, devices: 2 * tors + half * half, start, crossings };
}

/** Numbers from 0 to below 1 that a seed decides (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

export interface Faults {
  readonly links: number;
  readonly devices: number;
  /** What a faulty one loses, uniformly; a good link loses up to 1e-4, a good device nothing. */
  readonly low: number;
  readonly high: number;
}

export interface Truth {
  /** By component. */
  readonly loss: Float64Array;
  readonly faulty: ReadonlySet<number>;
}

export function truthOf({ links, devices }: FatTree, faults: Faults, random: () => number): Truth {
  const loss = new Float64Array(links + devices);
  for (let link = 0; link < links; link += 1) loss[link] = 1e-4 * random();
  const faulty = new Set<number>();
  const draw = (from: number, size: number, many: number): void => {
    const wanted = faulty.size + many;
    while (faulty.size < wanted) faulty.add(from + Math.floor(size * random()));
  };
  draw(0, links, faults.links);
  draw(links, devices, faults.devices);
  for (const component of faulty) loss[component] = faults.low + (faults.high - faults.low) * random();
  return { loss, faulty };
}

/** Sends so many packets over each path, 1,000 at most; each crossing loses by itself. */
export function probe(tree: FatTree, { loss }: Truth, packets: number, random: () => number): PathTallies {
  if (packets > 1000) throw new RangeError(`2^-${packets} is nearly no number: 1,000 packets at most`);
  const { links, devices, start, crossings } = tree;
  const paths = start.length - 1;
  const lost = new Uint32Array(paths);
  for (let path = 0; path < paths; path += 1) {
    let survival = 1;
    for (let at = start[path]!; at < start[path + 1]!; at += 1) survival *= 1 - loss[crossings[at]!]!;
    lost[path] = survival > 0.5 ? binomial(packets, 1 - survival, random()) : packets - binomial(packets, survival, random());
  }
  return { links, devices, start, crossings, sent: new Uint32Array(paths).fill(packets), lost };
}

/** By inversion; the probability is at most a half. */
function binomial(trials: number, probability: number, at: number): number {
  const odds = probability / (1 - probability);
  let term = (1 - probability) ** trials;
  let sum = term;
  let count = 0;
  while (sum <= at && count < trials) {
    term *= (odds * (trials - count)) / (count + 1);
    count += 1;
    sum += term;
  }
  return count;
}
