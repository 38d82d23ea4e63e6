/** Classic pcap files (draft-ietf-opsawg-pcap): one link type, no interfaces, no comments. */
import { type Malformed, malformed } from '../wire/decoded.ts';
import type { Format, Window } from './format.ts';
import { checkPacket, checkUnsigned, LARGEST_BLOCK, LARGEST_PACKET, NS_PER_SECOND, type PacketRecord } from './record.ts';
import type { PacketSlot } from './slot.ts';

interface Variant {
  nsPerTick: 1 | 1000;
  recordHeader: number;
  /** Bytes between the file's header and its first record. */
  gap: number;
}

const STANDARD: Variant = { nsPerTick: 1000, recordHeader: 16, gap: 0 };

/**
 * The variants by magic, as the writer's byte order spells it. Where one magic was used for several, which it is shows in where the
 * second record begins.
 */
const VARIANTS: Readonly<Record<number, readonly Variant[]>> = {
  2712847316: [STANDARD, { ...STANDARD, recordHeader: 24 }, { ...STANDARD, recordHeader: 20 }], // also Red Hat 6.1, Nokia
  2712812621: [{ ...STANDARD, nsPerTick: 1 }],
  2712849716: [
    { ...STANDARD, recordHeader: 24 }, // "modified": old Linux kernels, 8 more bytes a record
    { ...STANDARD, recordHeader: 28 }, // SuSE 6.3
  ],
  469762475: [{ ...STANDARD, gap: 4 }], // Ixia, software: the size of all records follows the header
  469762476: [{ ...STANDARD, gap: 4 }], // Ixia, hardware
};
/** AIX writes version 2.2, nanoseconds under the magic of microseconds, and the numbers of RFC 1573 for link types. */
const AIX_MINOR = 2;
const AIX_LINK_TYPES: Readonly<Record<number, number>> = { 6: 1, 9: 6, 15: 10, 24: 0 }; // Ethernet, token ring, FDDI, BSD loopback
const MAGIC_NS = 0xa1b23c4d;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const LONGEST_HEADER = 28;

const isLittleEndian = (view: DataView, at: number): boolean | null =>
  VARIANTS[view.getUint32(at, true)] !== undefined ? true : VARIANTS[view.getUint32(at, false)] !== undefined ? false : null;

/** A reader for the file that opens with these bytes, or null where they are no pcap magic. */
export function pcapFormat(window: Window, at: number, available: number): Format | null {
  const littleEndian = isLittleEndian(window.view, at);
  return littleEndian === null ? null : format(variantOf(window.view, at, at + available, littleEndian), littleEndian);
}

/** How many bytes from the beginning tell the variants apart; 0 where there is nothing to tell. */
export function openingLength({ view }: Window): number {
  if (view.byteLength < 4) return 4;
  const littleEndian = isLittleEndian(view, 0);
  if (littleEndian === null || VARIANTS[view.getUint32(0, littleEndian)]!.length === 1) return 0;
  const first = FILE_HEADER + RECORD_HEADER;
  if (view.byteLength < first) return first;
  const captured = view.getUint32(FILE_HEADER + 8, littleEndian);
  return captured > LARGEST_PACKET ? 0 : FILE_HEADER + LONGEST_HEADER + captured + RECORD_HEADER;
}

/** The first variant by which another record follows the first, or else the first of all: a torn file is likelier than an odd one. */
function variantOf(view: DataView, from: number, to: number, littleEndian: boolean): Variant {
  const variants = VARIANTS[view.getUint32(from, littleEndian)]!;
  const first = from + FILE_HEADER;
  if (variants.length === 1 || first + RECORD_HEADER > to) return variants[0]!;
  const captured = view.getUint32(first + 8, littleEndian);
  if (captured > LARGEST_PACKET) return variants[0]!;
  const follows = ({ recordHeader }: Variant): boolean => {
    const at = first + recordHeader + captured;
    return at + RECORD_HEADER <= to && isRecord(view, at, littleEndian, view.getUint32(first, littleEndian));
  };
  return variants.find(follows) ?? variants[0]!;
}

const LONGEST_PAUSE_S = 86_400;

function isRecord(view: DataView, at: number, littleEndian: boolean, beforeS: number): boolean {
  const field = (offset: number): number => view.getUint32(at + offset, littleEndian);
  const [seconds, fraction, captured, original] = [field(0), field(4), field(8), field(12)];
  const isNear = Math.abs(seconds - beforeS) <= LONGEST_PAUSE_S;
  return isNear && fraction < 1_000_000 && captured <= original && original <= LARGEST_PACKET;
}

function format({ nsPerTick, recordHeader, gap }: Variant, littleEndian: boolean): Format {
  let linkType: number | null = null; // null until the file's header was read
  let nsPerUnit: number = nsPerTick;

  function frameLength({ view }: Window, at: number): number | Malformed {
    if (linkType === null) return FILE_HEADER + gap;
    const captured = view.getUint32(at + 8, littleEndian);
    return captured > LARGEST_BLOCK
      ? malformed(`a packet of ${captured} bytes is above the limit of ${LARGEST_BLOCK}`)
      : recordHeader + captured;
  }

  function read({ bytes, view }: Window, at: number, length: number, slot: PacketSlot): ReturnType<Format['read']> {
    if (linkType === null) {
      const major = view.getUint16(at + 4, littleEndian);
      if (major !== 2) return malformed(`pcap version ${major}.${view.getUint16(at + 6, littleEndian)} is not 2`);
      linkType = view.getUint32(at + 20, littleEndian) & 0xffff; // the upper half tells of a frame check sequence
      const aix = view.getUint16(at + 6, littleEndian) === AIX_MINOR ? AIX_LINK_TYPES[linkType] : undefined;
      if (aix === undefined) return null;
      linkType = aix;
      nsPerUnit = 1;
      return null;
    }
    const ticks = view.getUint32(at + 4, littleEndian) * nsPerUnit;
    const over = Math.floor(ticks / 1e9);
    slot.bytes = bytes;
    slot.at = at + recordHeader;
    slot.end = at + length;
    slot.linkType = linkType;
    slot.seconds = view.getUint32(at, littleEndian) + over;
    slot.nanoseconds = ticks - over * 1e9;
    slot.originalLength = view.getUint32(at + 12, littleEndian);
    return 'packet';
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
