/** What the vantage's capture sees: whole Ethernet frames, as on the lab's links. */
import type { Family } from './header.ts';
import { put16 } from './header.ts';
import type { Port } from './network.ts';
import type { World } from './world.ts';

const LINKTYPE_ETHERNET = 1;
const ETHERNET_HEADER = 14;
const NOBODY = new Uint8Array(6);

/** A packet that came by a port; null: over the loopback interface, where both MAC addresses are zero. */
export function capture(world: World, port: Port | null, family: Family, packet: Uint8Array): void {
  const bytes = new Uint8Array(ETHERNET_HEADER + packet.length);
  bytes.set(port?.mac ?? NOBODY, 0);
  bytes.set(port?.out.far.mac ?? NOBODY, 6);
  put16(bytes, 12, family.etherType);
  bytes.set(packet, ETHERNET_HEADER);
  const arrivedBy = port?.end.interface ?? 'lo';
  world.captured.push({ bytes, linkType: LINKTYPE_ETHERNET, timeNs: world.startNs + BigInt(world.nowNs), arrivedBy });
}
