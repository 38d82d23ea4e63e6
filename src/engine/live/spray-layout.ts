/**
 * Templates as the senders read them (native/src/spray_templates.h): side by side in pieces, each as long as it is. Integers are in the
 * machine's order; sums and swept values in the order that they stand in a packet.
 */
import { BeaconError } from '../../error.ts';
import { setUint16 } from '../../wire/fields.ts';
import { IDENTITY_LENGTH } from '../../wire/identity.ts';
import { LARGEST_TEMPLATE, SPRAY_IDS, SPRAY_WORDS, type SprayTemplate, type SprayWord } from '../spray.ts';

export interface SprayLayout {
  readonly templates: readonly Uint8Array[];
}

const SHAPE = 16;
const WORD = 4;
const ID = 4;
const FEW_ZEROS = 64;
const NO_WORD = 0xffff;
const NO_ID = 0xff;
const PIECE = 2 ** 20;
const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const upTo8 = (length: number): number => Math.ceil(length / 8) * 8;
const LARGEST: number = upTo8(SHAPE + WORD * SPRAY_WORDS + ID * SPRAY_IDS) + upTo8(LARGEST_TEMPLATE);

/**
 * `template` is asked for each, in order, and not kept; `linkHeader` gives what stands before an IP packet of that EtherType, equally
 * long for both. Throws BeaconError ERR_MTU where a frame is longer than a sender's.
 */
export function layOut(
  count: number,
  template: (index: number) => SprayTemplate,
  linkHeader: (etherType: 0x0800 | 0x86dd) => Uint8Array,
): SprayLayout {
  const templates: Uint8Array[] = [];
  const length = Math.min(PIECE, count * LARGEST);
  let [piece, used] = [new Uint8Array(length), 0];
  for (let index = 0; index < count; index += 1) {
    const next = template(index);
    const link = linkHeader(next.packet[0]! >> 4 === 4 ? 0x0800 : 0x86dd); // 0 where a flow writes IPv6's first word
    refuseTooLarge(next, link.length);
    if (used + LARGEST > length) {
      templates.push(piece.subarray(0, used));
      [piece, used] = [new Uint8Array(length), 0];
    }
    used += write(piece, used, next, link);
  }
  return { templates: [...templates, piece.subarray(0, used)] };
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

/** Returns how many bytes it takes. */
function write(piece: Uint8Array, base: number, template: SprayTemplate, link: Uint8Array): number {
  const { packet, ids, half, identityAt, transportSum } = template;
  const view = new DataView(piece.buffer, piece.byteOffset + base);
  const words = swept(template.words);
  const stored = link.length + storedLength(template);
  for (const [k, value] of [packet.length, stored, link.length, identityAt, half.at].entries()) view.setUint16(2 * k, value, isLittle);
  view.setUint8(10, half.of);
  view.setUint8(11, ids.length);
  view.setUint16(12, transportSum);
  view.setUint16(14, words.length, isLittle);
  for (const [k, word] of words.entries()) {
    const at = SHAPE + WORD * k;
    view.setUint16(at, word?.at ?? NO_WORD, isLittle);
    view.setUint8(at + 2, word?.id ?? NO_ID);
    view.setUint8(at + 3, word?.inTransport ? 1 : 0);
  }
  const idsAt = SHAPE + WORD * words.length;
  for (const [k, { at, half: of, sum }] of ids.entries()) {
    view.setUint16(idsAt + ID * k, at + of, isLittle);
    view.setUint16(idsAt + ID * k + 2, sum);
  }
  const bytesAt = upTo8(idsAt + ID * ids.length);
  piece.set(link, base + bytesAt);
  piece.set(packet.subarray(0, stored - link.length), base + bytesAt + link.length);
  return bytesAt + upTo8(stored);
}

/** Up to the last that this template has. */
const swept = (words: SprayTemplate['words']): readonly (SprayWord | null)[] =>
  words.slice(0, words.findLastIndex((word) => word !== null) + 1);

/** Values in the order of a packet's bytes, from numbers. */
export function inPacketOrder(values: Uint16Array): Uint16Array {
  const bytes = new Uint8Array(values.length * 2);
  for (const [k, value] of values.entries()) setUint16(bytes, 2 * k, value);
  return new Uint16Array(bytes.buffer);
}
