/**
 * A packet that passes several devices on its way up (a port and its bridge, a slave and its bond, a device and its VLAN) is
 * captured on each of them: the first capture is enough, or every answer would count as a duplicate.
 */
import { LINK_TYPE, networkAt } from '../../wire/link.ts';
import type { Packet } from '../engine.ts';

/** The devices of one packet stamp it within microseconds. */
const AT_ONCE_NS = 1_000_000n;
/** Other processors' packets may stand between. */
const LOOK_BACK = 8;
const INTERFACE_AT = 4;

/**
 * Leaves out what is the same from the network header on as a packet just before it that came by another device. A true duplicate
 * that takes another uplink within a millisecond is taken for a copy; one by the same device never is. Older libpcaps do not name
 * the device (Linux cooked v1): then nothing is left out.
 */
export function copyFilter(): (packets: readonly Packet[]) => Packet[] {
  const recent: Packet[] = [];
  return (packets) =>
    packets.filter((packet) => {
      if (recent.some((one) => isCopy(packet, one))) return false;
      recent.push(packet);
      if (recent.length > LOOK_BACK) recent.shift();
      return true;
    });
}

function isCopy(packet: Packet, before: Packet): boolean {
  if (packet.linkType !== LINK_TYPE.linuxCooked2 || isSameDevice(packet.bytes, before.bytes)) return false;
  if (packet.timeNs - before.timeNs > AT_ONCE_NS) return false;
  const [at, atBefore] = [networkAt(packet.linkType, packet.bytes), networkAt(before.linkType, before.bytes)];
  return at >= 0 && atBefore >= 0 && Buffer.compare(packet.bytes.subarray(at), before.bytes.subarray(atBefore)) === 0;
}

function isSameDevice(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = INTERFACE_AT; at < INTERFACE_AT + 4; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
