/** A packet where it stands in its chunk, without an object of its own: what the fast readers see. */
import { type Direction, NS_PER_SECOND, type PacketRecord } from './record.ts';

/** One slot serves all packets of a file: what is to be kept must be copied. */
export interface PacketSlot {
  /** The packet is `bytes[at, end)`. */
  bytes: Uint8Array;
  at: number;
  end: number;
  linkType: number;
  /** Seconds and nanoseconds since 1970: a BigInt for each packet would cost more than all the rest. */
  seconds: number;
  nanoseconds: number;
  originalLength: number;
  interface: string | null;
  comment: string | null;
  direction: Direction | null;
}

export const emptySlot = (): PacketSlot => ({
  bytes: new Uint8Array(0),
  at: 0,
  end: 0,
  linkType: 0,
  seconds: 0,
  nanoseconds: 0,
  originalLength: 0,
  interface: null,
  comment: null,
  direction: null,
});

/** A record of the packet in the slot; its bytes are still a part of the chunk. */
export const recordOf = (slot: PacketSlot): PacketRecord => ({
  bytes: slot.bytes.subarray(slot.at, slot.end),
  linkType: slot.linkType,
  timeNs: slotTimeNs(slot),
  originalLength: slot.originalLength,
  interface: slot.interface,
  comment: slot.comment,
  direction: slot.direction,
});

export const slotTimeNs = ({ seconds, nanoseconds }: Pick<PacketSlot, 'seconds' | 'nanoseconds'>): bigint =>
  BigInt(seconds) * NS_PER_SECOND + BigInt(nanoseconds);

/** Puts a packet that is at hand into a slot. */
export function fillSlot(slot: PacketSlot, packet: PacketRecord): void {
  slot.bytes = packet.bytes;
  slot.at = 0;
  slot.end = packet.bytes.length;
  slot.linkType = packet.linkType;
  setSlotTime(slot, packet.timeNs);
  slot.originalLength = packet.originalLength;
  slot.interface = packet.interface;
  slot.comment = packet.comment;
  slot.direction = packet.direction;
}

export function setSlotTime(slot: PacketSlot, timeNs: bigint): void {
  const nanoseconds = ((timeNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  slot.seconds = Number((timeNs - nanoseconds) / NS_PER_SECOND);
  slot.nanoseconds = Number(nanoseconds);
}
