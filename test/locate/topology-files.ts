/** A topology as a file for as long as a test needs it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Topology } from '../../src/topology/topology.ts';

export async function withFile<T>(topology: Topology, work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'beacon-locate-'));
  try {
    const file = join(folder, 'topology.json');
    await writeFile(file, textOf(topology));
    return await work(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What `locate` reads of it: nodes, links, addresses and costs. */
function textOf({ name, profile, nodes, links }: Topology): string {
  const drawn = nodes.map((node) => [
    node.name,
    {
      ...(node.vantage && { vantage: true, source: node.source }),
      ...(!node.vantage && { decapsulates: node.decapsulates }),
      address4: node.loopback[4],
      address6: node.loopback[6],
    },
  ]);
  return JSON.stringify({
    name,
    profile,
    nodes: Object.fromEntries(drawn),
    links: links.map(({ id, ends: [one, two] }) => ({
      id,
      between: [one.node, two.node],
      cost: one.cost,
      costBack: two.cost,
      addresses4: [one.addresses[4], two.addresses[4]],
      addresses6: [one.addresses[6], two.addresses[6]],
    })),
  });
}
