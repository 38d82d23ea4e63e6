/** The MTU of a link's two directions, as the sending kernels know it: they tell of what is larger (ICMP 3/4, ICMPv6 2/0). */
import { BeaconError } from '../error.ts';
import { nodeNamed } from '../topology/lookup.ts';
import { SUBNET_LENGTH, subnetOf } from '../topology/subnet.ts';
import type { Link, LinkEnd, Topology } from '../topology/topology.ts';
import { inside, run } from './command.ts';
import { interfacesUp, onIp } from './interfaces.ts';
import { routesBatch } from './wiring.ts';

/** Of what leaves by the first end, and by the second. */
export type Mtus = readonly [number, number];

export const isUneven = ([one, two]: Mtus): boolean => one !== two;

/**
 * A veth takes in no more than its own MTU, so both devices get the greater of the two. The end that sends less has it from its
 * IPv6 settings and its IPv4 routes then; `routes`: those must be written, since the MTUs are or were uneven.
 */
export async function setMtus(topology: Topology, { ends }: Link, mtus: Mtus, routes: boolean): Promise<void> {
  const device = Math.max(...mtus);
  for (const end of ends) await onIp(topology.name, end, `link set ${end.interface} mtu ${device}\n`);
  for (const [i, end] of routes ? ends.entries() : []) {
    const suffix = mtus[i]! < device ? ` mtu ${mtus[i]}` : '';
    const lines = await routesBy(topology, end);
    await onIp(topology.name, end, lines.map((line) => `${line}${suffix}\n`).join(''));
    const input = `echo ${mtus[i]} >/proc/sys/net/ipv6/conf/${end.interface}/mtu\n`;
    await run(topology.name, inside(topology.name, end.node, { argv: ['sh', '-s'], input }));
  }
}

/** Throws BeaconError ERR_USAGE where one direction alone can't have its MTU. */
export async function checkMtus(topology: Topology, { id, ends }: Link, mtus: Mtus): Promise<void> {
  const smaller = ends[mtus[0] < mtus[1] ? 0 : 1];
  if (!isUneven(mtus) || !(await routesBy(topology, smaller)).some((line) => line.includes(' nexthop '))) return;
  throw new BeaconError(
    'ERR_USAGE',
    `${id} can't carry ${mtus[0]} bytes one way and ${mtus[1]} the other: ${smaller.node} has routes that lead over it and over other links, and an IPv4 route has one MTU for all of them; leave the direction out`,
  );
}

/** The IPv4 routes of an end's node that lead out there; none while it is down. */
async function routesBy(topology: Topology, end: LinkEnd): Promise<string[]> {
  const up = await interfacesUp(topology.name, end.node);
  if (!up.has(end.interface)) return [];
  const all = routesBatch(topology, nodeNamed(topology, end.node)!, (name) => up.has(name)).split('\n');
  const leading = all.filter((line) => !line.includes(':') && `${line} `.includes(` dev ${end.interface} `));
  const address = end.addresses[4];
  const link = `route replace ${subnetOf(address)}/${SUBNET_LENGTH[4]} dev ${end.interface} proto kernel scope link src ${address}`;
  return [link, ...leading];
}
