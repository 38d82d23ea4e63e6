/** Components that all paths cross equally often look alike whatever they lose: each such group is looked for as one. */
import type { PathTallies } from '../infer/path-tallies.ts';

export interface Groups {
  /** Components of the graph by group, ascending; groups with a link come first. Those that no path crosses are in none. */
  readonly members: readonly (readonly number[])[];
  /** Over groups in place of components; a group counts as a link where it has one. */
  readonly tallies: PathTallies;
}

export function groupsOf(tallies: PathTallies): Groups {
  const byKey = new Map<string, number[]>();
  const { low, high } = sumsOf(tallies);
  for (let component = 0; component < low.length; component += 1) {
    if (low[component] === 0 && high[component] === 0) continue;
    const key = `${low[component]} ${high[component]}`;
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, [component]);
    else group.push(component);
  }
  const members = [...byKey.values()]; // by their first: links come before devices
  const links = members.filter(([first]) => first! < tallies.links).length;
  return { members, tallies: reduced(tallies, members, links) };
}

/**
 * Of each component two sums of scrambled numbers of its paths, each as often as it is crossed. Equal sums of other paths have a chance
 * of 2 to the power of −64.
 */
function sumsOf({ links, devices, start, crossings, sent }: PathTallies): { low: Uint32Array; high: Uint32Array } {
  const [low, high] = [new Uint32Array(links + devices), new Uint32Array(links + devices)];
  for (let path = 0; path < sent.length; path += 1) {
    const [one, other] = [scrambled(2 * path + 1), scrambled(2 * path + 2)];
    for (let at = start[path]!; at < start[path + 1]!; at += 1) {
      low[crossings[at]!]! += one;
      high[crossings[at]!]! += other;
    }
  }
  return { low, high };
}

/** A mixer of 32 bits (A. Appleby, MurmurHash3, the finalizer). */
function scrambled(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Of each group the first member alone stays in the paths. */
function reduced({ links, devices, start, crossings, sent, lost }: PathTallies, members: Groups['members'], groups: number): PathTallies {
  const groupOf = new Int32Array(links + devices).fill(-1);
  for (const [group, [first]] of members.entries()) groupOf[first!] = group;
  const [first, kept] = [new Uint32Array(sent.length + 1), new Int32Array(crossings.length)];
  let to = 0;
  for (let path = 0; path < sent.length; path += 1) {
    for (let at = start[path]!; at < start[path + 1]!; at += 1) {
      const group = groupOf[crossings[at]!]!;
      if (group < 0) continue;
      kept[to] = group;
      to += 1;
    }
    first[path + 1] = to;
  }
  return { links: groups, devices: members.length - groups, start: first, crossings: kept.subarray(0, to), sent, lost };
}
