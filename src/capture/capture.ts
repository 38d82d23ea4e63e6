/** Recordings → packets: tells pcap from pcapng, and reads either as it comes, in constant memory. */
import { type Malformed, malformed } from '../wire/decoded.ts';
import { type Cutter, cutter } from './cutter.ts';
import type { Format, Window } from './format.ts';
import { pcapFormat } from './pcap.ts';
import { pcapngFormat } from './pcapng-read.ts';
import type { CaptureItem } from './record.ts';

/** Bytes that tell the kinds of files apart; neither kind has a shorter file. */
const DETECT_LENGTH = 12;

/** For those who have the chunks at hand and no wish to wait: see `Cutter`. */
export const captureCutter = (): Cutter => cutter(DETECT_LENGTH, detect);

function detect(window: Window, at: number): Format | Malformed {
  const magic = window.view.getUint32(at).toString(16).padStart(8, '0');
  return pcapngFormat(window, at) ?? pcapFormat(window, at) ?? malformed(`a file that begins with 0x${magic} is neither pcap nor pcapng`);
}

/**
 * What a recording holds, in its order. The chunks may have any size, and must not be used again by their source: the bytes of a
 * packet are a part of them. A file that is no capture, torn or nonsense ends with one `damage`; an error of the source is thrown.
 */
export async function* readCapture(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<CaptureItem> {
  const file = captureCutter();
  for await (const chunk of chunks) {
    for (const item of file.push(chunk)) yield item;
    if (file.damaged()) return;
  }
  const damage = file.end();
  if (damage !== null) yield damage;
}
