/** Classic pcap files (draft-ietf-opsawg-pcap): one link type, no interfaces, no comments. */
import { type Malformed, malformed } from '../wire/decoded.ts';
import type { Format, Window } from './format.ts';
import { checkPacket, checkUnsigned, LARGEST_BLOCK, LARGEST_PACKET, NS_PER_SECOND, type PacketRecord } from './record.ts';

interface Variant {
  nsPerTick: bigint;
  recordHeader: number;
}

/** The variants by magic, as the writer's byte order spells it. */
const VARIANTS: Readonly<Record<number, Variant>> = {
  2712847316: { nsPerTick: 1000n, recordHeader: 16 },
  2712812621: { nsPerTick: 1n, recordHeader: 16 },
  2712849716: { nsPerTick: 1000n, recordHeader: 24 }, // the "modified" pcap of old Linux kernels: 8 more bytes a record
};
const MAGIC_NS = 0xa1b23c4d;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** A reader for the file that opens with these bytes, or null where they are no pcap magic. */
export function pcapFormat({ view }: Window, at: number): Format | null {
  for (const littleEndian of [true, false]) {
    const variant = VARIANTS[view.getUint32(at, littleEndian)];
    if (variant !== undefined) return format(variant, littleEndian);
  }
  return null;
}

function format({ nsPerTick, recordHeader }: Variant, littleEndian: boolean): Format {
  let linkType: number | null = null; // null until the file's header was read

  function frameLength({ view }: Window, at: number): number | Malformed {
    if (linkType === null) return FILE_HEADER;
    const captured = view.getUint32(at + 8, littleEndian);
    return captured > LARGEST_BLOCK
      ? malformed(`a packet of ${captured} bytes is above the limit of ${LARGEST_BLOCK}`)
      : recordHeader + captured;
  }

  function read({ bytes, view }: Window, at: number, length: number): ReturnType<Format['read']> {
    if (linkType === null) {
      const major = view.getUint16(at + 4, littleEndian);
      if (major !== 2) return malformed(`pcap version ${major}.${view.getUint16(at + 6, littleEndian)} is not 2`);
      linkType = view.getUint32(at + 20, littleEndian) & 0xffff; // the upper half tells of a frame check sequence
      return null;
    }
    return {
      kind: 'packet',
      bytes: bytes.subarray(at + recordHeader, at + length),
      linkType,
      timeNs: BigInt(view.getUint32(at, littleEndian)) * NS_PER_SECOND + BigInt(view.getUint32(at + 4, littleEndian)) * nsPerTick,
      originalLength: view.getUint32(at + 12, littleEndian),
      interface: null,
      comment: null,
    };
  }

  return { headLength: RECORD_HEADER, frameLength, read };
}

/** The start of a file with nanosecond stamps. Throws RangeError for a link type that is no 16-bit number. */
export function pcapHeader(linkType: number): Uint8Array {
  checkUnsigned('linkType', linkType, 16);
  const header = new Uint8Array(FILE_HEADER);
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC_NS, true);
  view.setUint16(4, 2, true); // version 2.4
  view.setUint16(6, 4, true);
  view.setUint32(16, LARGEST_PACKET, true); // snap length
  view.setUint32(20, linkType, true);
  return header;
}

/** One packet; its link type is the file's, interface and comment have no place. Throws RangeError for a time outside 1970–2106. */
export function pcapRecord(packet: PacketRecord): Uint8Array {
  checkPacket(packet);
  const seconds = packet.timeNs / NS_PER_SECOND;
  if (packet.timeNs < 0n || seconds > 0xffffffffn) throw new RangeError(`pcap holds times from 1970 to 2106, got ${packet.timeNs} ns`);
  const record = new Uint8Array(RECORD_HEADER + packet.bytes.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, Number(seconds), true);
  view.setUint32(4, Number(packet.timeNs % NS_PER_SECOND), true);
  view.setUint32(8, packet.bytes.length, true);
  view.setUint32(12, packet.originalLength, true);
  record.set(packet.bytes, RECORD_HEADER);
  return record;
}
