/** The way a packet leaves this machine, as the kernel's tables say. */
import { getSystemErrorMap } from 'node:util';
import { BeaconError } from '../error.ts';
import { type Address, addressBytes, addressText, familyOf } from '../wire/address.ts';
import type { Addon, NativeRoute } from './addon.ts';
import { type Interface, interfaces, usable } from './interface.ts';
import { neighbourMac } from './neighbour.ts';
import { uplinkDevice } from './uplink.ts';

export interface HostRoute {
  readonly interface: Interface;
  readonly source: Address;
  /** The gateway, or the destination itself where it is on the link. */
  readonly nextHop: Address;
  /** Its link-layer address; null where the interface has no neighbours, such as loopback and tun. */
  readonly nextHopMac: Uint8Array | null;
  /** Among how many next hops the host's own packets to there are spread. */
  readonly ways: number;
}

export interface Via {
  /** null: the kernel's choice. */
  readonly interface: string | null;
  readonly source: Address | null;
  /** The next hop, whatever the kernel's tables say; null or left out: theirs. */
  readonly uplink?: Address | null;
}

/** The other family's packets, of a path that has both, go from where the kernel lets them. */
const ofFamily = (destination: Address, source: Address | null): Address | null =>
  source !== null && familyOf(source) === familyOf(destination) ? source : null;

interface Way {
  readonly device: Interface;
  readonly nextHop: Address;
  readonly source: Address | null;
}

/** Throws ERR_NO_INTERFACE, ERR_INTERFACE_DOWN, ERR_NO_ROUTE with the kernel's words, ERR_USAGE for an uplink that is none, or ERR_NEXT_HOP. */
export async function routeTo(addon: Addon, destination: Address, asked: Via): Promise<HostRoute> {
  const via = { ...asked, source: ofFamily(destination, asked.source) };
  const all = interfaces(addon);
  const wanted =
    via.interface === null
      ? null
      : usable(
          all.find(({ name }) => name === via.interface),
          via.interface,
          all,
        );
  const { device, nextHop, source } = wayTo(addon, destination, via, wanted, all);
  if (source === null) throw noRoute(destination, via, `no address of ours on ${device.name}`);
  return {
    interface: device,
    source,
    nextHop,
    nextHopMac: device.hasNeighbours ? await neighbourMac(addon, nextHop, device) : null,
    ways: waysTo(addon, destination),
  };
}

function wayTo(addon: Addon, destination: Address, via: Via, wanted: Interface | null, all: readonly Interface[]): Way {
  const uplink = via.uplink ?? null;
  if (uplink !== null && !isOurs(addon, destination)) {
    const device = usable(uplinkDevice(addon, uplink, wanted, all), uplink, all);
    return { device, nextHop: uplink, source: via.source ?? sourceBy(addon, destination, uplink, device) };
  }
  const route = kernelRoute(addon, destination, via, wanted?.index ?? 0);
  const device = usable(
    all.find((one) => one.index === route.interfaceIndex),
    `number ${route.interfaceIndex}`,
    all,
  );
  const source = route.isLocal ? destination : (via.source ?? (route.source && addressText(route.source))); // to ourselves from ourselves
  return { device, nextHop: route.gateway ? addressText(route.gateway) : destination, source };
}

/** The address that the kernel would take on that interface; where it has no route by it, the one it would speak to the router with. */
function sourceBy(addon: Addon, destination: Address, uplink: Address, device: Interface): Address | null {
  const none = { interface: device.name, source: null };
  for (const towards of [destination, uplink]) {
    if (familyOf(towards) !== familyOf(destination)) continue;
    try {
      const { source } = kernelRoute(addon, towards, none, device.index);
      if (source !== null) return addressText(source);
    } catch {} // no such route: the next says it
  }
  return null;
}

function isOurs(addon: Addon, address: Address): boolean {
  try {
    return addon.route(addressBytes(address), NO_SOURCE, 0, false).isLocal;
  } catch {
    return false;
  }
}

const NO_SOURCE = new Uint8Array(0);

function waysTo(addon: Addon, destination: Address): number {
  try {
    return addon.route(addressBytes(destination), NO_SOURCE, 0, true).nextHops;
  } catch {
    return 1; // the tables know none, and -i or an uplink was named
  }
}

function kernelRoute(addon: Addon, destination: Address, via: Via, index: number): NativeRoute {
  try {
    return addon.route(addressBytes(destination), via.source === null ? NO_SOURCE : addressBytes(via.source), index, false);
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
