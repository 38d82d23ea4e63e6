/** What a group of alike components is called: a link, a stretch of links, a device, or several things of which no path tells which. */
import type { TalliedGraph } from './tallied-graph.ts';
import type { Direction } from './verdict.ts';

export type TalliedName =
  | {
      readonly kind: 'link';
      readonly from: string;
      readonly to: string;
      readonly direction: Direction;
      readonly is: 'link' | 'routers';
      /** Devices at its ends that no path tells from it. */
      readonly or: readonly string[];
    }
  | { readonly kind: 'device'; readonly device: string }
  | { readonly kind: 'several'; readonly links: readonly Pair[]; readonly devices: readonly string[] };

type Pair = readonly [from: string, to: string];

export function talliedName({ nodes, links, undirected }: TalliedGraph, members: readonly number[]): TalliedName {
  const taken = members.flatMap((one) => (one < links.length ? [links[one]!] : []));
  const devices = members.flatMap((one) => (one < links.length ? [] : [one - links.length]));
  const named = (node: number): string => nodes[node]!;
  if (taken.length === 0 && devices.length === 1) return { kind: 'device', device: named(devices[0]!) };
  const stretch = stretchOf(taken);
  const direction = stretch === null ? null : directionOver(stretch, taken, undirected);
  if (stretch === null || direction === null) {
    return { kind: 'several', links: taken.map(([from, to]) => [named(from), named(to)] as const), devices: devices.map(named) };
  }
  return {
    kind: 'link',
    from: named(stretch[0]!),
    to: named(stretch.at(-1)!),
    direction,
    is: stretch.length === 2 ? 'link' : 'routers',
    or: devices.filter((device) => !stretch.slice(1, -1).includes(device)).map(named),
  };
}

/** The nodes of links that hang together without a fork or a ring, the way that the first link goes; null where they do not. */
function stretchOf(links: readonly (readonly [number, number])[]): number[] | null {
  const near = new Map<number, Set<number>>();
  for (const [from, to] of [...links, ...links.map(([from, to]) => [to, from] as const)]) {
    near.set(from, (near.get(from) ?? new Set()).add(to));
  }
  const ends = [...near].flatMap(([node, { size }]) => (size === 1 ? [node] : []));
  if (ends.length !== 2 || [...near.values()].some(({ size }) => size > 2)) return null;
  const stretch = [ends[0]!];
  for (const node of stretch) for (const next of near.get(node)!) if (!stretch.includes(next)) stretch.push(next);
  if (stretch.length < near.size) return null;
  const [from, to] = links[0]!;
  return stretch.indexOf(from) < stretch.indexOf(to) ? stretch : stretch.reverse();
}

/** Null where some of the links go the one way and others the other way. */
function directionOver(stretch: readonly number[], links: readonly (readonly [number, number])[], undirected: boolean): Direction | null {
  if (undirected) return 'both';
  const along = links.filter(([from, to]) => stretch.indexOf(from) < stretch.indexOf(to)).length;
  if (along === links.length) return 'from-to';
  return along === stretch.length - 1 && links.length === 2 * along ? 'not-identifiable' : null;
}

export function talliedText(name: TalliedName): string {
  if (name.kind === 'device') return `router ${name.device}`;
  if (name.kind === 'link') return `${name.from}${name.is === 'routers' ? '…' : name.direction === 'from-to' ? '→' : '–'}${name.to}`;
  return [...name.links.map(([from, to]) => `${from}→${to}`), ...name.devices.map((device) => `router ${device}`)].join(' or ');
}
