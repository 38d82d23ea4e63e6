/** The native addon: what of this machine JavaScript cannot reach. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BeaconError } from '../error.ts';
import { PACKAGE_ROOT } from '../package-root.ts';

export interface NativeBatch {
  /** Packets end to end; `ends[i]` is where packet i ends. */
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /** Bytes of each on the wire: more where it was cut. */
  readonly lengths: Uint32Array;
  /** Nanoseconds since 1970. */
  readonly times: BigUint64Array;
}

export interface SocketOptions {
  readonly filter: string;
  readonly snapLength: number;
  readonly bufferBytes: number;
  /** Sees what leaves too, of one device (`any`: all); packets wait up to so long for others. Left out: what comes in by any, at once. */
  readonly bystander?: { readonly device: string; readonly waitMs: number };
}

export interface NativeSocket {
  activate(): Promise<void>;
  /** How many of the packets the interface took, from the first on. An empty neighbour: the link has none. */
  send(interfaceIndex: number, etherType: number, neighbour: Uint8Array, packets: readonly Uint8Array[]): number;
  linkType(): number;
  /** At most `most` packets, or null where none waits. */
  take(most: number): NativeBatch | null;
  /** Calls back once, when packets wait. */
  watch(readable: () => void): void;
  unwatch(): void;
  dropped(): number;
  /** Packets that passed the filter, those dropped among them. */
  received(): number;
  /** Off the JavaScript thread: the kernel takes 25 ms for it. */
  close(): Promise<void>;
}

export interface Addon {
  readonly PcapSocket: new (options: SocketOptions) => NativeSocket;
  /** Nanoseconds on a clock that nobody sets. */
  monotonicNs(): bigint;
  /** How far the clock that stamps packets is ahead of the monotonic one; only setting it changes that. */
  realtimeAheadNs(): bigint;
  /** What libpcap calls itself. */
  libraryVersion(): string;
  /** Classic BPF, four numbers an instruction: code, jt, jf, k. Throws an error with code EFILTER and libpcap's words. */
  compileFilter(expression: string, dataLinkType: number, snapLength: number): Uint32Array;
  interfaces(): readonly NativeInterface[];
  /**
   * Addresses as bytes; an empty source and index 0 leave the choice to the kernel. `entry`: the table's entry with all its next hops,
   * in place of the way that one packet takes. Throws the errno of the route's type.
   */
  route(destination: Uint8Array, source: Uint8Array, interfaceIndex: number, entry: boolean): NativeRoute;
  /** The link-layer address of a neighbour, or null where the kernel does not know it. */
  neighbour(interfaceIndex: number, address: Uint8Array): Uint8Array | null;
  /** Makes the kernel ask for a neighbour on that interface, at no cost to it; false where nothing could be sent. */
  solicit(interfaceIndex: number, address: Uint8Array): boolean;
  /** null where there is no such interface (any more). */
  counters(interfaceIndex: number): NativeCounters | null;
}

export interface NativeCounters {
  readonly isUp: boolean;
  readonly hasCarrier: boolean;
  /** Packets dropped on their way in, since the interface exists. */
  readonly received: number;
  /** Packets dropped on their way out, by its queue too. */
  readonly sent: number;
}

/** Flags and hardware type as in netdevice(7). */
export interface NativeInterface {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
  readonly flags: number;
  readonly hardwareType: number;
}

export interface NativeRoute {
  readonly interfaceIndex: number;
  readonly gateway: Uint8Array | null;
  readonly source: Uint8Array | null;
  /** To ourselves. */
  readonly isLocal: boolean;
  /** How many the entry has; 1 for one packet's way. */
  readonly nextHops: number;
}

const PATH: string = join(PACKAGE_ROOT, 'native/build/Release/beacon.node');

export function loadAddon(): Addon {
  try {
    return createRequire(import.meta.url)(PATH);
  } catch (cause) {
    throw new BeaconError(
      'ERR_ENGINE',
      'The live engine is not built: apt-get install libpcap-dev g++ make python3, then npm run build; --engine simulated works without it',
      { cause },
    );
  }
}
