/** One interface as one of the packages opened it: frames out, frames in. */
import { BeaconError } from '../../error.ts';
import { LINK_TYPE } from '../../wire/link.ts';
import { explained } from '../live/explained.ts';
import type { SteadyClock } from '../live/steady-clock.ts';

export interface Frame {
  readonly bytes: Uint8Array;
  readonly timeNs: bigint;
}

export interface Handle {
  /** As in capture files. */
  readonly linkType: number;
  /** How many of the frames it took, from the first on. */
  send(frames: readonly Uint8Array[]): number;
  /** What came since the last call. Throws BeaconError where it hears nothing any more. */
  take(): readonly Frame[];
  /** Resolves when all that came until now can be taken. */
  settle(): Promise<void>;
  /** Frames that it knows to be lost; only ever grows. */
  drops(): number;
  close(): Promise<void>;
}

export interface HandleOptions {
  readonly device: string;
  /** A pcap expression. */
  readonly filter: string;
  readonly snapLength: number;
  readonly bufferBytes: number;
  readonly clock: SteadyClock;
  /** To be called when something can be taken. */
  readonly wake: () => void;
  /** To be called for each frame that a queue of the kernel refused. */
  readonly refused: () => void;
}

export type OpenHandle = (options: HandleOptions) => Promise<Handle>;

/** As the packages call it, each in its own way. */
const ETHERNET: ReadonlySet<string> = new Set(['ETHERNET', 'LINKTYPE_ETHERNET']);

/** Throws ERR_ENGINE for a link whose header we cannot write. */
export function linkTypeOf(name: string, device: string): number {
  if (ETHERNET.has(name)) return LINK_TYPE.ethernet;
  throw new BeaconError('ERR_ENGINE', `${device} is no Ethernet (libpcap: ${name}): --engine live can send by it`);
}

/** The packages pass on libpcap's words, and no code. */
const CODES: readonly (readonly [RegExp, string])[] = [
  [/CAP_NET_RAW|permi/i, 'EPERM'],
  [/No such device/i, 'ENODEV'],
  [/not up|is down/i, 'ENETDOWN'],
];

export function refusal(words: string, device: string): unknown {
  const code = CODES.find(([pattern]) => pattern.test(words))?.[1] ?? 'EPCAP';
  return explained(Object.assign(new Error(words), { code }), device);
}
