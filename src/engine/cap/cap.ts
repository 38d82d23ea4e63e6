/** The engine `cap`: probes leave and answers come in by the npm package of that name, in this process. */
import type { EventEmitter } from 'node:events';
import { setImmediate as eventLoop } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { BeaconError } from '../../error.ts';
import { loadPackage } from '../../host/optional-package.ts';
import type { Engine } from '../engine.ts';
import type { LiveOptions } from '../live/live.ts';
import { openPackageEngine } from '../packages/engine.ts';
import { type Frame, type Handle, type HandleOptions, linkTypeOf, refusal } from '../packages/handle.ts';
import { LIMITS, limitText } from '../packages/limits.ts';

/** Its classes as far as they are used here. */
interface Cap extends EventEmitter {
  /** The name of the link type. */
  open(device: string, filter: string, bufferBytes: number, packet: Buffer): string;
  send(frame: Buffer, length: number): void;
  close(): boolean;
}

/** Its snap length cannot be chosen, and so are the slots of its ring: fewer bytes would hold a few packets only. */
const LEAST_BUFFER_BYTES = 10 << 20;
const LARGEST_FRAME = 65_535;
/** strerror(3) of ENOBUFS, as libpcap words it. */
const QUEUE_FULL = /No buffer space available/;

/** A closed one that is collected leaves its poll handle in libuv's list, and the next walk through it crashes. */
const keptForLife: { readonly cap: Cap; readonly packet: Buffer }[] = [];

/** Throws BeaconError ERR_ENGINE where the package is not there, or in a worker thread. */
export function openCap(options: LiveOptions): Engine {
  if (!isMainThread) throw new BeaconError('ERR_ENGINE', `The engine cap ${limitText(LIMITS.cap.threads)}`);
  const { Cap } = loadPackage('cap') as { Cap: new () => Cap };
  return openPackageEngine({ name: 'cap', countDrops: false, open: async (asked) => openHandle(new Cap(), asked) }, options);
}

function openHandle(cap: Cap, { device, filter, bufferBytes, clock, wake, refused }: HandleOptions): Handle {
  const packet = Buffer.alloc(LARGEST_FRAME);
  keptForLife.push({ cap, packet });
  const linkType = opened(cap, device, filter, Math.max(bufferBytes, LEAST_BUFFER_BYTES), packet);
  let frames: Frame[] = [];
  cap.on('packet', (length: number) => {
    frames.push({ bytes: new Uint8Array(packet.subarray(0, length)), timeNs: clock.nowNs() });
    wake();
  });
  return {
    linkType,
    send(all) {
      for (const [index, frame] of all.entries()) {
        if (!sent(cap, frame, device)) {
          refused();
          return index;
        }
      }
      return all.length;
    },
    take() {
      const come = frames;
      frames = [];
      return come;
    },
    // the second turn has looked at the sockets since we were called
    async settle() {
      await eventLoop();
      await eventLoop();
    },
    drops: () => 0,
    async close() {
      cap.close();
    },
  };
}

function opened(cap: Cap, device: string, filter: string, bufferBytes: number, packet: Buffer): number {
  try {
    return linkTypeOf(cap.open(device, filter, bufferBytes, packet), device);
  } catch (error) {
    if (error instanceof BeaconError) cap.close();
    throw error instanceof BeaconError ? error : refusal((error as Error).message, device);
  }
}

/** False where a queue is full. */
function sent(cap: Cap, frame: Uint8Array, device: string): boolean {
  try {
    cap.send(frame as Buffer, frame.length);
    return true;
  } catch (error) {
    const { message } = error as Error;
    if (QUEUE_FULL.test(message)) return false;
    throw refusal(message, device);
  }
}
