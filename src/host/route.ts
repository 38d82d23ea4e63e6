/** The way a packet leaves this machine, as the kernel's tables say. */
import { getSystemErrorMap } from 'node:util';
import { BeaconError } from '../error.ts';
import { type Address, addressBytes, addressText } from '../wire/address.ts';
import type { Addon, NativeRoute } from './addon.ts';
import { type Interface, interfaces, usable } from './interface.ts';
import { neighbourMac } from './neighbour.ts';

export interface HostRoute {
  readonly interface: Interface;
  readonly source: Address;
  /** The gateway, or the destination itself where it is on the link. */
  readonly nextHop: Address;
  /** Its link-layer address; null where the interface has no neighbours, such as loopback and tun. */
  readonly nextHopMac: Uint8Array | null;
}

export interface Via {
  /** null: the kernel's choice. */
  readonly interface: string | null;
  readonly source: Address | null;
}

/** Throws ERR_NO_INTERFACE, ERR_INTERFACE_DOWN, ERR_NO_ROUTE with the kernel's words, or ERR_NEXT_HOP. */
export async function routeTo(addon: Addon, destination: Address, via: Via): Promise<HostRoute> {
  const all = interfaces(addon);
  const wanted = via.interface;
  const index =
    wanted === null
      ? 0
      : usable(
          all.find(({ name }) => name === wanted),
          wanted,
          all,
        ).index;
  const route = kernelRoute(addon, destination, via, index);
  const device = usable(
    all.find((one) => one.index === route.interfaceIndex),
    `number ${route.interfaceIndex}`,
    all,
  );
  const source = via.source ?? (route.source && addressText(route.source));
  if (source === null) throw noRoute(destination, via, `no address of ours on ${device.name}`);
  const nextHop = route.gateway ? addressText(route.gateway) : destination;
  return { interface: device, source, nextHop, nextHopMac: device.hasNeighbours ? await neighbourMac(addon, nextHop, device) : null };
}

function kernelRoute(addon: Addon, destination: Address, via: Via, index: number): NativeRoute {
  try {
    return addon.route(addressBytes(destination), via.source === null ? new Uint8Array(0) : addressBytes(via.source), index);
  } catch (cause) {
    const { errno } = cause as { errno?: number };
    throw noRoute(destination, via, getSystemErrorMap().get(errno ?? 0)?.[1] ?? String(cause), cause);
  }
}

function noRoute(destination: Address, via: Via, words: string, cause?: unknown): BeaconError {
  const ours = via.source === null ? `see ip route get ${destination}` : `is ${via.source} an address of this machine?`;
  const asked = [via.interface === null ? '' : ` by ${via.interface}`, via.source === null ? '' : ` from ${via.source}`].join('');
  return new BeaconError('ERR_NO_ROUTE', `There is no route to ${destination}${asked} (${words}): ${ours}`, { cause });
}
