/** The link-layer address of a neighbour, which the kernel is asked to resolve where it does not know it. */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconError } from '../error.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { ip } from './ip.ts';

/** ARP and neighbour discovery both give up after three requests, one a second (RFC 4861 §10). */
const PATIENCE_MS = 3000;
const DISCARD_PORT = 9;

/** Throws ERR_NEXT_HOP where nobody answers for the address. */
export async function neighbourMac(address: Address, interfaceName: string): Promise<string> {
  for (let pauseMs = 1, waitedMs = 0; ; waitedMs += pauseMs, pauseMs = Math.min(2 * pauseMs, 100)) {
    const mac = await knownMac(address, interfaceName);
    if (mac !== null) return mac;
    if (waitedMs === 0) await poke(address, interfaceName);
    if (waitedMs > PATIENCE_MS) break;
    await sleep(pauseMs);
  }
  throw new BeaconError(
    'ERR_NEXT_HOP',
    `The next hop ${address} does not answer on ${interfaceName}: see ip neigh show dev ${interfaceName}`,
  );
}

async function knownMac(address: Address, interfaceName: string): Promise<string | null> {
  const answer = await ip('neigh', 'show', 'to', address, 'dev', interfaceName);
  const mac = answer.ok ? answer.rows[0]?.lladdr : undefined;
  return typeof mac === 'string' ? mac : null;
}

/** Any packet to the neighbour makes the kernel ask for it: an empty datagram needs no privilege. */
function poke(address: Address, interfaceName: string): Promise<void> {
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
