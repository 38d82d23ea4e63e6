/** What the two kinds of capture file have in common: a row of frames, each of which tells its own length at its head. */
import type { Malformed } from '../wire/decoded.ts';
import type { CapturedPacket, CaptureItem, Damage } from './record.ts';
import type { PacketSlot } from './slot.ts';

/** Bytes and a view of the same bytes. */
export interface Window {
  bytes: Uint8Array;
  view: DataView;
}

/** Plain bytes also where a Buffer is given, so that what is cut from them is plain too. */
export const windowOf = ({ buffer, byteOffset, length }: Uint8Array): Window => ({
  bytes: new Uint8Array(buffer, byteOffset, length),
  view: new DataView(buffer, byteOffset, length),
});

/** What stands beside the packets. */
export type BesidePacket = Exclude<CaptureItem, CapturedPacket | Damage>;

/** A reader of one file: it remembers what the file's headers said. */
export interface Format {
  /** Bytes of a frame that tell its length; no frame is shorter. */
  readonly headLength: number;
  /** The length of the frame whose head is at `at`. */
  frameLength(window: Window, at: number): number | Malformed;
  /**
   * What a whole frame says: `packet` where it filled the slot, null where it says nothing to a user of packets.
   */
  read(window: Window, at: number, length: number, slot: PacketSlot): 'packet' | BesidePacket | Malformed | null;
}
