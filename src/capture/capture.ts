/** Recordings → packets: tells pcap from pcapng, and reads either as it comes, in constant memory. */
import { type Malformed, malformed } from '../wire/decoded.ts';
import { type Cutter, cutter } from './cutter.ts';
import type { BesidePacket, Format, Window } from './format.ts';
import { TornGzip } from './gunzip.ts';
import { opened } from './opened.ts';
import { pcapFormat } from './pcap.ts';
import { pcapngFormat } from './pcapng-read.ts';
import type { CaptureItem, Damage } from './record.ts';
import type { PacketSlot } from './slot.ts';

/** Bytes that tell the kinds of files apart; neither kind has a shorter file. */
const DETECT_LENGTH = 12;

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** For those who have the chunks at hand and no wish to wait: see `Cutter`. The first must hold a record where variants of pcap may come. */
export const captureCutter = (): Cutter => cutter(DETECT_LENGTH, detect);

function detect(window: Window, at: number, available: number): Format | Malformed {
  const magic = window.view.getUint32(at).toString(16).padStart(8, '0');
  return (
    pcapngFormat(window, at) ??
    pcapFormat(window, at, available) ??
    malformed(`a file that begins with 0x${magic} is neither pcap nor pcapng`)
  );
}

/**
 * What a recording holds, in its order. The chunks may have any size, and must not be used again by their source: the bytes of a
 * packet are a part of them. A file that is no capture, torn or nonsense ends with one `damage`; an error of the source is thrown.
 */
export async function* readCapture(chunks: Chunks): AsyncGenerator<CaptureItem> {
  const file = captureCutter();
  const torn = tearing();
  for await (const chunk of torn.catching(opened(chunks))) {
    for (const item of file.push(chunk)) yield item;
    if (file.damaged()) return;
  }
  const damage = torn.damage(file);
  if (damage !== null) yield damage;
}

/** The same by calls, without an object a packet: the slot is the same one each time. Resolves when all is read. */
export async function eachPacket(
  chunks: Chunks,
  packet: (slot: PacketSlot) => void,
  other: (item: BesidePacket | Damage) => void,
  /** After each chunk; false ends the reading. */
  more: () => boolean | Promise<boolean> = () => true,
): Promise<void> {
  const file = captureCutter();
  const torn = tearing();
  for await (const chunk of torn.catching(opened(chunks))) {
    file.each(chunk, packet, other);
    if (file.damaged() || !(await more())) return;
  }
  const damage = torn.damage(file);
  if (damage !== null) other(damage);
}

/** A compressed stream that breaks off is the file's damage, not an error of its source. */
function tearing(): { catching(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>; damage(file: Cutter): Damage | null } {
  let reason: string | null = null;
  let length = 0;
  async function* catching(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of chunks) {
        length += chunk.length;
        yield chunk;
      }
    } catch (error) {
      if (!(error instanceof TornGzip)) throw error;
      reason = error.message;
    }
  }
  const damage = (file: Cutter): Damage | null => {
    const rest = file.end();
    if (reason === null) return rest;
    return { kind: 'damage', offset: length === 0 ? 0 : (rest?.offset ?? length), reason: `the gzip stream breaks off: ${reason}` };
  };
  return { catching, damage };
}
