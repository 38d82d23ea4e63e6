/**
 * NetBouncer's algorithm as published, to compare with (C. Tan et al., "NetBouncer: Active Device and Link Failure Localization in Data
 * Center Networks", NSDI 2019): first devices that no clean path crosses, then links by regularized least squares.
 */
import { checkTallies, type PathTallies } from './path-tallies.ts';

export interface NetBouncerOptions {
  /** λ: how much a success between 0 and 1 costs; 1 where not given. */
  readonly penalty?: number;
  /** A link of this success or less is faulty; 0.998 where not given. */
  readonly threshold?: number;
}

export interface NetBouncerVerdict {
  /** By link, 0–1; 1 where no path is left. */
  readonly success: Float64Array;
  readonly links: readonly number[];
  readonly devices: readonly number[];
}

const SWEEPS = 100;
const STILL = 1e-6;

/** Throws RangeError for tallies that do not fit together. */
export function netbouncer(tallies: PathTallies, { penalty = 1, threshold = 0.998 }: NetBouncerOptions = {}): NetBouncerVerdict {
  checkTallies(tallies);
  const devices = faultyDevices(tallies);
  const used = usedPaths(tallies, devices);
  const index = pathsByLink(tallies, used);
  const success = firstGuess(tallies, index);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    let moved = 0;
    for (let link = 0; link < tallies.links; link += 1) {
      if (index.first[link] === index.first[link + 1]) continue;
      const next = bestSuccess(tallies, index, success, link, penalty);
      moved = Math.max(moved, Math.abs(next - success[link]!));
      success[link] = next;
    }
    if (moved < STILL) break;
  }
  return { success, devices, links: [...success.keys()].filter((link) => success[link]! <= threshold) };
}

/** Devices crossed by paths, none of which is clean. */
function faultyDevices({ links, devices, start, crossings, sent, lost }: PathTallies): number[] {
  const isCrossed = new Uint8Array(devices);
  const hasClean = new Uint8Array(devices);
  for (let path = 0; path < sent.length; path += 1) {
    if (sent[path] === 0) continue;
    for (let at = start[path]!; at < start[path + 1]!; at += 1) {
      const device = crossings[at]! - links;
      if (device < 0) continue;
      isCrossed[device] = 1;
      if (lost[path] === 0) hasClean[device] = 1;
    }
  }
  return [...isCrossed.keys()].filter((device) => isCrossed[device] === 1 && hasClean[device] === 0);
}

/** 1 for a path with probes that crosses no faulty device. */
function usedPaths({ links, start, crossings, sent }: PathTallies, devices: readonly number[]): Uint8Array {
  const faulty = new Set(devices.map((device) => links + device));
  const used = new Uint8Array(sent.length);
  for (let path = 0; path < sent.length; path += 1) {
    used[path] = sent[path]! > 0 ? 1 : 0;
    if (faulty.size === 0) continue;
    for (let at = start[path]!; at < start[path + 1]!; at += 1) if (faulty.has(crossings[at]!)) used[path] = 0;
  }
  return used;
}

/** Link i is crossed by paths `paths[first[i]]` to `paths[first[i + 1] - 1]`. */
interface LinkIndex {
  readonly first: Uint32Array;
  readonly paths: Uint32Array;
}

function pathsByLink({ links, start, crossings }: PathTallies, used: Uint8Array): LinkIndex {
  const first = new Uint32Array(links + 1);
  eachLink((link) => {
    first[link + 1]! += 1;
  });
  for (let link = 0; link < links; link += 1) first[link + 1]! += first[link]!;
  const paths = new Uint32Array(first[links]!);
  const next = first.slice();
  eachLink((link, path) => {
    paths[next[link]!] = path;
    next[link]! += 1;
  });
  return { first, paths };

  function eachLink(visit: (link: number, path: number) => void): void {
    for (let path = 0; path < used.length; path += 1) {
      if (used[path] === 0) continue;
      for (let at = start[path]!; at < start[path + 1]!; at += 1) if (crossings[at]! < links) visit(crossings[at]!, path);
    }
  }
}

/** Of all probes over a link the share that arrived. */
function firstGuess({ links, sent, lost }: PathTallies, { first, paths }: LinkIndex): Float64Array {
  const success = new Float64Array(links).fill(1);
  for (let link = 0; link < links; link += 1) {
    let [probes, arrived] = [0, 0];
    for (let i = first[link]!; i < first[link + 1]!; i += 1) {
      probes += sent[paths[i]!]!;
      arrived += sent[paths[i]!]! - lost[paths[i]!]!;
    }
    if (probes > 0) success[link] = arrived / probes;
  }
  return success;
}

/** Minimises Σ (y − t x)² + λ x (1 − x) over 0 ≤ x ≤ 1, where t is the product of the path's other links. */
function bestSuccess(tallies: PathTallies, { first, paths }: LinkIndex, success: Float64Array, link: number, penalty: number): number {
  const { links, start, crossings, sent, lost } = tallies;
  let [squares, products] = [0, 0];
  for (let i = first[link]!; i < first[link + 1]!; i += 1) {
    const path = paths[i]!;
    let others = 1;
    for (let at = start[path]!; at < start[path + 1]!; at += 1) {
      const other = crossings[at]!;
      if (other < links && other !== link) others *= success[other]!;
    }
    squares += others * others;
    products += others * (1 - lost[path]! / sent[path]!);
  }
  return minimum(2 * squares - 2 * penalty, 2 * products - penalty);
}

/** Of R x² / 2 − S x over 0 ≤ x ≤ 1. */
function minimum(r: number, s: number): number {
  if (r === 0) return s > 0 ? 1 : 0;
  if (r < 0) return s / r > 0.5 ? 0 : 1;
  return Math.min(Math.max(s / r, 0), 1);
}
