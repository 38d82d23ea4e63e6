/** The packets and messages of a recording in their order, read as they are needed: a replay holds no more than what lies between two looks. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { OWN_ENTERPRISE } from '../../capture/blocks.ts';
import { captureCutter } from '../../capture/capture.ts';
import { isGzip } from '../../capture/gunzip.ts';
import type { PacketSlot } from '../../capture/slot.ts';
import { BeaconError } from '../../error.ts';
import { uint16, uint32 } from '../../wire/fields.ts';
import { LINK_TYPE, networkAt } from '../../wire/link.ts';
import type { Packet } from '../engine.ts';
import { decoded, type Message } from '../recording/message.ts';
import { ANY } from '../recording/writer.ts';
import { isOurs, isSentProbe, sentNsOf } from './shape.ts';

export type Item = SentItem | ReceivedItem | MessageItem;

export interface SentItem {
  readonly kind: 'sent';
  readonly timeNs: bigint;
  /** The IP packet is `bytes[at, end)`: cutting it out for each would cost as much as all else that is done with it. */
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
  /** The clock has passed it, and nobody has sent it yet. */
  isLate: boolean;
  isTaken: boolean;
}

export const packetOf = ({ bytes, at, end }: SentItem): Uint8Array => bytes.subarray(at, end);

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
  /** How many items are done with. */
  done(): number;
  close(): void;
}

const CHUNK = 1 << 18;
/** LINKTYPE_LINUX_SLL and _SLL2 tell packets of our own. */
const OUTGOING = 4;

/** `run`: whose probes are sent packets, where the recording does not tell directions. */
export function openTape(path: string, run: number | null): Tape {
  const items: (Item | undefined)[] = [];
  let head = 0;
  let done = 0;
  let over = false;
  const chunks = openChunks(path);
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
    if (slot.direction === 'outbound' && slot.linkType === LINK_TYPE.raw) {
      items.push({ kind: 'sent', timeNs: timeOf(slot), bytes: slot.bytes, at: slot.at, end: slot.end, isLate: false, isTaken: false });
      return;
    }
    const bytes = slot.bytes.subarray(slot.at, slot.end);
    if (slot.direction === 'outbound' || (slot.direction === null && isOutgoing(slot, bytes))) {
      const at = networkAt(slot.linkType, bytes);
      if (at < 0 || !isOurs(bytes.subarray(at), run)) return;
      items.push({ kind: 'sent', timeNs: sentTime(timeOf(slot), bytes, at), bytes, at, end: bytes.length, isLate: false, isTaken: false });
      return;
    }
    const [linkType, timeNs] = [slot.linkType, timeOf(slot)];
    const arrivedBy = slot.interface === null || slot.interface === ANY ? cookedName(linkType, bytes) : slot.interface;
    items.push({
      kind: 'received',
      packet: arrivedBy === undefined ? { bytes, linkType, timeNs } : { bytes, linkType, timeNs, arrivedBy },
    });
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
      done += 1;
    },
    done: () => done,
    close: chunks.close,
  };
}

/** The probe says when the code sent it, which is a little before another program saw it leave. */
const LEAVES_WITHIN_NS = 5_000_000n;

function sentTime(stampNs: bigint, bytes: Uint8Array, at: number): bigint {
  const saidNs = sentNsOf(bytes, at);
  return saidNs !== null && saidNs <= stampNs && stampNs - saidNs < LEAVES_WITHIN_NS ? saidNs : stampNs;
}

/** Of a capture on all interfaces, the loopback's number is 1; the names of others are not told. */
const cookedName = (linkType: number, bytes: Uint8Array): string | undefined =>
  linkType === LINK_TYPE.linuxCooked2 && bytes.length >= 8 && uint32(bytes, 4) === 1 ? 'lo' : undefined;

interface Chunks {
  next(): Uint8Array | null;
  close(): void;
}

function openChunks(path: string): Chunks {
  try {
    return chunksOf(path);
  } catch (cause) {
    throw new BeaconError('ERR_FILE', `Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
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
