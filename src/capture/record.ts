/** What a recording holds: packets as they were captured, and what a reader may meet beside them. */

/** A packet with its link header. Bytes and link type are opaque to this room. */
export interface PacketRecord {
  bytes: Uint8Array;
  /** As in capture files (LINKTYPE_…). */
  linkType: number;
  /** Nanoseconds since 1970; 0 where the file gives none (pcapng's simple packets). */
  timeNs: bigint;
  /** Bytes on the wire: more than `bytes` holds where the capture cut the packet. */
  originalLength: number;
  interface: string | null;
  comment: string | null;
  /** As the file says beside the packet (epb_flags); null where it does not. */
  direction: Direction | null;
}

export type Direction = 'inbound' | 'outbound';

export type CaptureItem = CapturedPacket | SectionItem | InterfaceItem | StatisticsItem | CustomBlock | Damage;

export interface CapturedPacket extends PacketRecord {
  kind: 'packet';
}

/** A pcapng section begins: interfaces are numbered anew. */
export interface SectionItem {
  kind: 'section';
  /** Name and version of what wrote it. */
  application: string | null;
  comment: string | null;
}

/** What packets of this interface have in common; pcap files have none. */
export interface InterfaceItem {
  kind: 'interface';
  /** From 0 within its section. */
  index: number;
  name: string | null;
  linkType: number;
  /** The capture's filter as an expression; null where there was none, or only compiled code is kept. */
  filter: string | null;
}

/** What an interface had received and dropped at a time. Null: not counted. */
export interface StatisticsItem {
  kind: 'statistics';
  interfaceIndex: number;
  timeNs: bigint;
  received: bigint | null;
  dropped: bigint | null;
}

/**
 * Somebody's own block of a pcapng file. The bytes of ours (`OWN_ENTERPRISE`) are exact; those of others end in up to three zeros of
 * padding, since the format does not say where they began.
 */
export interface CustomBlock {
  kind: 'custom';
  /** Who defined the content: an IANA private enterprise number. */
  enterpriseNumber: number;
  bytes: Uint8Array;
}

/** The file is broken from this offset on; everything before it was read. Nothing follows. */
export interface Damage {
  kind: 'damage';
  /** Of a compressed file: after decompression. */
  offset: number;
  reason: string;
}

/** Longest block or record that is read: Wireshark's limit too. A larger length is taken for damage, before anything is allocated. */
export const LARGEST_BLOCK: number = 16 * 1024 * 1024;

/** Longest packet that is written: Wireshark refuses a file with a longer one. */
export const LARGEST_PACKET = 262_144;

export const NS_PER_SECOND = 1_000_000_000n;

/** Throws RangeError for a packet that no capture file can hold. */
export function checkPacket(packet: PacketRecord): void {
  if (packet.bytes.length > LARGEST_PACKET) {
    throw new RangeError(
      `A recorded packet has at most ${LARGEST_PACKET} bytes, got ${packet.bytes.length}: cut it and keep originalLength`,
    );
  }
  checkUnsigned('originalLength', packet.originalLength, 32);
}

/** Throws RangeError unless the value is a whole number of so many bits. */
export function checkUnsigned(name: string, value: number, bits: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits) {
    throw new RangeError(`${name} is a whole number from 0 to ${2 ** bits - 1}, got ${value}`);
  }
}
