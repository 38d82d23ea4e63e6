/** Cases of two faults at once, and of routers that lose. */
import type { Topology } from '../../src/topology/topology.ts';
import { wrongIn } from './judged.ts';
import { located, opened, verdictIn } from './located.ts';
import { directionsInto, type Losses, losing } from './told.ts';

export interface Case {
  readonly family: 4 | 6;
  /** By the name of a direction, `r1→r2`, or of a router, which loses of all that reaches it. */
  readonly faults: Losses;
}

const FAMILIES = [4, 6] as const;
const LOSSES = [
  [0.05, 0.05],
  [0.05, 0.3],
  [0.3, 0.05],
  [1, 0.05],
  [0.05, 1],
] as const;

export function pairsOf({ links }: Topology): Case[] {
  const directions = links.flatMap(({ ends: [one, two] }) => [`${one.node}→${two.node}`, `${two.node}→${one.node}`]);
  const pairs = directions.flatMap((one, at) => directions.slice(at + 1).map((other) => [one, other] as const));
  return pairs.flatMap(([one, other]) =>
    FAMILIES.flatMap((family) => LOSSES.map(([first, second]) => ({ family, faults: { [one]: first, [other]: second } }))),
  );
}

export const routersOf = ({ nodes }: Topology): Case[] =>
  nodes.filter(({ vantage }) => !vantage).flatMap(({ name }) => FAMILIES.map((family) => ({ family, faults: { [name]: 0.03 } })));

/** null: what is told is what the topology alone says; else what is wrong. */
export async function wrongWith(topology: Topology, { family, faults }: Case, seed: number): Promise<string | null> {
  const network = opened(topology, seed);
  for (const [name, loss] of Object.entries(faults))
    losing(network, name.includes('→') ? { [name]: loss } : directionsInto(topology, name, loss));
  return wrongIn(topology, family, faults, verdictIn(await located(network, family, { topology: topology.name })));
}
