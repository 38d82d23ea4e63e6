/** The options that close a pcapng block (draft-ietf-opsawg-pcapng §3.5): code, length, value padded to 32 bits. */
import { type Malformed, malformed } from '../wire/decoded.ts';
import type { Window } from './format.ts';

/** The codes that are read or written here; each is defined for its own kind of block, comments for all. */
export const OPTION = {
  end: 0,
  comment: 1,
  section: { application: 4 },
  interface: { name: 2, resolution: 9, filter: 11, offset: 14 },
  packet: { flags: 2 },
  statistics: { received: 4, dropped: 5 },
} as const;

export interface Option {
  code: number;
  value: Uint8Array;
}

const HEADER = 4;
const LONGEST_VALUE = 0xffff;

/** Bytes with their padding to 32 bits. */
export const padded = (length: number): number => (length + 3) & ~3;

/** The options between two offsets. The closing one may be missing. */
export function readOptions({ bytes, view }: Window, from: number, to: number, littleEndian: boolean): Option[] | Malformed {
  const options: Option[] = [];
  for (let at = from; at + HEADER <= to; ) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === OPTION.end) break;
    if (at + HEADER + length > to) return malformed(`option ${code} of ${length} bytes runs out of its block`);
    options.push({ code, value: bytes.subarray(at + HEADER, at + HEADER + length) });
    at += HEADER + padded(length);
  }
  return options;
}

/** Bytes of the options when written; none take none, and need no closing one. */
export const optionsLength = (options: readonly Option[]): number =>
  options.length === 0 ? 0 : options.reduce((sum, { value }) => sum + HEADER + padded(value.length), HEADER);

/** Writes little-endian options into zeroed bytes. Throws RangeError for a value that does not fit. */
export function writeOptions({ bytes, view }: Window, from: number, options: readonly Option[]): void {
  let at = from;
  for (const { code, value } of options) {
    if (value.length > LONGEST_VALUE) throw new RangeError(`A pcapng text has at most ${LONGEST_VALUE} bytes, got ${value.length}`);
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + HEADER);
    at += HEADER + padded(value.length);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export const text = (bytes: Uint8Array): string => decoder.decode(bytes);
export const textOption = (code: number, value: string): Option => ({ code, value: encoder.encode(value) });

export function uint64Option(code: number, value: bigint): Option {
  if (value < 0n || value >= 1n << 64n) throw new RangeError(`A counter is 0 to 2^64-1, got ${value}`);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return { code, value: bytes };
}
