/** The way a packet leaves this machine, as the kernel's routing tables say. */
import { BeaconError } from '../error.ts';
import type { Address } from '../wire/address.ts';
import { ip } from './ip.ts';

export interface HostRoute {
  readonly interface: string;
  readonly source: Address;
  /** The gateway, or the destination itself where it is on the link. */
  readonly nextHop: Address;
}

/** `interface` and `source` narrow the question; null leaves them to the kernel. Throws ERR_NO_ROUTE with the kernel's words. */
export async function routeTo(destination: Address, via: { interface: string | null; source: Address | null }): Promise<HostRoute> {
  const words = ['route', 'get', destination];
  if (via.source !== null) words.push('from', via.source);
  if (via.interface !== null) words.push('oif', via.interface);
  const answer = await ip(...words);
  const row = answer.ok ? answer.rows[0] : undefined;
  if (row === undefined) throw noRoute(destination, via, answer.ok ? 'no answer' : answer.words);
  const gateway = row.gateway ?? (row.via as { host?: string } | undefined)?.host ?? destination;
  const source = via.source ?? row.prefsrc;
  if (typeof source !== 'string') throw noRoute(destination, via, `no address of ours on ${row.dev}`);
  return { interface: String(row.dev), source, nextHop: String(gateway) };
}

function noRoute(destination: Address, via: { interface: string | null; source: Address | null }, words: string): BeaconError {
  const asked = [via.interface === null ? '' : ` by ${via.interface}`, via.source === null ? '' : ` from ${via.source}`].join('');
  const why = words.replace(/^RTNETLINK answers: |^Error: /, '').replace(/\.$/, '');
  return new BeaconError('ERR_NO_ROUTE', `There is no route to ${destination}${asked} (${why}): see ip route get ${destination}`);
}
