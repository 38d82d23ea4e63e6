/** One packet of a spray, as every sender makes it: its template's bytes, patched for a sequence. */
import { fold, onesSum } from '../wire/checksum.ts';
import { setUint16 } from '../wire/fields.ts';
import { IDENTITY_LENGTH, writeIdentity } from '../wire/identity.ts';
import { SPRAY_WORDS, type SprayRun, type SprayTemplate, TAGGED_EVERY, type TagMode } from './spray.ts';

/** Where in the identity the words begin that differ from probe to probe, and where the tag stands. */
const CHANGING_AT = 12;
const TAG_AT = 20;
const TAG_LENGTH = 8;
const BALANCE_AT = 6;

export interface Sprayed {
  readonly run: SprayRun;
  readonly tag: TagMode;
  /** SPRAY_WORDS a flow. */
  readonly values: Uint16Array;
}

export const isTagged = (tag: TagMode, sequence: number): boolean => tag === 'full' || (tag === 'sampled' && sequence % TAGGED_EVERY === 0);

/** The bytes are the caller's to keep. */
export function patched(
  template: SprayTemplate,
  sprayed: Sprayed,
  cell: number,
  flow: number,
  sequence: number,
  sentNs: bigint,
): Uint8Array {
  const { run, tag, values } = sprayed;
  const bytes = template.packet.slice();
  const scattered = (sequence ^ run.idKey) >>> 0;
  const halves = [scattered & 0xffff, scattered >>> 16] as const;
  const headerSums = template.ids.map(({ sum, half }) => sum + halves[half]);
  let transportSum = template.transportSum + halves[template.half.of];
  for (const [k, word] of template.words.entries()) {
    if (word === null) continue;
    const value = values[flow * SPRAY_WORDS + k]!;
    setUint16(bytes, word.at, value);
    if (word.id !== null) headerSums[word.id]! += value;
    if (word.inTransport) transportSum += value;
  }
  for (const [index, { at, half }] of template.ids.entries()) {
    setUint16(bytes, at + 4, halves[half]);
    setUint16(bytes, at + 10, ~fold(headerSums[index]!) & 0xffff);
  }
  setUint16(bytes, template.half.at, halves[template.half.of]);
  const at = template.identityAt;
  writeIdentity(bytes, at, { run: run.number, path: cell, sequence }, run.key, sentNs);
  if (!isTagged(tag, sequence)) bytes.fill(0, at + TAG_AT, at + TAG_AT + TAG_LENGTH);
  const sum = onesSum(bytes, at + CHANGING_AT, at + IDENTITY_LENGTH, transportSum);
  setUint16(bytes, at + BALANCE_AT, ~sum & 0xffff);
  return bytes;
}
