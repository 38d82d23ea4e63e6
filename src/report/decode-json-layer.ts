/**
 * An IP header as JSON (docs/decode.md). Few kinds of headers stand in a recording, and they differ in ID and checksum alone: the text of
 * each kind is made once for each number of digits that those have. For the next packet it is copied, and the digits are put in.
 */
import { fold, onesSum } from '../wire/checksum.ts';
import { uint16, uint32 } from '../wire/fields.ts';
import { headerChecksum } from './decode-checksums.ts';
import { addressIn } from './decode-words.ts';
import { digitsOf, type Page, piece, put, putDigits, putText } from './page.ts';

/** Headers that differ in ID and checksum alone. */
interface Kind {
  /** The header's words as they stand; ID and checksum are 0. */
  readonly words: Int32Array;
  /** Of those words, folded; NaN where options are summed too. */
  readonly sum: number;
  /** By the digits of ID and checksum; IPv6 has neither, and one form. */
  readonly forms: (Form | undefined)[];
}

/** The text, and where its numbers go: both, and the checksum once more as the expected one. */
interface Form {
  readonly text: Uint8Array;
  readonly idAt: number;
  readonly checksumAt: number;
  readonly expectedAt: number;
}

/** Which bits of each word make the kind. */
const MASKS = {
  4: Int32Array.of(-1, 0xffff, ~0xffff, -1, -1),
  6: new Int32Array(10).fill(-1),
} as const;

const MOST_KINDS = 2048;
const kinds = new Map<number, Kind>();

/** What stood at the same place of the packet before, which most often stands there again. */
const PLACES = 16;
const before: (Kind | undefined)[] = Array<Kind | undefined>(PLACES * PLACES).fill(undefined);

let viewed: Uint8Array = new Uint8Array(0);
let view = new DataView(viewed.buffer);

/** The header at `at`, which is whole, of `count` layers the one with this index. */
export function putLayer(page: Page, bytes: Uint8Array, at: number, index: number, count: number): void {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  const family = bytes[at]! >> 4 === 6 ? 6 : 4;
  const masks = MASKS[family];
  const place = (index & (PLACES - 1)) * PLACES + (count & (PLACES - 1));
  let kind = before[place];
  if (kind === undefined || !isOf(kind, at, masks)) {
    kind = kindOf(bytes, at, masks);
    before[place] = kind;
  }
  if (family === 6) put(page, kind.forms[0]!.text);
  else putLayer4(page, bytes, at, kind);
}

function putLayer4(page: Page, bytes: Uint8Array, at: number, { sum, forms }: Kind): void {
  const [id, checksum] = [uint16(bytes, at + 4), uint16(bytes, at + 10)];
  if (fold(sum + id + checksum) !== 0xffff) {
    putText(page, layer4(bytes, at, String(id), String(checksum), String(headerChecksum(bytes, at))));
    return;
  }
  const [idDigits, sumDigits] = [digitsOf(id), digitsOf(checksum)];
  const which = 8 * idDigits + sumDigits;
  let form = forms[which];
  if (form === undefined) {
    form = formOf(layer4(bytes, at, String(id), String(checksum), String(checksum)));
    forms[which] = form;
  }
  put(page, form.text);
  const from = page.at - form.text.length;
  putDigits(page, from + form.idAt, id, idDigits);
  putDigits(page, from + form.checksumAt, checksum, sumDigits);
  putDigits(page, from + form.expectedAt, checksum, sumDigits);
}

function kindOf(bytes: Uint8Array, at: number, masks: Int32Array): Kind {
  let hash = 0;
  for (let i = 0; i < masks.length; i += 1) hash = Math.imul(hash ^ (view.getInt32(at + 4 * i) & masks[i]!), 0x9e3779b1) ^ (hash >>> 15);
  hash >>= 1; // what a Map finds without making an object of it
  const known = kinds.get(hash);
  if (known !== undefined && isOf(known, at, masks)) return known;
  if (kinds.size === MOST_KINDS) kinds.clear();
  const words = masks.map((mask, i) => view.getInt32(at + 4 * i) & mask);
  const kind = { words, sum: sumOf(bytes, at), forms: masks === MASKS[6] ? [formOf(layer6(bytes, at))] : [] };
  kinds.set(hash, kind);
  return kind;
}

function isOf({ words }: Kind, at: number, masks: Int32Array): boolean {
  if (words.length !== masks.length) return false;
  for (let i = 0; i < masks.length; i += 1) if ((view.getInt32(at + 4 * i) & masks[i]!) !== words[i]) return false;
  return true;
}

const PLAIN = 0x45; // IPv4 without options

const sumOf = (bytes: Uint8Array, at: number): number =>
  bytes[at] === PLAIN ? fold(onesSum(bytes, at, at + 4) + onesSum(bytes, at + 6, at + 10) + onesSum(bytes, at + 12, at + 20)) : Number.NaN;

function formOf(text: string): Form {
  const after = (key: string): number => text.indexOf(key) + key.length;
  return { text: piece(text), idAt: after('"id":'), checksumAt: after('"checksum":'), expectedAt: after('"expected":') };
}

function layer4(bytes: Uint8Array, at: number, id: string, checksum: string, expected: string): string {
  const [traffic, flags] = [bytes[at + 1]!, uint16(bytes, at + 6)];
  return (
    `{"family":4,"source":"${addressIn(bytes, at + 12, false)}","destination":"${addressIn(bytes, at + 16, false)}","ttl":${bytes[at + 8]}` +
    `,"dscp":${traffic >> 2},"ecn":${traffic & 3},"id":${id},"flowLabel":null,"length":${uint16(bytes, at + 2)}` +
    `,"dontFragment":${(flags & 0x4000) !== 0},"moreFragments":${(flags & 0x2000) !== 0},"fragmentOffset":${(flags & 0x1fff) * 8}` +
    `,"protocol":${bytes[at + 9]},"checksum":${checksum},"expected":${expected}}`
  );
}

function layer6(bytes: Uint8Array, at: number): string {
  const traffic = (uint16(bytes, at) >> 4) & 0xff;
  return (
    `{"family":6,"source":"${addressIn(bytes, at + 8, true)}","destination":"${addressIn(bytes, at + 24, true)}","ttl":${bytes[at + 7]}` +
    `,"dscp":${traffic >> 2},"ecn":${traffic & 3},"id":null,"flowLabel":${uint32(bytes, at) & 0xfffff},"length":${40 + uint16(bytes, at + 4)}` +
    `,"dontFragment":null,"moreFragments":null,"fragmentOffset":null,"protocol":${bytes[at + 6]},"checksum":null,"expected":null}`
  );
}
