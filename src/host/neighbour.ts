/** The link-layer address of a neighbour, which the kernel is asked to resolve where it does not know it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconError } from '../error.ts';
import { type Address, addressBytes } from '../wire/address.ts';
import type { Addon } from './addon.ts';
import type { Interface } from './interface.ts';

/** ARP and neighbour discovery both give up after three requests, one a second (RFC 4861 §10). */
const PATIENCE_MS = 3000;
const LONGEST_PAUSE_MS = 100;

/** Throws ERR_NEXT_HOP where nobody answers for the address. */
export async function neighbourMac(addon: Addon, address: Address, device: Interface): Promise<Uint8Array> {
  const bytes = addressBytes(address);
  const known = addon.neighbour(device.index, bytes);
  if (known !== null) return known;
  addon.solicit(device.index, bytes); // where that fails, nobody answers either
  for (let pauseMs = 1, waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += pauseMs, pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const resolved = addon.neighbour(device.index, bytes);
    if (resolved !== null) return resolved;
    await sleep(pauseMs);
  }
  throw new BeaconError('ERR_NEXT_HOP', `The next hop ${address} does not answer on ${device.name}: see ip neigh show dev ${device.name}`);
}
