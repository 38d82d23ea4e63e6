/** Faults by names of routers, and what a verdict says in the same words: `r1→r2` is one direction of the link between the two. */
import { readFileSync } from 'node:fs';
import type { VerdictEvent } from '../../src/report/event.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { endsOf } from '../../src/topology/lookup.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { located, type Opened, opened, verdictIn } from './located.ts';

export const topologyOf = (name: string): Topology => parseTopology(readFileSync(`fixtures/topologies/${name}.yaml`, 'utf8'), name);

export type Losses = Readonly<Record<string, number>>;

/** Two routers have one link between them. */
export function losing({ engine }: Opened, losses: Losses): void {
  for (const [direction, loss] of Object.entries(losses)) {
    const [from, to] = direction.split('→');
    const link = engine.topology.links.find(({ ends }) => ends.every(({ node }) => node === from || node === to))!;
    engine.fault(link.id, from!, { ...NO_FAULT, loss });
  }
}

/** As a router that loses so much of what reaches it. */
export const directionsInto = (topology: Topology, node: string, loss: number): Losses =>
  Object.fromEntries(endsOf(topology, node).map(({ far }) => [`${far.node}→${node}`, loss]));

const SIGNS = { 'from-to': '→', both: '⇄', 'not-identifiable': '–' } as const;

export function namedIn({ links, nodes }: Topology, family: 4 | 6, { suspects }: VerdictEvent): string[] {
  const ends = links.flatMap((link) => link.ends);
  const nameOf = (address: string): string =>
    ends.find(({ addresses }) => addresses[family] === address)?.node ?? nodes.find(({ loopback }) => loopback[family] === address)!.name;
  const names = suspects.map((one) =>
    'device' in one ? nameOf(one.device) : `${nameOf(one.from)}${SIGNS[one.direction]}${nameOf(one.to)}`,
  );
  return names.toSorted();
}

/** Every explanation that is told beside what is named. */
export const toldOf = ({ unknown }: VerdictEvent): string[] => unknown.flatMap(({ why }) => why.split(/; or |explanations fit: /));

export async function verdictOf(name: string, family: 4 | 6, losses: Losses, seed = 11): Promise<VerdictEvent> {
  const network = opened(topologyOf(name), seed);
  losing(network, losses);
  return verdictIn(await located(network, family, { topology: name }));
}
