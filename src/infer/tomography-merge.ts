/**
 * A move that no visit of one component makes: where a device loses, a fit that has given part of it to each of its links stays there,
 * since what one gives up the others of its paths do not take. Here all its links give it up at once.
 */
import { gainOf, gainsOf, likeliestOdds } from './tomography-component.ts';
import { type Fit, setOdds } from './tomography-state.ts';

const PASSES = 3;
const TOLERANCE = 1e-3;

/** Tries the move for each lossy device; tells how many links became good. */
export function mergeIntoDevices(fit: Fit, atLeast: number): number {
  let merged = 0;
  for (let device = fit.tallies.links; device < fit.components; device += 1) {
    if (fit.odds[device]! > 0) merged += mergeInto(fit, device, atLeast);
  }
  return merged;
}

/** The likelihood may drop, but by less than the links cost that are no longer needed. */
function mergeInto(fit: Fit, device: number, atLeast: number): number {
  const links = lossyLinksOf(fit, device);
  if (links.length < 2) return 0;
  const before = [device, ...links].map((component) => fit.odds[component]!);
  let gained = 0;
  for (const link of links) gained += move(fit, link, 0);
  for (let pass = 0; pass < PASSES; pass += 1) {
    gained += move(fit, device, likeliestOdds(fit, device, TOLERANCE));
    for (const link of links) {
      const odds = likeliestOdds(fit, link, TOLERANCE);
      gained += move(fit, link, odds > 0 && gainOf(fit, link, odds) >= atLeast ? odds : 0);
    }
  }
  const spared = links.filter((link) => fit.odds[link] === 0).length;
  if (gained + spared * atLeast > 0) return spared;
  [device, ...links].forEach((component, i) => {
    setOdds(fit, component, before[i]!);
  });
  return 0;
}

/** What the log likelihood gains by it. */
function move(fit: Fit, component: number, odds: number): number {
  const gain = gainsOf(fit, component);
  const gained = gain(odds) - gain(fit.odds[component]!);
  setOdds(fit, component, odds);
  return gained;
}

/** Lossy links all of whose lossy paths cross the device, the lossiest first. */
function lossyLinksOf({ tallies, paths, first, entries, odds }: Fit, device: number): number[] {
  const { start, crossings, links } = tallies;
  const counts = new Map<number, number>();
  for (let i = first[device]!; i < first[device + 1]!; i += 1) {
    if (i > first[device]! && entries[i] === entries[i - 1]) continue;
    const path = paths[entries[i]!]!;
    for (let at = start[path]!; at < start[path + 1]!; at += 1) {
      const link = crossings[at]!;
      if (link < links && odds[link]! > 0) counts.set(link, (counts.get(link) ?? 0) + 1);
    }
  }
  const within = [...counts].filter(([link, count]) => count === first[link + 1]! - first[link]!);
  return within.map(([link]) => link).sort((a, b) => odds[b]! - odds[a]!);
}
