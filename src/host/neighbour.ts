/** The link-layer address of a neighbour, which the kernel is asked to resolve where it does not know it. */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconError } from '../error.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { ip, type Row } from './ip.ts';

/** ARP and neighbour discovery both give up after three requests, one a second (RFC 4861 §10). */
const PATIENCE_MS = 3000;
const LONGEST_PAUSE_MS = 100;
const DISCARD_PORT = 9;

export interface Neighbour {
  readonly address: Address;
  readonly interface: string;
  readonly mac: string;
}

/** Asks for `neighboursIn`. */
export const SHOW_NEIGHBOURS = 'neigh show';

/** Those whose link-layer address the kernel knows. */
export const neighboursIn = (rows: readonly Row[]): Neighbour[] =>
  rows
    .filter(({ lladdr }) => typeof lladdr === 'string')
    .map(({ dst, dev, lladdr }) => ({ address: String(dst), interface: String(dev), mac: String(lladdr) }));

export const macOf = (known: readonly Neighbour[], address: Address, interfaceName: string): string | null =>
  known.find((one) => one.address === address && one.interface === interfaceName)?.mac ?? null;

/** Makes the kernel ask. Throws ERR_NEXT_HOP where nobody answers for the address. */
export async function resolvedMac(address: Address, interfaceName: string): Promise<string> {
  await poke(address, interfaceName);
  for (let pauseMs = 1, waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += pauseMs, pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const { answers } = await ip(SHOW_NEIGHBOURS);
    const mac = macOf(neighboursIn(answers[0] ?? []), address, interfaceName);
    if (mac !== null) return mac;
    await sleep(pauseMs);
  }
  throw new BeaconError(
    'ERR_NEXT_HOP',
    `The next hop ${address} does not answer on ${interfaceName}: see ip neigh show dev ${interfaceName}`,
  );
}

/** Any packet to the neighbour makes the kernel ask for it: an empty datagram needs no privilege. */
function poke(address: Address, interfaceName: string): Promise<void> {
  const family = familyOf(address);
  const scoped = family === 6 && address.startsWith('fe80:') ? `${address}%${interfaceName}` : address;
  return new Promise((resolve) => {
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    socket.on('error', () => {}); // an unreachable neighbour is what resolvedMac reports
    socket.send(new Uint8Array(0), DISCARD_PORT, scoped, () => {
      socket.close();
      resolve();
    });
  });
}
