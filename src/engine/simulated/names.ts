/** The names of a topology, as the lab's hosts file would give them. */

import type { Names } from '../../host/names.ts';
import { addressesOf, namesOf, nodeNamed } from '../../topology/lookup.ts';
import type { Topology } from '../../topology/topology.ts';

export function simulatedNames(topology: Topology): Names {
  const names = namesOf(topology);
  return {
    async addresses(name, family) {
      const node = nodeNamed(topology, name);
      const families = family === null ? ([4, 6] as const) : ([family] as const);
      return node === null ? [] : families.flatMap((each) => addressesOf(topology, node.name, each));
    },
    async name(address) {
      return names.get(address) ?? null;
    },
  };
}
