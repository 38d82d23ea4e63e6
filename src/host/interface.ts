/** The network interfaces of this machine. */
import { BeaconError } from '../error.ts';
import type { Addon } from './addon.ts';

export interface Interface {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
  readonly up: boolean;
  /** Neighbours on it are found by address and have one of their own: Ethernet and its kin. */
  readonly hasNeighbours: boolean;
}

/** Flags and hardware types of netdevice(7). */
const IFF_UP = 0x1;
const IFF_NOARP = 0x80;
const ARPHRD_ETHER = 1;

export const interfaces = (addon: Addon): Interface[] =>
  addon.interfaces().map(({ index, name, mtu, flags, hardwareType }) => ({
    index,
    name,
    mtu,
    up: (flags & IFF_UP) !== 0,
    hasNeighbours: hardwareType === ARPHRD_ETHER && (flags & IFF_NOARP) === 0,
  }));

/** Throws ERR_NO_INTERFACE with the names there are, or ERR_INTERFACE_DOWN. */
export function usable(found: Interface | undefined, wanted: string, all: readonly Interface[]): Interface {
  if (found === undefined) {
    throw new BeaconError(
      'ERR_NO_INTERFACE',
      `There is no interface "${wanted}": this machine has ${all.map(({ name }) => name).join(', ')}`,
    );
  }
  if (found.up) return found;
  const next = `ip link set ${found.name} up, or choose another with -i`;
  throw new BeaconError('ERR_INTERFACE_DOWN', `The interface ${found.name} is down: ${next}`);
}
