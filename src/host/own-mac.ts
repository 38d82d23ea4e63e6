/** Our own link-layer address on an interface. */
import { networkInterfaces } from 'node:os';
import { BeaconError } from '../error.ts';

/** Throws ERR_ENGINE for an interface that has no IP address: only such are listed. */
export function ownMac(device: string): Uint8Array {
  const mac = networkInterfaces()[device]?.[0]?.mac;
  if (mac === undefined)
    throw new BeaconError('ERR_ENGINE', `The link-layer address of ${device} is not known, since it has no IP address: use --engine live`);
  return Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));
}
