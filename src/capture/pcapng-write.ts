/** Writes pcapng: pure functions, each the bytes to append. Little-endian, stamps in nanoseconds. */
import { BLOCK, BLOCK_HEADER, BLOCK_TRAILER, BYTE_ORDER_MAGIC, OWN_ENTERPRISE, RESOLUTION_NS } from './blocks.ts';
import { type Window, windowOf } from './format.ts';
import { OPTION, type Option, optionsLength, padded, textOption, uint64Option, writeOptions } from './options.ts';
import { checkPacket, checkUnsigned, type Direction, LARGEST_BLOCK, LARGEST_PACKET, type PacketRecord } from './record.ts';

/** The start of a file; `application` is the name and version of what writes it. */
export function pcapngHeader({ application }: { application: string }): Uint8Array {
  const { bytes, view } = block(BLOCK.section, 16, [textOption(OPTION.section.application, application)]);
  view.setUint32(BLOCK_HEADER, BYTE_ORDER_MAGIC, true);
  view.setUint16(BLOCK_HEADER + 4, 1, true); // version 1.0
  view.setBigInt64(BLOCK_HEADER + 8, -1n, true); // a section of unknown length
  return bytes;
}

export interface CapturedInterface {
  name: string;
  linkType: number;
  /** A pcap filter expression. */
  filter?: string;
  /** Bytes that are kept of a packet; absent or 0: all. */
  snapLength?: number;
}

/** The interfaces of a file are numbered from 0 in the order of their blocks. */
export function interfaceBlock({ name, linkType, filter, snapLength = 0 }: CapturedInterface): Uint8Array {
  checkUnsigned('linkType', linkType, 16);
  checkUnsigned('snapLength', snapLength, 32);
  const options = [textOption(OPTION.interface.name, name), { code: OPTION.interface.resolution, value: Uint8Array.of(RESOLUTION_NS) }];
  if (filter !== undefined) options.push(textOption(OPTION.interface.filter, `\0${filter}`)); // 0: an expression, not compiled code
  const { bytes, view } = block(BLOCK.interface, 8, options);
  view.setUint16(BLOCK_HEADER, linkType, true);
  view.setUint32(BLOCK_HEADER + 4, snapLength || LARGEST_PACKET, true);
  return bytes;
}

/** One packet of the interface with this number, whose link type and name it has. Throws RangeError for a time before 1970 or after 2554. */
export function packetBlock(interfaceIndex: number, packet: PacketRecord): Uint8Array {
  checkUnsigned('interfaceIndex', interfaceIndex, 32);
  checkPacket(packet);
  const options = packet.comment === null ? [] : [textOption(OPTION.comment, packet.comment)];
  if (packet.direction !== null) options.push(FLAGS[packet.direction]);
  const { bytes, view } = block(BLOCK.enhancedPacket, 20 + padded(packet.bytes.length), options);
  view.setUint32(BLOCK_HEADER, interfaceIndex, true);
  setTime(view, BLOCK_HEADER + 4, packet.timeNs);
  view.setUint32(BLOCK_HEADER + 12, packet.bytes.length, true);
  view.setUint32(BLOCK_HEADER + 16, packet.originalLength, true);
  bytes.set(packet.bytes, BLOCK_HEADER + 20);
  return bytes;
}

/** epb_flags: the lowest two bits tell the direction. */
const FLAGS: Readonly<Record<Direction, Option>> = {
  inbound: { code: OPTION.packet.flags, value: Uint8Array.of(1, 0, 0, 0) },
  outbound: { code: OPTION.packet.flags, value: Uint8Array.of(2, 0, 0, 0) },
};

export interface InterfaceStatistics {
  interfaceIndex: number;
  /** When the counters were read. */
  timeNs: bigint;
  received: bigint;
  dropped: bigint;
}

/** What an interface had received and dropped at a time: isb_ifrecv and isb_ifdrop. */
export function statisticsBlock({ interfaceIndex, timeNs, received, dropped }: InterfaceStatistics): Uint8Array {
  checkUnsigned('interfaceIndex', interfaceIndex, 32);
  const { bytes, view } = block(BLOCK.statistics, 12, [
    uint64Option(OPTION.statistics.received, received),
    uint64Option(OPTION.statistics.dropped, dropped),
  ]);
  view.setUint32(BLOCK_HEADER, interfaceIndex, true);
  setTime(view, BLOCK_HEADER + 4, timeNs);
  return bytes;
}

/** A custom block of ours. Its length stands before the content (4 bytes, big-endian), since the format keeps no exact one. */
export function ownBlock(content: Uint8Array): Uint8Array {
  const measured = new Uint8Array(4 + content.length);
  new DataView(measured.buffer).setUint32(0, content.length);
  measured.set(content, 4);
  return customBlock(OWN_ENTERPRISE, measured);
}

/** Anybody's content, named by an IANA private enterprise number, which editors may copy. Zeros pad it to a multiple of 4 bytes. */
export function customBlock(enterpriseNumber: number, content: Uint8Array): Uint8Array {
  checkUnsigned('enterpriseNumber', enterpriseNumber, 32);
  const length = 4 + padded(content.length);
  if (BLOCK_HEADER + length + BLOCK_TRAILER > LARGEST_BLOCK) {
    throw new RangeError(`A block has at most ${LARGEST_BLOCK} bytes, got ${content.length}: use several`);
  }
  const { bytes, view } = block(BLOCK.custom, length, []);
  view.setUint32(BLOCK_HEADER, enterpriseNumber, true);
  bytes.set(content, BLOCK_HEADER + 4);
  return bytes;
}

/** A block with its lengths and options; the body before the options is left zero. */
function block(type: number, bodyLength: number, options: readonly Option[]): Window {
  const length = BLOCK_HEADER + bodyLength + optionsLength(options) + BLOCK_TRAILER;
  const window = windowOf(new Uint8Array(length));
  window.view.setUint32(0, type, true);
  window.view.setUint32(4, length, true);
  writeOptions(window, BLOCK_HEADER + bodyLength, options);
  window.view.setUint32(length - BLOCK_TRAILER, length, true);
  return window;
}

/** A stamp is two 32-bit words, the higher first in either byte order (§4.3). */
function setTime(view: DataView, at: number, timeNs: bigint): void {
  if (timeNs < 0n || timeNs >= 1n << 64n) throw new RangeError(`pcapng holds times from 1970 to 2554, got ${timeNs} ns`);
  view.setUint32(at, Number(timeNs >> 32n), true);
  view.setUint32(at + 4, Number(timeNs & 0xffffffffn), true);
}
