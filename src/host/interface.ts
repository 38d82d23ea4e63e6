/** The network interfaces of this machine. */
import { BeaconError } from '../error.ts';
import type { Row } from './ip.ts';

export interface Interface {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
  readonly up: boolean;
  /** Neighbours on it are found by address and have one of their own: Ethernet and its kin. */
  readonly hasNeighbours: boolean;
}

/** Asks for `interfacesIn`. */
export const SHOW_INTERFACES = 'link show';

export const interfacesIn = (rows: readonly Row[]): Interface[] =>
  rows.map((row) => {
    const flags = row.flags as readonly string[];
    return {
      index: Number(row.ifindex),
      name: String(row.ifname),
      mtu: Number(row.mtu),
      up: flags.includes('UP'),
      hasNeighbours: row.link_type === 'ether' && !flags.includes('NOARP'),
    };
  });

/** Throws ERR_NO_INTERFACE with the names there are, or ERR_INTERFACE_DOWN. */
export function usable(name: string, all: readonly Interface[]): Interface {
  const found = all.find((one) => one.name === name);
  if (found === undefined) {
    throw new BeaconError('ERR_NO_INTERFACE', `There is no interface "${name}": this machine has ${all.map((one) => one.name).join(', ')}`);
  }
  if (!found.up)
    throw new BeaconError('ERR_INTERFACE_DOWN', `The interface ${name} is down: ip link set ${name} up, or choose another with -i`);
  return found;
}
