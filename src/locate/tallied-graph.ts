/** The network that recorded paths draw: links between consecutive nodes, and the nodes that packets pass. */
import type { PathTallies } from '../infer/path-tallies.ts';
import type { TalliedPaths } from './tallied-paths.ts';

export interface TalliedGraph {
  readonly nodes: readonly string[];
  /** Ends by index of node; of an undirected link in the order first seen. */
  readonly links: readonly (readonly [from: number, to: number])[];
  readonly undirected: boolean;
  /** Component `links.length + n` is node n as a device. */
  readonly tallies: PathTallies;
}

/**
 * A path's first node sends and is no part of it; its last one receives, and may lose packets too, but where paths start: there our own
 * prober stands. `undirected`: a link loses the same both ways.
 */
export function talliedGraph({ nodes, start, visits, sent, lost }: TalliedPaths, undirected: boolean): TalliedGraph {
  const known = new Map<number, number>();
  const links: (readonly [number, number])[] = [];
  const linkOf = (from: number, to: number): number => {
    const key = undirected && from > to ? to * nodes.length + from : from * nodes.length + to;
    const link = known.get(key) ?? links.length;
    if (link === links.length) {
      known.set(key, link);
      links.push([from, to]);
    }
    return link;
  };
  const sends = new Uint8Array(nodes.length);
  for (let path = 0; path < sent.length; path += 1) sends[visits[start[path]!]!] = 1;
  const [first, crossings] = [new Uint32Array(sent.length + 1), new Int32Array(2 * visits.length)];
  let at = 0;
  for (let path = 0; path < sent.length; path += 1) {
    const last = start[path + 1]! - 1;
    for (let visit = start[path]! + 1; visit <= last; visit += 1) {
      const node = visits[visit]!;
      crossings[at] = linkOf(visits[visit - 1]!, node);
      at += 1;
      if (visit === last && sends[node] === 1) continue;
      crossings[at] = ~node; // how many links there are is not known yet
      at += 1;
    }
    first[path + 1] = at;
  }
  for (let i = 0; i < at; i += 1) if (crossings[i]! < 0) crossings[i] = links.length + ~crossings[i]!;
  const tallies = { links: links.length, devices: nodes.length, start: first, crossings: crossings.subarray(0, at), sent, lost };
  return { nodes, links, undirected, tallies };
}
