/** pcap filter expressions as questions to recorded packets. */
import type { PacketSlot } from '../capture/slot.ts';
import { BeaconError } from '../error.ts';

/** Throws BeaconError ERR_USAGE with what libpcap says, or ERR_ENGINE where the addon that asks it is not built. */
export function pcapQuestion(expression: string): (slot: PacketSlot) => boolean {
  throw new BeaconError('ERR_ENGINE', `"${expression}" is a pcap expression, which this build cannot read`);
}
