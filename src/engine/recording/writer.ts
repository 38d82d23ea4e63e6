/** A recording as it is written: packets of numbered interfaces, and messages between them. */
import { interfaceBlock, ownBlock, packetBlock, pcapngHeader, statisticsBlock } from '../../capture/pcapng-write.ts';
import type { Direction } from '../../capture/record.ts';
import { createFile, type Page, type RecordingFile } from './file.ts';
import { encoded, type Message } from './message.ts';

export interface RecordingWriter {
  packet(direction: Direction, name: string, linkType: number, bytes: Uint8Array, timeNs: bigint): void;
  message(message: Message): void;
  /** What is kept back goes to the file. */
  flush(): void;
  /** Counters, and the end. */
  close(atNs: bigint, dropped: number): void;
  readonly file: RecordingFile;
  sent(): number;
  received(): number;
}

export interface WriterOptions {
  readonly application: string;
  /** How packets are captured. */
  readonly captured: { readonly linkType: number; readonly filter?: string };
  /** Each packet goes to the file at once. */
  readonly eachPacket: boolean;
  /** Called once when the file takes no more. */
  readonly failing: () => void;
}

const FLUSH_MS = 1000;
/** The interface of what is received where the engine does not tell which; the first in the file. */
export const ANY = 'any';

/** Throws BeaconError ERR_FILE. */
export function createWriter(path: string, { application, captured, eachPacket, failing }: WriterOptions): RecordingWriter {
  const file = createFile(path, failing);
  const numbers = new Map<string, number>();
  let [lastName, lastLinkType, lastNumber] = ['', -1, -1];
  const counts = { inbound: 0, outbound: 0 };
  file.append(pcapngHeader({ application }));
  numberOf(ANY, captured.linkType);
  const timer = setInterval(file.flush, FLUSH_MS).unref();

  function numberOf(name: string, linkType: number): number {
    if (name === lastName && linkType === lastLinkType) return lastNumber;
    const key = `${linkType} ${name}`;
    const known = numbers.get(key);
    if (known !== undefined) return remembered(name, linkType, known);
    const filtered = linkType === captured.linkType && captured.filter !== undefined;
    file.append(interfaceBlock({ name, linkType, ...(filtered && { filter: captured.filter! }) }));
    numbers.set(key, numbers.size);
    return remembered(name, linkType, numbers.size - 1);
  }

  function remembered(name: string, linkType: number, number: number): number {
    [lastName, lastLinkType, lastNumber] = [name, linkType, number];
    return number;
  }

  return {
    packet(direction, name, linkType, bytes, timeNs) {
      const number = numberOf(name, linkType);
      counts[direction] += 1;
      const length = blockLength(bytes);
      if (length <= SMALL) {
        file.reserve(length);
        putPacket(file.page, number, bytes, timeNs, direction);
      } else {
        const record = { bytes, linkType, timeNs, originalLength: bytes.length, interface: name, comment: null, direction };
        file.append(packetBlock(number, record));
      }
      if (eachPacket) file.flush();
    },
    message: (message) => file.append(ownBlock(encoded(message))),
    flush: file.flush,
    close(atNs, dropped) {
      clearInterval(timer);
      const counted = { timeNs: atNs, received: BigInt(counts.inbound), dropped: BigInt(dropped) };
      file.append(statisticsBlock({ interfaceIndex: 0, ...counted }));
      file.append(ownBlock(encoded({ kind: 'end', sent: counts.outbound, received: counts.inbound })));
      file.close();
    },
    file,
    sent: () => counts.outbound,
    received: () => counts.inbound,
  };
}

/** Larger ones than any probe go the long way. */
const SMALL = 1 << 16;
const FIXED = 44; // head, epb_flags, the end of the options, trailer

const blockLength = (bytes: Uint8Array): number => FIXED + ((bytes.length + 3) & ~3);

let baseNs = 0n; // of the last stamp's span, so that a BigInt is divided once in four seconds
let [high, low] = [0, 0];
const SPAN = 2 ** 32;

/** As `packetBlock`, without an object or an array of its own: a hundred thousand a second are written. */
function putPacket(page: Page, number: number, bytes: Uint8Array, timeNs: bigint, direction: Direction): void {
  const { view, at } = page;
  const length = blockLength(bytes);
  let ticks = Number(timeNs - baseNs) + low;
  if (!(ticks >= 0 && ticks < SPAN)) {
    baseNs = timeNs;
    high = Number(timeNs >> 32n);
    low = Number(timeNs & 0xffffffffn);
    ticks = low;
  }
  view.setUint32(at, 6, true);
  view.setUint32(at + 4, length, true);
  view.setUint32(at + 8, number, true);
  view.setUint32(at + 12, high, true);
  view.setUint32(at + 16, ticks, true);
  view.setUint32(at + 20, bytes.length, true);
  view.setUint32(at + 24, bytes.length, true);
  page.bytes.set(bytes, at + 28);
  let next = at + 28 + bytes.length;
  for (const end = at + length - 16; next < end; next += 1) page.bytes[next] = 0;
  view.setUint32(next, 0x0004_0002, true); // option 2, epb_flags, of 4 bytes
  view.setUint32(next + 4, direction === 'inbound' ? 1 : 2, true);
  view.setUint32(next + 8, 0, true);
  view.setUint32(next + 12, length, true);
  page.at = at + length;
}
