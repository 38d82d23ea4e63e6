/** The native addon, and what its errors mean to a user. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BeaconError } from '../../error.ts';
import { PACKAGE_ROOT } from '../../package-root.ts';

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

/** What an error of the addon's means, in our codes. */
export function explained(error: unknown, interfaceName: string): unknown {
  const { code, message } = error as { code?: string; message: string };
  if (code === 'EPERM' || code === 'EACCES') {
    return new BeaconError('ERR_PRIVILEGE', `Raw packets need CAP_NET_RAW (${message}): run it as root, or see "Privileges" in README.md`, {
      cause: error,
    });
  }
  if (code === 'ENODEV') return new BeaconError('ERR_NO_INTERFACE', `There is no interface "${interfaceName}"`, { cause: error });
  if (code === 'ENETDOWN' || code === 'ENXIO') {
    return new BeaconError('ERR_INTERFACE_DOWN', `The interface ${interfaceName} went down: ip link set ${interfaceName} up`, {
      cause: error,
    });
  }
  return code === undefined ? error : new BeaconError('ERR_ENGINE', `${interfaceName}: ${message}`, { cause: error });
}
