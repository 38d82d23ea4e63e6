/** Reads what the kernel counted. */
import type { Counters, Decapsulated, LinkCounters } from '../topology/counters.ts';
import { addressesOf } from '../topology/lookup.ts';
import type { Topology } from '../topology/topology.ts';
import { run } from './command.ts';
import { directionNumber, hex, ownAddressKey, readLong, readTally, readWord, type Tally } from './maps.ts';
import { pinOf } from './places.ts';

export async function readCounters(topology: Topology): Promise<Counters> {
  const [tallies, stripped] = await Promise.all([dump(topology.name, 'tallies'), dump(topology.name, 'own_addresses')]);
  return { links: linkCounters(topology, tallies), decapsulated: decapsulated(topology, stripped) };
}

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Every entry of one of the lab's maps. */
export async function dump(lab: string, map: string): Promise<Entry[]> {
  const text = await run(lab, { argv: ['bpftool', '-j', 'map', 'dump', 'pinned', pinOf(lab, map)], input: '' });
  const entries = JSON.parse(text) as { key: string[]; value: string[] }[];
  return entries.map(({ key, value }) => ({ key: Uint8Array.from(key, Number), value: Uint8Array.from(value, Number) }));
}

function linkCounters({ links }: Topology, entries: readonly Entry[]): LinkCounters[] {
  const tallies = new Map<number, Tally>(entries.map(({ key, value }) => [readWord(key, 0), readTally(value)]));
  return links.flatMap(({ id, ends }, index) =>
    ends.flatMap((end, i) => {
      const tally = tallies.get(directionNumber(index, i));
      return tally ? [{ link: id, from: end.node, to: ends[1 - i]!.node, ...tally }] : [];
    }),
  );
}

function decapsulated(topology: Topology, entries: readonly Entry[]): Counters['decapsulated'] {
  const counts = new Map(entries.map(({ key, value }) => [hex(key), readLong(value, 0)]));
  return topology.nodes.flatMap(({ name }, i) =>
    ([4, 6] as const)
      .flatMap((family) => addressesOf(topology, name, family))
      .map((address) => ({ node: name, address, headers: counts.get(hex(ownAddressKey(i + 1, address))) }))
      .filter((entry): entry is Decapsulated => entry.headers !== undefined),
  );
}
