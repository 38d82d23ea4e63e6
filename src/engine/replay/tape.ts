/** The packets and messages of a recording in their order, read as they are needed: a replay holds no more than what lies between two looks. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { OWN_ENTERPRISE } from '../../capture/blocks.ts';
import { captureCutter } from '../../capture/capture.ts';
import { isGzip } from '../../capture/gunzip.ts';
import type { PacketSlot } from '../../capture/slot.ts';
import { uint16 } from '../../wire/fields.ts';
import { LINK_TYPE, networkAt } from '../../wire/link.ts';
import type { Packet } from '../engine.ts';
import { decoded, type Message } from '../recording/message.ts';
import { isOurs, isSentProbe } from './shape.ts';

export type Item = SentItem | ReceivedItem | MessageItem;

export interface SentItem {
  readonly kind: 'sent';
  readonly timeNs: bigint;
  /** The IP packet. */
  readonly bytes: Uint8Array;
  /** The clock has passed it, and nobody has sent it yet. */
  isLate: boolean;
  isTaken: boolean;
}

export interface ReceivedItem {
  readonly kind: 'received';
  readonly packet: Packet;
}

export interface MessageItem {
  readonly kind: 'message';
  readonly message: Message;
}

export interface Tape {
  /** The item so many places after the next, or null where the recording is over. */
  peek(ahead: number): Item | null;
  /** The next item is done with. */
  shift(): void;
  close(): void;
}

const CHUNK = 1 << 20;
/** LINKTYPE_LINUX_SLL and _SLL2 tell packets of our own. */
const OUTGOING = 4;

/** `run`: whose probes are sent packets, where the recording does not tell directions. */
export function openTape(path: string, run: number | null): Tape {
  const items: (Item | undefined)[] = [];
  let head = 0;
  let over = false;
  const chunks = chunksOf(path);
  const file = captureCutter();
  const seen = new Set<number>();
  let second = -1;
  let secondNs = 0n;

  function timeOf({ seconds, nanoseconds }: PacketSlot): bigint {
    if (seconds !== second) {
      second = seconds;
      secondNs = BigInt(seconds) * 1_000_000_000n;
    }
    return secondNs + BigInt(nanoseconds);
  }

  function packet(slot: PacketSlot): void {
    const bytes = slot.bytes.subarray(slot.at, slot.end);
    if (slot.direction === 'outbound' || (slot.direction === null && isOutgoing(slot, bytes))) {
      const at = slot.linkType === LINK_TYPE.raw ? 0 : networkAt(slot.linkType, bytes);
      const ours = at < 0 ? null : bytes.subarray(at);
      if (ours === null || (slot.direction === null && !isOurs(ours, run))) return;
      items.push({ kind: 'sent', timeNs: timeOf(slot), bytes: ours, isLate: false, isTaken: false });
      return;
    }
    items.push({ kind: 'received', packet: { bytes, linkType: slot.linkType, timeNs: timeOf(slot) } });
  }

  /** Ethernet and its like do not tell; of a probe of ours the first sight is its going out. */
  function isOutgoing({ linkType }: PacketSlot, bytes: Uint8Array): boolean {
    if (linkType === LINK_TYPE.linuxCooked2) return bytes[10] === OUTGOING;
    if (linkType === LINK_TYPE.linuxCooked) return bytes.length >= 2 && uint16(bytes, 0) === OUTGOING;
    const at = networkAt(linkType, bytes);
    const sequence = at < 0 ? null : isSentProbe(bytes.subarray(at), run);
    if (sequence === null || seen.has(sequence)) return false;
    seen.add(sequence);
    return true;
  }

  function more(): boolean {
    const chunk = over ? null : chunks.next();
    if (chunk === null) {
      over = true;
      return false;
    }
    if (head > 0) items.splice(0, head);
    head = 0;
    file.each(chunk, packet, (item) => {
      if (item.kind === 'damage') over = true;
      if (item.kind !== 'custom' || item.enterpriseNumber !== OWN_ENTERPRISE) return;
      const message = decoded(item.bytes);
      if (message !== null) items.push({ kind: 'message', message });
    });
    return true;
  }

  return {
    peek(ahead) {
      while (head + ahead >= items.length) if (!more()) return null;
      return items[head + ahead]!;
    },
    shift() {
      items[head] = undefined;
      head += 1;
    },
    close: chunks.close,
  };
}

interface Chunks {
  next(): Uint8Array | null;
  close(): void;
}

/** Reads without waiting, since `send` cannot wait. What is compressed is undone in memory. */
function chunksOf(path: string): Chunks {
  const fd = openSync(path, 'r');
  let at = 0;
  let inflated: Uint8Array | null = null;
  let closed = false;
  const close = (): void => {
    if (!closed) closeSync(fd);
    closed = true;
  };
  const first = new Uint8Array(2);
  if (readSync(fd, first, 0, 2, 0) === 2 && isGzip(first)) inflated = gunzipSync(readFileSync(path), { finishFlush: 2 }); // what is cut counts
  return {
    next() {
      if (closed) return null;
      if (inflated !== null) {
        const chunk = inflated.subarray(at, at + CHUNK);
        at += chunk.length;
        return chunk.length === 0 ? null : chunk;
      }
      const chunk = new Uint8Array(CHUNK); // packets are parts of it
      const length = readSync(fd, chunk, 0, CHUNK, at);
      at += length;
      return length === 0 ? null : chunk.subarray(0, length);
    },
    close,
  };
}
