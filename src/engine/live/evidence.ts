/**
 * Single packets of a spray, as records in memory that a thread of the addon writes and JavaScript reads: one wake for a batch, a million
 * of them a second. Where the reader is too slow records are dropped and counted.
 *
 * `control`: how many records were written, how many were read (both modulo 2^32), and 1 while a wake is under way. A record is twelve
 * 32-bit words: arrived (ns, low and high), sent (the same), path, sequence, kind | ICMP type << 8 | ICMP code << 16 | headers << 24,
 * interface, and who sent it, in 16 bytes as on the wire.
 */
import { loadMatcherAddon, type MatcherAddon, type NativeEvidence, type NativeEvidenceCounts } from '../../host/spray-addon.ts';
import { type SprayRun, TAGGED_EVERY, type TagMode } from '../spray.ts';
import { explained } from './explained.ts';
import { CAPTURE_FILTER } from './filter.ts';

export const RECORD_WORDS = 12;
/** Where a record has what. */
export const RECORD = {
  arrivedLow: 0,
  arrivedHigh: 1,
  sentLow: 2,
  sentHigh: 3,
  path: 4,
  sequence: 5,
  kind: 6,
  interface: 7,
  source: 8,
} as const;

/** What a record tells of: a landing, or an ICMP error that quotes a probe; the last two are its tag's. */
export const KIND = { otherRun: 2, corrupted: 3, unverified: 4, genuine: 5, errorGenuine: 16, errorUnverified: 17 } as const;
export const kindOf = (words: Int32Array, at: number): number => words[at + RECORD.kind]! & 0xff;

export interface EvidenceJob {
  /** `any`: all interfaces. */
  readonly device: string;
  readonly run: SprayRun;
  readonly templates: number;
  readonly flows: number;
  readonly tag: TagMode;
  /** Records that may wait: a power of two; 2^16 (3 MB) where left out. */
  readonly room?: number;
  /** Bytes of the kernel's ring; 64 MB where left out. */
  readonly bufferBytes?: number;
  /** A pcap expression; all that may be ours where left out. */
  readonly filter?: string;
}

export interface Evidence {
  /**
   * Shows what waits, in order, and frees its room; returns how many there were. `words` is one and the same array for all: what is to be
   * kept must be copied.
   */
  read(each: (words: Int32Array, at: number) => void): number;
  counts(): NativeEvidenceCounts;
  close(): void;
}

const [HEAD, TAIL, AWAKE] = [0, 1, 2];
const CONTROL_WORDS = 16; // a cache line
const ROOM = 2 ** 16;
const BUFFER_BYTES = 64 << 20;
const EVERY: Readonly<Record<TagMode, number>> = { full: 1, sampled: TAGGED_EVERY, none: 0 };

/** `wake` is called when records wait, and not again until they were read. Throws BeaconError where nothing can be captured. */
export function openEvidence(job: EvidenceJob, wake: () => void, addon: MatcherAddon = loadMatcherAddon()): Evidence {
  const room = job.room ?? ROOM;
  const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS));
  const records = new Int32Array(new SharedArrayBuffer(4 * RECORD_WORDS * room));
  const native = opened(job, control, records, wake, addon);
  let tail = 0;

  function read(each: (words: Int32Array, at: number) => void): number {
    Atomics.store(control, AWAKE, 0); // before the look: what is written after it wakes again
    const head = Atomics.load(control, HEAD);
    const count = (head - tail) >>> 0;
    for (let i = 0; i < count; i += 1) each(records, ((tail + i) & (room - 1)) * RECORD_WORDS);
    tail = head;
    Atomics.store(control, TAIL, tail);
    return count;
  }

  return { read, counts: () => native.counts(), close: () => native.close() };
}

function opened(job: EvidenceJob, control: Int32Array, records: Int32Array, wake: () => void, addon: MatcherAddon): NativeEvidence {
  const options = {
    device: job.device,
    filter: job.filter ?? CAPTURE_FILTER,
    bufferBytes: job.bufferBytes ?? BUFFER_BYTES,
    control,
    records,
    run: job.run.number,
    key: job.run.key,
    idKey: job.run.idKey,
    cells: job.templates * job.flows,
    templates: job.templates,
    tagEvery: EVERY[job.tag],
  };
  try {
    return new addon.SprayEvidence(options, wake);
  } catch (error) {
    throw explained(error, job.device);
  }
}
