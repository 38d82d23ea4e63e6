/** The link-layer address of a neighbour, which the kernel is asked to resolve where it does not know it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconError } from '../error.ts';
import { type Address, addressBytes, familyOf } from '../wire/address.ts';
import type { Addon } from './addon.ts';
import type { Interface } from './interface.ts';

/** ARP and neighbour discovery both give up after three requests, one a second (RFC 4861 §10). */
const PATIENCE_MS = 3000;
const LONGEST_PAUSE_MS = 100;
const DISCARD_PORT = 9;

/** Throws ERR_NEXT_HOP where nobody answers for the address. */
export async function neighbourMac(addon: Addon, address: Address, device: Interface): Promise<Uint8Array> {
  const bytes = addressBytes(address);
  const known = addon.neighbour(device.index, bytes);
  if (known !== null) return known;
  await poke(address, device.name);
  for (let pauseMs = 1, waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += pauseMs, pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const resolved = addon.neighbour(device.index, bytes);
    if (resolved !== null) return resolved;
    await sleep(pauseMs);
  }
  throw new BeaconError('ERR_NEXT_HOP', `The next hop ${address} does not answer on ${device.name}: see ip neigh show dev ${device.name}`);
}

/** Any packet to the neighbour makes the kernel ask for it: an empty datagram needs no privilege. */
async function poke(address: Address, interfaceName: string): Promise<void> {
  const { createSocket } = await import('node:dgram'); // rarely needed, and it takes a millisecond to load
  const family = familyOf(address);
  const scoped = family === 6 && address.startsWith('fe80:') ? `${address}%${interfaceName}` : address;
  return new Promise((resolve) => {
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    socket.on('error', () => {}); // an unreachable neighbour is what neighbourMac reports
    socket.send(new Uint8Array(0), DISCARD_PORT, scoped, () => {
      socket.close();
      resolve();
    });
  });
}
