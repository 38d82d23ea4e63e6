/**
 * What else a spray hears besides its matcher: landings for whoever records them, one in so many by a filter in the kernel, and ICMP
 * errors that quote its probes. tc comes after both; XDP takes landings before, and leaves errors.
 */
import type { Addon, NativeSocket } from '../../host/addon.ts';
import { addressText } from '../../wire/address.ts';
import type { Packet } from '../engine.ts';
import type { SprayError, SprayJob } from '../spray.ts';
import { createErrorCounts } from '../spray-errors.ts';
import { KIND, kindOf, openEvidence, RECORD } from './evidence.ts';
import { CAPTURE_FILTER } from './filter.ts';

export interface SprayTap {
  /** Takes what has come since. */
  look(): void;
  errors(): readonly SprayError[];
  close(): Promise<void>;
}

const SNAP_LENGTH = 1600;
const TAKE = 512;
/** Errors are few: routers limit them. */
const FEW = 2 ** 14;
const SMALL_BUFFER_BYTES = 1 << 20;
/** What a packet takes in the ring, and how long its reader may be away. */
const SLOT_BYTES = 2048;
const AWAY_SECONDS = 0.8;

/** ICMP errors but for redirects, which come beside an answer. */
const ERRORS = '(icmp and (icmp[0] = 3 or icmp[0] = 11 or icmp[0] = 12)) or (icmp6 and ip6[40] < 128)';

const HEADER = 8;
const SEQUENCE_AT = 16;

/** Landings wear one or two headers, of either family. */
function oneIn(every: number): string {
  if (every === 1) return CAPTURE_FILTER;
  const is = (condition: string, header: string, from: number): string =>
    `(${condition} and ${header}[${from + HEADER + SEQUENCE_AT}:4] & 0x${(every - 1).toString(16)} = 0)`;
  return [
    is('(ip proto 17 or icmp)', 'ip', 20),
    is('ip proto 4', 'ip', 40),
    is('ip proto 41', 'ip', 60),
    is('(ip6 proto 17 or icmp6)', 'ip6', 40),
    is('ip6 proto 4', 'ip6', 60),
    is('ip6 proto 41', 'ip6', 80),
  ].join(' or ');
}

/** `packetsOf` makes packets of what a handle captured. */
export async function openTap(
  addon: Addon,
  job: SprayJob,
  packetsOf: (batch: NonNullable<ReturnType<NativeSocket['take']>>, linkType: number) => readonly Packet[],
): Promise<SprayTap> {
  const { sample, templates, flows, run, tag } = job;
  const counts = createErrorCounts();
  const plan = { device: 'any', run, templates, flows, tag, room: FEW, bufferBytes: SMALL_BUFFER_BYTES, filter: ERRORS };
  const evidence = openEvidence(plan, () => {});
  let socket: NativeSocket | null = null;
  try {
    if (sample !== undefined) {
      const bufferBytes = Math.max(SMALL_BUFFER_BYTES, Math.ceil(AWAY_SECONDS * sample.perSecond * SLOT_BYTES));
      socket = new addon.PcapSocket({ filter: oneIn(sample.every), snapLength: SNAP_LENGTH, bufferBytes });
    }
    await socket?.activate();
  } catch (error) {
    evidence.close();
    throw error;
  }
  let isClosed = false;

  function error(words: Int32Array, at: number): void {
    const kind = kindOf(words, at);
    if (kind !== KIND.errorGenuine && kind !== KIND.errorUnverified) return;
    const [said, template] = [words[at + RECORD.kind]!, (words[at + RECORD.path]! >>> 0) % templates];
    counts.count(template, (said >> 8) & 0xff, (said >> 16) & 0xff, sourceOf(words, at));
  }

  return {
    look() {
      evidence.read(error);
      if (socket === null) return;
      for (let batch = socket.take(TAKE); batch !== null; batch = socket.take(TAKE)) {
        for (const packet of packetsOf(batch, socket.linkType())) sample!.home(packet);
      }
    },
    errors: counts.all,
    async close() {
      if (isClosed) return;
      isClosed = true;
      evidence.close();
      await socket?.close();
    },
  };
}

const MAPPED_LENGTH = 12;

/** Sixteen bytes; IPv4 is mapped into IPv6. */
function sourceOf(words: Int32Array, at: number): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + 4 * (at + RECORD.source), 16).slice();
  const isMapped = bytes.subarray(0, MAPPED_LENGTH - 2).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return isMapped ? addressText(bytes, MAPPED_LENGTH, 4) : addressText(bytes);
}
