/** Packets as they pass, both ways: what a capture sees beside whatever else runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconError } from '../../error.ts';
import { type Addon, loadAddon, type NativeBatch, type NativeSocket } from '../../host/addon.ts';
import { LINK_TYPE } from '../../wire/link.ts';
import { explained } from './explained.ts';

export interface ListenOptions {
  /** The name of an interface; `any`: all that are up, also later. */
  readonly device: string;
  /** A pcap expression. */
  readonly filter: string;
  /** Bytes of the kernel's ring; 32 MB where left out. */
  readonly bufferBytes?: number;
}

export interface Listening {
  /** As in capture files. */
  readonly linkType: number;
  /** What has come, the interface's end thrown as BeaconError; null where nothing comes within this time, or before the signal. */
  next(waitMs: number, signal: AbortSignal): Promise<NativeBatch | null>;
  /** Everything that came until now. */
  rest(): Promise<NativeBatch[]>;
  /** Packets that passed the filter, and those of them that the kernel had no room for. */
  counts(): { received: number; dropped: number };
  close(): Promise<void>;
}

const BUFFER_BYTES = 32 << 20;
/** The longest packet that a capture file holds. */
const SNAP_LENGTH = 262_144;
/** The kernel hands packets out by the block, full or so old. */
const BLOCK_MS = 50;
const TAKE = 1024;
/** libpcap's DLT_RAW, which capture files number otherwise. */
const LINK_TYPES: Readonly<Record<number, number>> = { 12: LINK_TYPE.raw };

/** Throws BeaconError: ERR_PRIVILEGE, ERR_NO_INTERFACE, ERR_INTERFACE_DOWN, ERR_USAGE with libpcap's words for a filter that it cannot read. */
export async function listen(
  { device, filter, bufferBytes = BUFFER_BYTES }: ListenOptions,
  addon: Addon = loadAddon(),
): Promise<Listening> {
  const socket = new addon.PcapSocket({ filter, snapLength: SNAP_LENGTH, bufferBytes, bystander: { device, waitMs: BLOCK_MS } });
  try {
    await socket.activate();
  } catch (error) {
    await socket.close();
    if ((error as { code?: string }).code !== 'EFILTER') throw explained(error, device);
    throw new BeaconError('ERR_USAGE', `--filter "${filter}": libpcap says: ${(error as Error).message}; see man pcap-filter`, {
      cause: error,
    });
  }
  const linkType = socket.linkType();
  const take = (): NativeBatch | null => {
    try {
      return socket.take(TAKE);
    } catch (error) {
      throw explained(error, device); // it went down, or is gone
    }
  };
  return {
    linkType: LINK_TYPES[linkType] ?? linkType,
    async next(waitMs, signal) {
      const batch = take();
      if (batch !== null || waitMs <= 0 || signal.aborted) return batch;
      await readable(socket, waitMs, signal);
      return take();
    },
    async rest() {
      await sleep(2 * BLOCK_MS); // until the last block is handed out
      const batches: NativeBatch[] = [];
      for (let batch = take(); batch !== null && batches.length < MOST_LEFT; batch = take()) batches.push(batch);
      return batches;
    },
    counts: () => ({ received: socket.received(), dropped: socket.dropped() }),
    close: () => socket.close(),
  };
}

/** A flood need not end: so much is in the ring at most. */
const MOST_LEFT = 512;

function readable(socket: NativeSocket, waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      socket.unwatch();
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    signal.addEventListener('abort', done);
    socket.watch(done);
  });
}
