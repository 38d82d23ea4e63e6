/** The second native addon, which sends at rate. It is built where it can be, and loaded when a spray begins. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BeaconError } from '../error.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import type { SipKey } from '../wire/siphash.ts';

export interface NativeSenderOptions {
  readonly sender: string;
  readonly interface: string;
  readonly queue: number;
  /** The eBPF object of the senders. */
  readonly object: string;
  /** As native/src/spray_templates.h has them. They are not copied: nobody may change them while the sender is open. */
  readonly templates: readonly Uint8Array[];
  /** They are detached when the sender needs them no more: once they are in the kernel, or when it is closed. */
  readonly consumes?: boolean;
  /** In the order of a packet's bytes. */
  readonly values: Uint16Array;
  readonly run: number;
  readonly idKey: number;
  readonly key: SipKey;
  readonly tag: string;
  /** How far the time that packets carry is ahead of the monotonic clock; the matcher's too, to the digit. */
  readonly realtimeAheadNs: number;
  readonly count: number | null;
  readonly perSecond: number | null;
  readonly rampNs: number;
  readonly durationNs: number | null;
}

export interface NativeSenderCounters {
  readonly isFinished: boolean;
  /** All sendable sequences below it were taken. */
  readonly next: number;
  readonly taken: number;
  readonly refused: number;
  /** Time that a stall cost and that was not made up for. */
  readonly givenUpNs: number;
  /** Packets that were taken and then dropped by the device; null where it does not tell. */
  readonly deviceDrops: number | null;
  readonly cpuNs: number | null;
  readonly error: (Error & { readonly code?: string }) | null;
}

export interface NativeSender {
  start(): void;
  stop(): void;
  pace(perSecond: number | null): void;
  counters(): NativeSenderCounters;
  close(): void;
}

export interface SprayFeatures {
  readonly driver: string;
  readonly queues: number;
  /** null: it works; else why not. Left out where it was not tried. */
  readonly live?: string | null;
  readonly afxdp?: string | null;
}

/** null: the kernel has it; else why not. No device is asked. */
export interface SprayKernel {
  /** The programs of tc and XDP. */
  readonly matchers: string | null;
  readonly live: string | null;
  readonly afxdp: string | null;
  /** Whether tc holds them by a link, which dies with its process. */
  readonly tcx: boolean;
}

export interface SenderAddon {
  readonly SpraySender: new (options: NativeSenderOptions) => NativeSender;
  /** `tryIt`: the faster ways are tried on the device, with frames that nobody takes; else it is left alone. */
  sprayFeatures(device: string, queue: number, object: string, tryIt: boolean): SprayFeatures;
  sprayKernel(matchObject: string, sendObject: string): SprayKernel;
}

const PATH: string = join(PACKAGE_ROOT, 'native/build/Release/spray.node');

export const SEND_OBJECT: string = join(PACKAGE_ROOT, 'build/bpf/spray-send.bpf.o');

/** Throws ERR_ENGINE where it is not built. */
export function loadSenderAddon(): SenderAddon {
  try {
    return createRequire(import.meta.url)(PATH);
  } catch (cause) {
    throw new BeaconError(
      'ERR_ENGINE',
      'The engine for sprays is not built: apt-get install libpcap-dev libbpf-dev clang g++ make python3, then npm run build; braceroute probe works without it',
      { cause },
    );
  }
}
