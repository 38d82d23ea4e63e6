/** Reads pcapng: sections in either byte order, each with its own interfaces. Blocks and options that are not known are skipped. */
import { type Malformed, malformed } from '../wire/decoded.ts';
import { BLOCK, BLOCK_HEADER, BLOCK_TRAILER, BYTE_ORDER_MAGIC, RESOLUTION_DEFAULT } from './blocks.ts';
import type { Format, Window } from './format.ts';
import { OPTION, type Option, padded, readOptions, text } from './options.ts';
import { type CapturedPacket, type CaptureItem, type CustomBlock, LARGEST_BLOCK, NS_PER_SECOND } from './record.ts';

const SMALLEST_BLOCK = BLOCK_HEADER + BLOCK_TRAILER;
/** Bounds what a hostile file makes us remember. */
const MOST_INTERFACES = 65_536;

interface Section {
  littleEndian: boolean;
  interfaces: Interface[];
}

interface Interface {
  name: string | null;
  linkType: number;
  /** 0: unlimited. */
  snapLength: number;
  toNs: (ticks: bigint) => bigint;
}

/** A block's body lies from `from` to `to`. */
interface Block extends Window {
  type: number;
  from: number;
  to: number;
}

type BlockReader = (block: Block, section: Section) => CaptureItem | Malformed | null;

const READERS: Readonly<Record<number, BlockReader>> = {
  [BLOCK.section]: readSection,
  [BLOCK.interface]: readInterface,
  [BLOCK.packet]: readPacket,
  [BLOCK.simplePacket]: readSimplePacket,
  [BLOCK.enhancedPacket]: readPacket,
  [BLOCK.custom]: readCustom,
  [BLOCK.customNotCopied]: readCustom,
};

/** A reader for the file that opens with these bytes, or null where they are no section header. */
export function pcapngFormat({ view }: Window, at: number): Format | null {
  if (view.getUint32(at) !== BLOCK.section) return null;
  const section: Section = { littleEndian: true, interfaces: [] };

  function frameLength(window: Window, at: number): number | Malformed {
    if (window.view.getUint32(at) === BLOCK.section) {
      const littleEndian = byteOrder(window, at + BLOCK_HEADER);
      if (typeof littleEndian !== 'boolean') return littleEndian;
      section.littleEndian = littleEndian;
      section.interfaces = [];
    }
    return blockLength(window.view.getUint32(at + 4, section.littleEndian));
  }

  function read({ bytes, view }: Window, at: number, length: number): ReturnType<Format['read']> {
    const trailer = view.getUint32(at + length - BLOCK_TRAILER, section.littleEndian);
    if (trailer !== length) return malformed(`a block of ${length} bytes ends in the length ${trailer}`);
    const type = view.getUint32(at, section.littleEndian);
    const reader = READERS[type];
    return reader?.({ bytes, view, type, from: at + BLOCK_HEADER, to: at + length - BLOCK_TRAILER }, section) ?? null;
  }

  return { headLength: SMALLEST_BLOCK, frameLength, read };
}

function byteOrder({ view }: Window, at: number): boolean | Malformed {
  if (view.getUint32(at, true) === BYTE_ORDER_MAGIC) return true;
  if (view.getUint32(at, false) === BYTE_ORDER_MAGIC) return false;
  return malformed(`a section's byte order magic is 0x${view.getUint32(at).toString(16)}`);
}

function blockLength(length: number): number | Malformed {
  if (length < SMALLEST_BLOCK || length % 4 !== 0) return malformed(`a block cannot have ${length} bytes`);
  return length > LARGEST_BLOCK ? malformed(`a block of ${length} bytes is above the limit of ${LARGEST_BLOCK}`) : length;
}

const tooShort = (what: string, { from, to }: Block): Malformed => malformed(`${to - from} bytes cannot hold ${what}`);

function readSection(block: Block, { littleEndian }: Section): Malformed | null {
  if (block.to - block.from < 16) return tooShort('a section header', block);
  const major = block.view.getUint16(block.from + 4, littleEndian);
  return major === 1 ? null : malformed(`pcapng version ${major}.${block.view.getUint16(block.from + 6, littleEndian)} is not 1`);
}

function readInterface(block: Block, { littleEndian, interfaces }: Section): Malformed | null {
  const { view, from, to } = block;
  if (to - from < 8) return tooShort('an interface', block);
  if (interfaces.length === MOST_INTERFACES) return malformed(`a section has more than ${MOST_INTERFACES} interfaces`);
  const options = readOptions(block, from + 8, to, littleEndian);
  if ('ok' in options) return options;
  const name = optionValue(options, OPTION.interface.name);
  interfaces.push({
    name: name === undefined ? null : text(name),
    linkType: view.getUint16(from, littleEndian),
    snapLength: view.getUint32(from + 4, littleEndian),
    toNs: clockOf(options, littleEndian),
  });
  return null;
}

