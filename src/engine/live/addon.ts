/** The native addon, and what its errors mean to a user. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { BeaconError } from '../../error.ts';

export interface NativeBatch {
  /** Packets end to end; `ends[i]` is where packet i ends. */
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /** Nanoseconds since 1970. */
  readonly times: BigUint64Array;
}

export interface NativeCapture {
  linkType(): number;
  /** At most `most` packets, or null where none waits. */
  take(most: number): NativeBatch | null;
  /** Calls back once, when packets wait. */
  watch(readable: () => void): void;
  unwatch(): void;
  dropped(): number;
  close(): void;
}

export interface NativeInjector {
  linkType(): number;
  send(header: Uint8Array, packets: readonly Uint8Array[]): number;
  close(): void;
}

export interface Addon {
  readonly Capture: new (device: string, options: { filter: string; snapLength: number; bufferBytes: number }) => NativeCapture;
  readonly Injector: new (device: string) => NativeInjector;
  realtimeNs(): bigint;
}

/** src/ and dist/ stand side by side, so the way up is the same from both. */
const PATH: string = fileURLToPath(new URL('../../../native/build/Release/beacon.node', import.meta.url));

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
