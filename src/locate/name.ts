/** What a suspect is called: a direction of a link, a link both of whose directions look alike, or a router. */
import type { Address } from '../wire/address.ts';
import { type Graph, type GraphPart, labelOf } from './graph.ts';
import type { Suspect } from './model.ts';

export type Name =
  | {
      readonly kind: 'direction' | 'link' | 'routers';
      readonly from: Address;
      readonly to: Address;
      readonly nodes: readonly [number, number];
    }
  | { readonly kind: 'device'; readonly address: Address; readonly node: number };

/** `routers`: legs of several links, or of one that may be several, from the first end to the last. */
export function nameOf({ nodes, legs, parts = [] }: Graph, suspect: Suspect): Name {
  const taken = suspect.flatMap((one) => (one.kind === 'leg' ? [one.leg] : []));
  const shared = suspect.flatMap((one) => (one.kind === 'part' ? [one.part] : []));
  if (taken.length > 0) return nameOver(nodes, legs, taken);
  if (shared.length > 0) return nameOver(nodes, parts, shared);
  const device = suspect.find((one) => one.kind === 'device')!;
  return { kind: 'device', address: nodes[device.node]!.address, node: device.node };
}

function nameOver(nodes: Graph['nodes'], all: readonly GraphPart[], taken: readonly number[]): Name {
  const first = taken[0]!;
  const { from, to, ends, opposite } = all[first]!;
  const farthest = taken.findLast((one) => one !== first && one !== opposite);
  if (taken.length === 1) return { kind: 'direction', from: ends[0], to: ends[1], nodes: [from, to] };
  if (farthest === undefined) return { kind: 'link', from: ends[0], to: ends[1], nodes: [from, to] };
  const last = all[farthest]!;
  const node = last.from === to ? last.to : last.from;
  return { kind: 'routers', from: ends[0], to: nodes[node]!.address, nodes: [from, node] };
}

const JOIN = { direction: '→', link: '–', routers: '…' } as const;

export function textOf({ nodes }: Graph, name: Name): string {
  if (name.kind === 'device') return `router ${labelOf(nodes[name.node]!)}`;
  return name.nodes.map((node) => labelOf(nodes[node]!)).join(JOIN[name.kind]);
}
