/**
 * Templates as the senders read them: bpf/spray.h's struct spray_template, spray_id and bytes, one stride each. Integers are in the
 * machine's order; sums and swept values in the order that they stand in a packet.
 */
import { BeaconError } from '../../error.ts';
import { setUint16 } from '../../wire/fields.ts';
import { IDENTITY_LENGTH } from '../../wire/identity.ts';
import { LARGEST_TEMPLATE, SPRAY_IDS, SPRAY_WORDS, type SprayTemplate } from '../spray.ts';

export interface SprayLayout {
  readonly templates: Uint8Array;
  /** IPv4 headers that each template has room for. */
  readonly idsMost: number;
  /** Bytes that each has room for; a multiple of 8. */
  readonly bytesMost: number;
}

const SHAPE = 48;
const FEW_ZEROS = 64;
const WORDS_AT = 16;
const NO_WORD = 0xffff;
const NO_ID = 0xff;
const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const upTo8 = (length: number): number => Math.ceil(length / 8) * 8;
const bytesAt = (idsMost: number): number => SHAPE + upTo8(4 * idsMost);
const strideOf = (idsMost: number, bytesMost: number): number => bytesAt(idsMost) + bytesMost;

/**
 * `template` is asked for each, in order, and not kept; `linkHeader` gives what stands before an IP packet of that EtherType, equally
 * long for both. Throws BeaconError ERR_MTU where a frame is longer than a sender's.
 */
export function layOut(
  count: number,
  template: (index: number) => SprayTemplate,
  linkHeader: (etherType: 0x0800 | 0x86dd) => Uint8Array,
): SprayLayout {
  let layout: SprayLayout = { templates: new Uint8Array(0), idsMost: 0, bytesMost: 0 };
  for (let index = 0; index < count; index += 1) {
    const next = template(index);
    const link = linkHeader(next.packet[0]! >> 4 === 4 ? 0x0800 : 0x86dd);
    refuseTooLarge(next, link.length);
    const stored = link.length + storedLength(next);
    layout = withRoom(layout, count, index, Math.max(next.ids.length, layout.idsMost), Math.max(upTo8(stored), layout.bytesMost));
    write(layout, index, next, link, stored);
  }
  return layout;
}

function refuseTooLarge({ packet, ids }: SprayTemplate, linkLength: number): void {
  if (packet.length + linkLength <= LARGEST_TEMPLATE && ids.length <= SPRAY_IDS) return;
  throw new BeaconError(
    'ERR_MTU',
    `A spray's packet has at most ${LARGEST_TEMPLATE - linkLength} bytes and ${SPRAY_IDS} IPv4 headers, got ${packet.length} and ${ids.length}: give a smaller --size or a shorter path`,
  );
}

/** Zeros at the end, as a larger --size has them, are not kept; a few of them cost less than to be filled in. */
function storedLength({ packet, identityAt }: SprayTemplate): number {
  let end = packet.length;
  while (end > identityAt + IDENTITY_LENGTH && packet[end - 1] === 0) end -= 1;
  return packet.length - end <= FEW_ZEROS ? packet.length : end;
}

/** The largest template makes the stride; it is mostly the first or comes early. */
function withRoom(layout: SprayLayout, count: number, written: number, idsMost: number, bytesMost: number): SprayLayout {
  if (idsMost === layout.idsMost && bytesMost === layout.bytesMost) return layout;
  const templates = new Uint8Array(count * strideOf(idsMost, bytesMost));
  const [before, after] = [strideOf(layout.idsMost, layout.bytesMost), strideOf(idsMost, bytesMost)];
  for (let index = 0; index < written; index += 1) {
    const [from, to] = [index * before, index * after];
    templates.set(layout.templates.subarray(from, from + SHAPE + 4 * layout.idsMost), to);
    const bytes = layout.templates.subarray(from + bytesAt(layout.idsMost), from + before);
    templates.set(bytes, to + bytesAt(idsMost));
  }
  return { templates, idsMost, bytesMost };
}

function write(
  { templates, idsMost, bytesMost }: SprayLayout,
  index: number,
  template: SprayTemplate,
  link: Uint8Array,
  stored: number,
): void {
  const base = index * strideOf(idsMost, bytesMost);
  const view = new DataView(templates.buffer, templates.byteOffset + base);
  const { packet, ids, half, identityAt, transportSum, words } = template;
  for (const [k, value] of [packet.length, stored, link.length, identityAt, half.at].entries()) view.setUint16(2 * k, value, isLittle);
  view.setUint8(10, half.of);
  view.setUint8(11, ids.length);
  view.setUint16(12, transportSum);
  for (let k = 0; k < SPRAY_WORDS; k += 1) {
    const word = words[k] ?? null;
    view.setUint16(WORDS_AT + 4 * k, word?.at ?? NO_WORD, isLittle);
    view.setUint8(WORDS_AT + 4 * k + 2, word?.id ?? NO_ID);
    view.setUint8(WORDS_AT + 4 * k + 3, word?.inTransport ? 1 : 0);
  }
  for (const [k, { at, half: of, sum }] of ids.entries()) {
    view.setUint16(SHAPE + 4 * k, at + of, isLittle);
    view.setUint16(SHAPE + 4 * k + 2, sum);
  }
  templates.set(link, base + bytesAt(idsMost));
  templates.set(packet.subarray(0, stored - link.length), base + bytesAt(idsMost) + link.length);
}

/** Values in the order of a packet's bytes, from numbers. */
export function inPacketOrder(values: Uint16Array): Uint16Array {
  const bytes = new Uint8Array(values.length * 2);
  for (const [k, value] of values.entries()) setUint16(bytes, 2 * k, value);
  return new Uint16Array(bytes.buffer);
}
