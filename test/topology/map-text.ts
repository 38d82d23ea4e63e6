/** Maps as text, and the map of a topology: every address by which a path may show a router, and where it is to be visited. */
import type { MappedNode } from '../../src/topology/hop-map.ts';
import { addressesOf } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';

/** JSON is YAML too. */
export const mapText = (nodes: readonly MappedNode[]): string => JSON.stringify(nodes.map(written), null, 1);

/** What is not known is left out. */
const written = (node: MappedNode): object => Object.fromEntries(Object.entries(node).filter(([, value]) => value !== null));

/** `families`: of which a node's loopback addresses are given; all where a node is not listed, none of a node with an empty list. */
export const nodesOf = (topology: Topology, families: Readonly<Record<string, readonly (4 | 6)[]>> = {}): MappedNode[] =>
  topology.nodes
    .filter(({ vantage }) => !vantage)
    .map(({ name, loopback }) => {
      const given = families[name] ?? [4, 6];
      const decapsulates = given.length === 0 ? ('none' as const) : given.map((family) => loopback[family]);
      return { hop: ([4, 6] as const).flatMap((family) => addressesOf(topology, name, family)), decapsulates, name, role: null };
    });
