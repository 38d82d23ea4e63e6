/** What can be done to a simulated link, and what its directions have counted. */
import { BeaconError } from '../../error.ts';
import type { Counters } from '../../topology/counters.ts';
import type { Fault } from '../../topology/fault.ts';
import { checkFault, NO_FAULT } from '../../topology/fault.ts';
import { linkNamed, nodeNamed } from '../../topology/lookup.ts';
import { type Direction, emptyLine, emptyTally, type Network } from './network.ts';

/** Throws BeaconError ERR_USAGE for a stranger, a value that no link can have, and for one direction `down`: a link has one carrier. */
export function setFault(network: Network, name: string, from: string | null, fault: Fault | 'down' | 'clear', salt: () => number): void {
  const link = linkNamed(network.topology, name);
  const sender = from === null ? null : (nodeNamed(network.topology, from)?.name ?? from);
  const both = network.directions.filter((direction) => direction.link === link);
  const wanted = both.filter((direction) => sender === null || direction.from.node === sender);
  const ends = both.map((direction) => direction.from.node).join(' or ');
  if (wanted.length === 0) throw new BeaconError('ERR_USAGE', `No packet leaves ${from} by link ${link.id}: its ends are ${ends}`);
  if (fault === 'down' && from !== null)
    throw new BeaconError(
      'ERR_USAGE',
      `Link ${link.id} has one carrier for both directions: leave the direction out, or take a blackhole from ${from}`,
    );
  if (fault === 'down') for (const direction of both) direction.up = false;
  else if (fault === 'clear') for (const direction of wanted) reset(direction, NO_FAULT, salt());
  else {
    checkFault(fault, link.mtu);
    for (const direction of wanted) reset(direction, fault, salt());
  }
  if (fault === 'clear') for (const direction of both) direction.up = true;
}

function reset(direction: Direction, fault: Fault, salt: number): void {
  direction.fault = fault;
  direction.salt = salt;
  direction.line = emptyLine();
  direction.tally = emptyTally();
}

export const countersOf = ({ nodes, directions }: Network): Counters => ({
  links: directions.map(({ link, from, to, tally }) => ({ link: link.id, from: from.node, to: to.node, ...tally })),
  decapsulated: [...nodes.values()]
    .filter(({ topology }) => topology.decapsulates)
    .flatMap(({ topology, own }) =>
      [...own.values()]
        .filter(({ anycast }) => !anycast)
        .map(({ address, decapsulated }) => ({ node: topology.name, address, headers: decapsulated })),
    ),
});