const optionValue = (options: readonly Option[], wanted: number): Uint8Array | undefined =>
  options.find(({ code }) => code === wanted)?.value;

/** if_tsresol: a negative power of 10, or of 2 where the highest bit is set; if_tsoffset: seconds to add. */
function clockOf(options: readonly Option[], littleEndian: boolean): (ticks: bigint) => bigint {
  const resolution = optionValue(options, OPTION.interface.resolution)?.[0] ?? RESOLUTION_DEFAULT;
  const offset = optionValue(options, OPTION.interface.offset);
  const offsetNs = offset?.length === 8 ? int64(offset, littleEndian) * NS_PER_SECOND : 0n;
  const exponent = BigInt(resolution & 0x7f);
  if (resolution & 0x80) return (ticks) => ((ticks * NS_PER_SECOND) >> exponent) + offsetNs;
  const nsPerTick = exponent < 9n ? 10n ** (9n - exponent) : 1n;
  const ticksPerNs = exponent > 9n ? 10n ** (exponent - 9n) : 1n;
  if (ticksPerNs === 1n) return (ticks) => ticks * nsPerTick + offsetNs;
  return (ticks) => ticks / ticksPerNs + offsetNs;
}

const int64 = ({ buffer, byteOffset }: Uint8Array, littleEndian: boolean): bigint =>
  new DataView(buffer, byteOffset, 8).getBigInt64(0, littleEndian);

/** Enhanced packets and the obsolete ones that they replace: the same but for the interface's size. */
function readPacket(block: Block, section: Section): CapturedPacket | Malformed {
  const { view, from, to } = block;
  const { littleEndian } = section;
  if (to - from < 20) return tooShort('a packet', block);
  const index = block.type === BLOCK.packet ? view.getUint16(from, littleEndian) : view.getUint32(from, littleEndian);
  const origin = section.interfaces[index];
  if (origin === undefined) return noInterface(index, section);
  const length = view.getUint32(from + 12, littleEndian);
  const end = from + 20 + length;
  if (end > to) return malformed(`a packet of ${length} bytes runs out of its block of ${to - from}`);
  const comment = commentOf(block, from + 20 + padded(length), littleEndian);
  if (comment !== null && typeof comment !== 'string') return comment;
  return {
    kind: 'packet',
    bytes: block.bytes.subarray(from + 20, end),
    linkType: origin.linkType,
    timeNs: origin.toNs((BigInt(view.getUint32(from + 4, littleEndian)) << 32n) | BigInt(view.getUint32(from + 8, littleEndian))),
    originalLength: view.getUint32(from + 16, littleEndian),
    interface: origin.name,
    comment,
  };
}

const noInterface = (index: number, { interfaces }: Section): Malformed =>
  malformed(`a packet names interface ${index}, and its section has described ${interfaces.length}`);

/** All comments of a packet, one a line, or null. */
function commentOf(block: Block, from: number, littleEndian: boolean): string | null | Malformed {
  if (from >= block.to) return null;
  const options = readOptions(block, from, block.to, littleEndian);
  if ('ok' in options) return options;
  const comments = options.filter(({ code }) => code === OPTION.comment);
  return comments.length === 0 ? null : comments.map(({ value }) => text(value)).join('\n');
}

/** No time, no interface but the first, and its captured length is only implied by the snap length. */
function readSimplePacket(block: Block, section: Section): CapturedPacket | Malformed {
  const origin = section.interfaces[0];
  if (origin === undefined) return noInterface(0, section);
  if (block.to - block.from < 4) return tooShort('a simple packet', block);
  const originalLength = block.view.getUint32(block.from, section.littleEndian);
  const from = block.from + 4;
  const length = Math.min(originalLength, origin.snapLength || originalLength);
  if (from + length > block.to) return malformed(`a packet of ${length} bytes runs out of its block of ${block.to - block.from}`);
  const bytes = block.bytes.subarray(from, from + length);
  return { kind: 'packet', bytes, linkType: origin.linkType, timeNs: 0n, originalLength, interface: origin.name, comment: null };
}

function readCustom(block: Block, { littleEndian }: Section): CustomBlock | Malformed {
  if (block.to - block.from < 4) return tooShort('an enterprise number', block);
  const enterpriseNumber = block.view.getUint32(block.from, littleEndian);
  return { kind: 'custom', enterpriseNumber, bytes: block.bytes.subarray(block.from + 4, block.to) };
}
