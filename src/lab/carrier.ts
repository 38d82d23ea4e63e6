/** Cuts a link, and joins it again. */
import { BeaconError } from '../error.ts';
import { endsOf, nodeNamed } from '../topology/lookup.ts';
import type { Link, LinkEnd, Topology } from '../topology/topology.ts';
import { appliedOn, mtusOf } from './applied.ts';
import { interfacesUp, onIp } from './interfaces.ts';
import { isUneven, setMtus } from './mtu.ts';
import { endLines, routesBatch } from './wiring.ts';

/** Throws BeaconError ERR_USAGE for one direction. */
export async function takeDown({ name }: Topology, link: Link, from: string | null): Promise<void> {
  if (from !== null)
    throw new BeaconError(
      'ERR_USAGE',
      `Link ${link.id} has one carrier for both directions: leave the direction out, or take a blackhole from ${from}`,
    );
  for (const end of link.ends) await onIp(name, end, `link set ${end.interface} down\n`);
}

export const isDown = async (lab: string, { ends: [end] }: Link): Promise<boolean> =>
  !(await interfacesUp(lab, end.node)).has(end.interface);

/** The kernel forgot the routes of both nodes, and may have kept the addresses: both ends first, then what leads through them. */
export async function mend(topology: Topology, { ends }: Link): Promise<void> {
  for (const end of ends) await onIp(topology.name, end, `${endLines(end).join('\n')}\n`);
  for (const end of ends) {
    const node = nodeNamed(topology, end.node)!;
    const up = await interfacesUp(topology.name, end.node);
    await onIp(
      topology.name,
      end,
      routesBatch(topology, node, (name) => up.has(name)),
    );
  }
  await keepUnevenMtus(topology, ends);
}

/** New routes know nothing of the MTU that a direction of a link beside the mended one has. */
async function keepUnevenMtus(topology: Topology, ends: readonly LinkEnd[]): Promise<void> {
  const applied = await appliedOn(topology.name);
  const links = new Set(ends.flatMap(({ node }) => endsOf(topology, node)).map(({ link }) => link));
  for (const link of links) {
    const mtus = mtusOf(topology, link, applied);
    if (isUneven(mtus)) await setMtus(topology, link, mtus, true);
  }
}
