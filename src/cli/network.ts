/** The network a command works on, and who is called what in it. */
import { readFile, stat } from 'node:fs/promises';
import type { Engine } from '../engine/engine.ts';
import { BeaconError } from '../error.ts';
import type { Names } from '../host/names.ts';
import { type Address, type FamilyNumber, familyOf, parseAddress } from '../wire/address.ts';

export interface Network {
  readonly engine: Engine;
  readonly names: Names;
  /** Random bytes for the run: a seeded engine repeats them. */
  readonly random?: (length: number) => Uint8Array;
  /** Our other addresses of the same family, the best second source first; none are known where it is left out. */
  readonly ownAddresses?: (beside: Address) => readonly Address[];
}

export interface NetworkOptions {
  readonly engine: 'live' | 'simulated';
  readonly read?: string;
  readonly interface: string;
  readonly address?: string;
  readonly uplink?: string;
  readonly size?: number;
  /** How many answers may come at once. */
  readonly answers: 'few' | 'many';
}

/** A trace has few answers at a time, and a large ring would cost it 10 ms, since the kernel zeroes it. */
const SMALL_BUFFER_BYTES = 2 << 20;

/** Rooms are loaded when they are needed: a trace must not wait for a simulator. */
export async function openNetwork(options: NetworkOptions): Promise<Network> {
  if (options.engine === 'simulated') return openSimulated(options);
  if (options.read !== undefined)
    throw new BeaconError('ERR_USAGE', `--read ${options.read} is the topology of --engine simulated: give that too`);
  const [{ openLive }, { systemNames }, { ownAddresses }] = await Promise.all([
    import('../engine/live/live.ts'),
    import('../host/names.ts'),
    import('../host/own-addresses.ts'),
  ]);
  const engine = openLive({
    interface: options.interface === 'any' ? null : options.interface,
    source: ownAddress(options.address),
    uplink: addressIn('--uplink', options.uplink, 'that of a router on one of our links'),
    largest: options.size ?? 0,
    ...(options.answers === 'few' && { bufferBytes: SMALL_BUFFER_BYTES }),
  });
  return { engine, names: systemNames(), ownAddresses };
}

async function openSimulated({ read, interface: device, address, uplink }: NetworkOptions): Promise<Network> {
  if (device !== 'any' || address !== undefined || uplink !== undefined) {
    throw new BeaconError('ERR_USAGE', '--interface, --address and --uplink are of the live engine: in a topology the vantage has its own');
  }
  if (read === undefined) throw new BeaconError('ERR_USAGE', '--engine simulated needs a topology: --read FILE');
  const [{ simulatedNetwork }, { readTopology }] = await Promise.all([import('./simulated-network.ts'), import('./topology-file.ts')]);
  return simulatedNetwork(await readTopology(read));
}

export const ownAddress = (text: string | undefined): Address | null => addressIn('--address', text, 'one of our own');

function addressIn(option: string, text: string | undefined, what: string): Address | null {
  if (text === undefined) return null;
  const address = parseAddress(text);
  if (address === null) throw new BeaconError('ERR_USAGE', `${option} ${text} is not an address: give ${what}, such as 192.0.2.1`);
  return address;
}

export interface Host {
  readonly address: Address;
  /** As it was typed; null where that was an address. */
  readonly name: string | null;
}

/** Throws ERR_UNKNOWN_HOST, or ERR_USAGE for an address of the wrong family. */
export async function hostOf(names: Names, text: string, family: FamilyNumber | null): Promise<Host> {
  if (text.trim() === '') throw new BeaconError('ERR_USAGE', 'The host is an empty word: give a name or an address');
  if (text.includes('%'))
    throw new BeaconError('ERR_USAGE', `${text}: a zone is not taken here, give the interface with -i and the address alone`);
  const literal = parseAddress(text);
  if (literal !== null && !isOneHost(literal))
    throw new BeaconError('ERR_USAGE', `${text} is no single host's address: give that of a host`);
  if (literal !== null) {
    if (family === null || familyOf(literal) === family) return { address: literal, name: null };
    throw new BeaconError(
      'ERR_USAGE',
      `${text} is not an IPv${family} address: give one, or a name, or leave out -${family} (or the IPv${family} --address)`,
    );
  }
  const addresses = await names.addresses(text, family);
  const address = addresses.find((one) => familyOf(one) === 4) ?? addresses[0]; // like traceroute: IPv4 where a name has both
  if (address !== undefined) return { address, name: text };
  const kind = family === null ? 'address' : `IPv${family} address`;
  throw new BeaconError('ERR_UNKNOWN_HOST', `No ${kind} is known for the host "${text}": check its spelling, or give an address`);
}

/** Neither unspecified, multicast nor broadcast. */
const isOneHost = (address: Address): boolean => !/^(0\.0\.0\.0|255\.255\.255\.255|::|ff..:.*|(22[4-9]|23\d)\..*)$/.test(address);

/** That of `-4` or `-6`, or of the address of ours that was named. Throws ERR_USAGE where they differ. */
export function familyWanted(options: Readonly<Record<string, unknown>>): FamilyNumber | null {
  const wanted = options['4'] ? 4 : options['6'] ? 6 : null;
  const ours = typeof options.address === 'string' ? parseAddress(options.address) : null;
  if (ours === null) return wanted;
  if (wanted === null || wanted === familyOf(ours)) return familyOf(ours);
  throw new BeaconError('ERR_USAGE', `--address ${options.address} is not an IPv${wanted} address: give one, or leave out -${wanted}`);
}

/** More than any topology has. */
const LARGEST_FILE = 4_000_000;

/** Reads a file that the user named. */
export async function readUserFile(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > LARGEST_FILE) throw new Error(`: ${size} bytes are more than the ${LARGEST_FILE} that are read`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new BeaconError('ERR_FILE', `Cannot read ${file}: ${(cause as Error).message.replace(/^.*?: /, '')}`, { cause });
  }
}
