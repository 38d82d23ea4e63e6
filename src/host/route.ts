/** The way a packet leaves this machine, as the kernel's tables say. */
import { BeaconError } from '../error.ts';
import type { Address } from '../wire/address.ts';
import { type Interface, interfacesIn, SHOW_INTERFACES, usable } from './interface.ts';
import { ip } from './ip.ts';
import { macOf, neighboursIn, resolvedMac, SHOW_NEIGHBOURS } from './neighbour.ts';

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

/** Throws ERR_NO_INTERFACE, ERR_INTERFACE_DOWN, ERR_NO_ROUTE with the kernel's words, or ERR_NEXT_HOP. */
export async function routeTo(destination: Address, via: Via): Promise<HostRoute> {
  const from = via.source === null ? '' : ` from ${via.source}`;
  const out = via.interface === null ? '' : ` oif ${via.interface}`;
  const { answers, refusal } = await ip(SHOW_INTERFACES, SHOW_NEIGHBOURS, `route get ${destination}${from}${out}`);
  const all = interfacesIn(answers[0] ?? []);
  if (via.interface !== null) usable(via.interface, all);
  const row = answers[2]?.[0];
  if (row === undefined) throw noRoute(destination, via, refusal ?? 'no answer');
  const device = usable(String(row.dev), all);
  const source = via.source ?? row.prefsrc;
  if (typeof source !== 'string') throw noRoute(destination, via, `no address of ours on ${device.name}`);
  const nextHop = String(row.gateway ?? (row.via as { host?: string } | undefined)?.host ?? destination);
  const known = macOf(neighboursIn(answers[1] ?? []), nextHop, device.name);
  const nextHopMac = device.hasNeighbours ? (known ?? (await resolvedMac(nextHop, device.name))) : null;
  return { interface: device, source, nextHop, nextHopMac };
}

function noRoute(destination: Address, via: Via, words: string): BeaconError {
  const asked = [via.interface === null ? '' : ` by ${via.interface}`, via.source === null ? '' : ` from ${via.source}`].join('');
  const why = words.replace(/^RTNETLINK answers: |^Error: /, '').replace(/\.$/, '');
  return new BeaconError('ERR_NO_ROUTE', `There is no route to ${destination}${asked} (${why}): see ip route get ${destination}`);
}
