/** A next hop that the user names: which of our interfaces it is on. */
import { BeaconError } from '../error.ts';
import { type Address, addressBytes, addressText, familyOf } from '../wire/address.ts';
import type { Addon, NativeRoute } from './addon.ts';
import type { Interface } from './interface.ts';

const NOWHERE: NativeRoute = { interfaceIndex: 0, gateway: null, source: null, isLocal: false, nextHops: 1 };

/**
 * The interface whose link the next hop is on; `wanted` is the one that was named too, or null. Throws ERR_USAGE where it is ours,
 * behind another router, or on another interface.
 */
export function uplinkDevice(addon: Addon, uplink: Address, wanted: Interface | null, all: readonly Interface[]): Interface {
  if (isLinkLocal(uplink) && wanted === null) throw refused(uplink, 'may be on every link: name its interface with -i');
  const entry = entryFor(addon, uplink, wanted?.index ?? 0);
  if (entry.isLocal) throw refused(uplink, 'is our own address: give that of the router');
  const device = isOnLink(entry, uplink) ? all.find(({ index }) => index === entry.interfaceIndex) : undefined;
  if (device !== undefined && (wanted === null || wanted.index === device.index)) return device;
  const elsewhere = wanted === null ? undefined : linkOf(addon, uplink, all);
  if (elsewhere !== undefined)
    throw refused(uplink, `is on ${elsewhere.name}, not on ${wanted!.name}: leave -i out, or give -i ${elsewhere.name}`);
  const over = entry.gateway === null ? '' : ` (the way to it leads over ${addressText(entry.gateway)})`;
  throw refused(uplink, `is on no link of ours${over}: give a router that is, see ip route and ip neigh`);
}

const refused = (uplink: Address, words: string): BeaconError => new BeaconError('ERR_USAGE', `--uplink ${uplink} ${words}`);

const isLinkLocal = (address: Address): boolean => familyOf(address) === 6 && /^fe[89ab]/.test(address);

/** A gateway that is named `onlink` is in no subnet of ours: its entry says that the way to it is itself. */
const isOnLink = ({ gateway, interfaceIndex }: NativeRoute, uplink: Address): boolean =>
  interfaceIndex !== 0 && (gateway === null || addressText(gateway) === uplink);

function linkOf(addon: Addon, uplink: Address, all: readonly Interface[]): Interface | undefined {
  const entry = entryFor(addon, uplink, 0);
  return isOnLink(entry, uplink) ? all.find(({ index }) => index === entry.interfaceIndex) : undefined;
}

/** The table's entry: for one packet by a given interface, the kernel would take any address to be on its link. */
function entryFor(addon: Addon, address: Address, index: number): NativeRoute {
  try {
    return addon.route(addressBytes(address), new Uint8Array(0), index, true);
  } catch {
    return NOWHERE;
  }
}
