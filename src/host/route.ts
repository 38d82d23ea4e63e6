/** The way a packet leaves this machine, as the kernel's tables say. */
import { BeaconError } from '../error.ts';
import type { Address } from '../wire/address.ts';
import { type Interface, interfaces, usable } from './interface.ts';
import { type IpAnswer, ip } from './ip.ts';
import { macOf, type Neighbour, neighbours, resolvedMac } from './neighbour.ts';

export interface HostRoute {
  readonly interface: Interface;
  readonly source: Address;
  /** The gateway, or the destination itself where it is on the link. */
  readonly nextHop: Address;
  /** Its link-layer address; null where the interface has no neighbours, such as loopback and tun. */
  readonly nextHopMac: string | null;
}

export interface Via {
  /** null: the kernel's choice. */
  readonly interface: string | null;
  readonly source: Address | null;
}

/** What the kernel knew of its surroundings at one time. */
export interface Surroundings {
  readonly interfaces: readonly Interface[];
  readonly neighbours: readonly Neighbour[];
}

export async function surroundings(): Promise<Surroundings> {
  const [all, known] = await Promise.all([interfaces(), neighbours()]);
  return { interfaces: all, neighbours: known };
}

/** Throws ERR_NO_INTERFACE, ERR_INTERFACE_DOWN, ERR_NO_ROUTE with the kernel's words, or ERR_NEXT_HOP. */
export async function routeTo(destination: Address, via: Via, around: Promise<Surroundings>): Promise<HostRoute> {
  const from = via.source === null ? [] : ['from', via.source];
  const out = via.interface === null ? [] : ['oif', via.interface];
  const [answer, { interfaces: all, neighbours: known }] = await Promise.all([ip('route', 'get', destination, ...from, ...out), around]);
  if (via.interface !== null) usable(via.interface, all);
  const row = answer.ok ? answer.rows[0] : undefined;
  if (row === undefined) throw noRoute(destination, via, answer);
  const device = usable(String(row.dev), all);
  const source = via.source ?? row.prefsrc;
  if (typeof source !== 'string') throw noRoute(destination, via, { ok: false, words: `no address of ours on ${device.name}` });
  const nextHop = String(row.gateway ?? (row.via as { host?: string } | undefined)?.host ?? destination);
  const nextHopMac = device.hasNeighbours ? (macOf(known, nextHop, device.name) ?? (await resolvedMac(nextHop, device.name))) : null;
  return { interface: device, source, nextHop, nextHopMac };
}

function noRoute(destination: Address, via: Via, answer: IpAnswer): BeaconError {
  const asked = [via.interface === null ? '' : ` by ${via.interface}`, via.source === null ? '' : ` from ${via.source}`].join('');
  const words = answer.ok ? 'no answer' : answer.words.replace(/^RTNETLINK answers: |^Error: /, '').replace(/\.$/, '');
  return new BeaconError('ERR_NO_ROUTE', `There is no route to ${destination}${asked} (${words}): see ip route get ${destination}`);
}
