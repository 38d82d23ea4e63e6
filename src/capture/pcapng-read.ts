/** Reads pcapng: sections in either byte order, each with its own interfaces. Blocks and options that are not known are skipped. */
import { type Malformed, malformed } from '../wire/decoded.ts';
import { BLOCK, BLOCK_HEADER, BLOCK_TRAILER, BYTE_ORDER_MAGIC, OWN_ENTERPRISE, RESOLUTION_DEFAULT } from './blocks.ts';
import { type Clock, clock } from './clock.ts';
import type { BesidePacket, Format, Window } from './format.ts';
import { OPTION, type Option, padded, readOptions, text } from './options.ts';
import { type CustomBlock, type Direction, type InterfaceItem, LARGEST_BLOCK, type SectionItem, type StatisticsItem } from './record.ts';
import { emptySlot, type PacketSlot, slotTimeNs } from './slot.ts';

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
  clock: Clock;
}

/** A block's body lies from `from` to `to`. */
interface Block extends Window {
  type: number;
  from: number;
  to: number;
}

type Said = ReturnType<Format['read']>;
type BlockReader = (block: Block, section: Section) => BesidePacket | Malformed | null;

const READERS: Readonly<Record<number, BlockReader>> = {
  [BLOCK.section]: readSection,
  [BLOCK.interface]: readInterface,
  [BLOCK.statistics]: readStatistics,
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

  function read(window: Window, at: number, length: number, slot: PacketSlot): Said {
    const { bytes, view } = window;
    const trailer = view.getUint32(at + length - BLOCK_TRAILER, section.littleEndian);
    if (trailer !== length) return malformed(`a block of ${length} bytes ends in the length ${trailer}`);
    const type = view.getUint32(at, section.littleEndian);
    const [from, to] = [at + BLOCK_HEADER, at + length - BLOCK_TRAILER];
    if (type === BLOCK.enhancedPacket || type === BLOCK.packet) return readPacket(window, type, from, to, section, slot);
    if (type === BLOCK.simplePacket) return readSimplePacket(window, from, to, section, slot);
    return READERS[type]?.({ bytes, view, type, from, to }, section) ?? null;
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

const tooShort = (what: string, length: number): Malformed => malformed(`${length} bytes cannot hold ${what}`);

function readSection(block: Block, { littleEndian }: Section): SectionItem | Malformed {
  const { view, from, to } = block;
  if (to - from < 16) return tooShort('a section header', to - from);
  const major = view.getUint16(from + 4, littleEndian);
  if (major !== 1) return malformed(`pcapng version ${major}.${view.getUint16(from + 6, littleEndian)} is not 1`);
  const options = readOptions(block, from + 16, to, littleEndian);
  if ('ok' in options) return options;
  const application = optionValue(options, OPTION.section.application);
  return { kind: 'section', application: application === undefined ? null : text(application), comment: commentsOf(options) };
}

function readInterface(block: Block, { littleEndian, interfaces }: Section): InterfaceItem | Malformed {
  const { view, from, to } = block;
  if (to - from < 8) return tooShort('an interface', to - from);
  if (interfaces.length === MOST_INTERFACES) return malformed(`a section has more than ${MOST_INTERFACES} interfaces`);
  const options = readOptions(block, from + 8, to, littleEndian);
  if ('ok' in options) return options;
  const named = optionValue(options, OPTION.interface.name);
  const name = named === undefined ? null : text(named);
  const linkType = view.getUint16(from, littleEndian);
  const index = interfaces.push({
    name,
    linkType,
    snapLength: view.getUint32(from + 4, littleEndian),
    clock: clockOf(options, littleEndian),
  });
  return { kind: 'interface', index: index - 1, name, linkType, filter: filterOf(options) };
}

const optionValue = (options: readonly Option[], wanted: number): Uint8Array | undefined =>
  options.find(({ code }) => code === wanted)?.value;

/** if_filter: a zero byte and an expression, or another and compiled code. */
function filterOf(options: readonly Option[]): string | null {
  const filter = optionValue(options, OPTION.interface.filter);
  return filter !== undefined && filter[0] === 0 ? text(filter.subarray(1)) : null;
}

function clockOf(options: readonly Option[], littleEndian: boolean): Clock {
  const resolution = optionValue(options, OPTION.interface.resolution)?.[0] ?? RESOLUTION_DEFAULT;
  const offset = optionValue(options, OPTION.interface.offset);
  return clock(resolution, offset?.length === 8 ? viewOf(offset).getBigInt64(0, littleEndian) : 0n);
}

const viewOf = ({ buffer, byteOffset, length }: Uint8Array): DataView => new DataView(buffer, byteOffset, length);

function readStatistics(block: Block, { littleEndian, interfaces }: Section): StatisticsItem | Malformed {
  const { view, from, to } = block;
  if (to - from < 12) return tooShort('statistics', to - from);
  const interfaceIndex = view.getUint32(from, littleEndian);
  const origin = interfaces[interfaceIndex];
  if (origin === undefined) return noInterface('statistics name', interfaceIndex, interfaces.length);
  const options = readOptions(block, from + 12, to, littleEndian);
  if ('ok' in options) return options;
  const slot = emptySlot();
  origin.clock(slot, view.getUint32(from + 4, littleEndian), view.getUint32(from + 8, littleEndian));
  const counter = (code: number): bigint | null => {
    const value = optionValue(options, code);
    return value?.length === 8 ? viewOf(value).getBigUint64(0, littleEndian) : null;
  };
  const { received, dropped } = OPTION.statistics;
  return { kind: 'statistics', interfaceIndex, timeNs: slotTimeNs(slot), received: counter(received), dropped: counter(dropped) };
}

const noInterface = (what: string, index: number, described: number): Malformed =>
  malformed(`${what} interface ${index}, and its section has described ${described}`);

/** Enhanced packets and the obsolete ones that they replace: the same but for the interface's size. */
function readPacket(window: Window, type: number, from: number, to: number, section: Section, slot: PacketSlot): 'packet' | Malformed {
  const { bytes, view } = window;
  const { littleEndian } = section;
  if (to - from < 20) return tooShort('a packet', to - from);
  const index = type === BLOCK.packet ? view.getUint16(from, littleEndian) : view.getUint32(from, littleEndian);
  const origin = section.interfaces[index];
  if (origin === undefined) return noInterface('a packet names', index, section.interfaces.length);
  const length = view.getUint32(from + 12, littleEndian);
  const end = from + 20 + length;
  if (end > to) return malformed(`a packet of ${length} bytes runs out of its block of ${to - from}`);
  slot.bytes = bytes;
  slot.at = from + 20;
  slot.end = end;
  slot.linkType = origin.linkType;
  origin.clock(slot, view.getUint32(from + 4, littleEndian), view.getUint32(from + 8, littleEndian));
  slot.originalLength = view.getUint32(from + 16, littleEndian);
  slot.interface = origin.name;
  slot.comment = null;
  slot.direction = null;
  const optionsAt = from + 20 + padded(length);
  return optionsAt < to ? readPacketOptions(window, optionsAt, to, littleEndian, slot) : 'packet';
}

const FLAGS = 2;
const DIRECTIONS: readonly (Direction | null)[] = [null, 'inbound', 'outbound', null];

function readPacketOptions(window: Window, from: number, to: number, littleEndian: boolean, slot: PacketSlot): 'packet' | Malformed {
  const { view } = window;
  const isFlagsAlone = to - from <= 12 && view.getUint16(from, littleEndian) === FLAGS && view.getUint16(from + 2, littleEndian) === 4;
  if (isFlagsAlone && to - from >= 8) {
    slot.direction = DIRECTIONS[view.getUint32(from + 4, littleEndian) & 3]!; // nearly every packet that has options has this one only
    return 'packet';
  }
  const options = readOptions(window, from, to, littleEndian);
  if ('ok' in options) return options;
  slot.comment = commentsOf(options);
  const flags = optionValue(options, OPTION.packet.flags);
  if (flags?.length === 4) slot.direction = DIRECTIONS[viewOf(flags).getUint32(0, littleEndian) & 3]!;
  return 'packet';
}

/** All comments, one a line, or null. */
function commentsOf(options: readonly Option[]): string | null {
  const comments = options.filter(({ code }) => code === OPTION.comment);
  return comments.length === 0 ? null : comments.map(({ value }) => text(value)).join('\n');
}

/** No time, no interface but the first, and its captured length is only implied by the snap length. */
function readSimplePacket({ bytes, view }: Window, from: number, to: number, section: Section, slot: PacketSlot): 'packet' | Malformed {
  const origin = section.interfaces[0];
  if (origin === undefined) return noInterface('a packet names', 0, 0);
  if (to - from < 4) return tooShort('a simple packet', to - from);
  const originalLength = view.getUint32(from, section.littleEndian);
  const length = Math.min(originalLength, origin.snapLength || originalLength);
  if (from + 4 + length > to) return malformed(`a packet of ${length} bytes runs out of its block of ${to - from}`);
  slot.bytes = bytes;
  slot.at = from + 4;
  slot.end = from + 4 + length;
  slot.linkType = origin.linkType;
  slot.seconds = 0;
  slot.nanoseconds = 0;
  slot.originalLength = originalLength;
  slot.interface = origin.name;
  slot.comment = null;
  slot.direction = null;
  return 'packet';
}

function readCustom({ bytes, view, from, to }: Block, { littleEndian }: Section): CustomBlock | Malformed {
  if (to - from < 4) return tooShort('an enterprise number', to - from);
  const enterpriseNumber = view.getUint32(from, littleEndian);
  const content = bytes.subarray(from + 4, to);
  return { kind: 'custom', enterpriseNumber, bytes: enterpriseNumber === OWN_ENTERPRISE ? exact(content) : content };
}

/** Ours begin with their length; who else uses the number for examples may not. */
function exact(content: Uint8Array): Uint8Array {
  const length = content.length < 4 ? -1 : viewOf(content).getUint32(0);
  return padded(4 + length) === content.length ? content.subarray(4, 4 + length) : content;
}
