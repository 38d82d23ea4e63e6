/** One interface that frames leave by: the header that goes before each packet, and libpcap's handle to send with. */
import { BeaconError } from '../../error.ts';
import { type Interface, usableInterface } from '../../host/interface.ts';
import { neighbourMac } from '../../host/neighbour.ts';
import type { HostRoute } from '../../host/route.ts';
import { familyOf } from '../../wire/address.ts';
import { FAMILIES } from '../../wire/family.ts';
import { LINK_TYPE, writeEthernet } from '../../wire/link.ts';
import { type Addon, explained, type NativeInjector } from './addon.ts';

export interface Uplink {
  readonly device: Interface;
  readonly injector: NativeInjector;
}

export async function openUplink(addon: Addon, name: string): Promise<Uplink> {
  const device = await usableInterface(name);
  try {
    return { device, injector: new addon.Injector(name) };
  } catch (error) {
    throw explained(error, name);
  }
}

const NO_HEADER = new Uint8Array(0);
const NOBODY = '00:00:00:00:00:00';

/** The bytes before each packet on this link. On loopback both MAC addresses are zero, as the kernel writes them. */
export async function linkHeader(uplink: Uplink, route: HostRoute): Promise<Uint8Array> {
  const { device, injector } = uplink;
  const linkType = injector.linkType();
  if (linkType === LINK_TYPE.raw || linkType === LINK_TYPE.ipv4 || linkType === LINK_TYPE.ipv6) return NO_HEADER;
  if (linkType !== LINK_TYPE.ethernet) {
    throw new BeaconError('ERR_ENGINE', `Sending on ${device.name} is not possible: link type ${linkType} is neither Ethernet nor raw IP`);
  }
  const loopback = device.mac === null || device.mac === NOBODY;
  const destination = loopback ? NOBODY : await neighbourMac(route.nextHop, device.name);
  return writeEthernet({ source: device.mac ?? NOBODY, destination, etherType: FAMILIES[familyOf(route.nextHop)].etherType });
}
