/** The native addon: what of this machine JavaScript cannot reach. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BeaconError } from '../error.ts';
import { PACKAGE_ROOT } from '../package-root.ts';

export interface NativeBatch {
  /** Packets end to end; `ends[i]` is where packet i ends. */
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /** Nanoseconds since 1970. */
  readonly times: BigUint64Array;
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
  /** Off the JavaScript thread: the kernel takes 25 ms for it. */
  close(): Promise<void>;
}

export interface Addon {
  readonly PcapSocket: new (options: { filter: string; snapLength: number; bufferBytes: number }) => NativeSocket;
  realtimeNs(): bigint;
  /** What libpcap calls itself. */
  libraryVersion(): string;
  interfaces(): readonly NativeInterface[];
  /** Addresses as bytes; an empty source and index 0 leave the choice to the kernel. Throws the errno of the route's type. */
  route(destination: Uint8Array, source: Uint8Array, interfaceIndex: number): NativeRoute;
  /** The link-layer address of a neighbour, or null where the kernel does not know it. */
  neighbour(interfaceIndex: number, address: Uint8Array): Uint8Array | null;
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
