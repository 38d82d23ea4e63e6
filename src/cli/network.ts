/** The network a command works on, and who is called what in it. */
import { readFile, stat } from 'node:fs/promises';
import type { Engine, EngineName } from '../engine/engine.ts';
import type { LiveOptions } from '../engine/live/live.ts';
import { BeaconError } from '../error.ts';
import type { Names } from '../host/names.ts';
import { type Address, type FamilyNumber, familyOf, parseAddress } from '../wire/address.ts';
import type { Call } from './program.ts';
import type { SizeRange } from './read-options.ts';
import type { ReplayOptions } from './replayed-network.ts';
import type { Said } from './session.ts';
import { checkWriteTarget } from './write-target.ts';

export interface Network {
  readonly engine: Engine;
  readonly names: Names;
  /** Random bytes for the run: a seeded engine repeats them. */
  readonly random?: (length: number) => Uint8Array;
  /** Our other addresses of the same family, the best second source first; none are known where it is left out. */
  readonly ownAddresses?: (beside: Address) => readonly Address[];
  /** Bits a second of an interface of ours; null where nobody tells, also where it is left out. */
  readonly linkSpeed?: (name: string) => number | null;
  /** The time that an event is told at; the engine's where it is left out. */
  readonly stampNs?: (said: Said) => bigint;
  /** Aborts where the run must end for a reason of the network's own. */
  readonly ended?: AbortSignal;
  /** The run did all it could, and something of it cannot be known. */
  readonly isIncomplete?: () => boolean;
  /** To be called after the last event was stamped; an error that the run itself did not meet. */
  readonly finish?: () => BeaconError | null;
}

export interface NetworkOptions extends ReplayOptions {
  readonly engine: EngineName;
  readonly read?: string;
  /** All that passes is recorded in this file. */
  readonly write?: string;
  /** Each packet is written at once. */
  readonly flush?: boolean;
  /** What the command was called with, for the recording. */
  readonly call?: Call;
  readonly interface: string;
  readonly address?: string;
  readonly uplink?: string;
  /** Of a spray: from the smallest to the largest. */
  readonly size?: number | SizeRange;
  /** How many answers may come at once. */
  readonly answers: 'few' | 'many';
}

/** A trace has few answers at a time, and a large ring would cost it 10 ms, since the kernel zeroes it. */
const SMALL_BUFFER_BYTES = 2 << 20;

/** Throws BeaconError. `signal` is of the run, for its recording. */
export async function openNetwork(options: NetworkOptions, signal: AbortSignal): Promise<Network> {
  const { write, flush, call } = options;
  refuseIdle(options);
  if (write === undefined || call === undefined) return openUnrecorded(options);
  if (options.engine !== 'replay')
    checkWriteTarget(write, {
      '--read': options.read,
      '--map': call.options.map,
      '--paths': call.options.paths,
      '--topology': call.options.topology,
    });
  const [network, { recordedNetwork }] = await Promise.all([openUnrecorded(options), import('./recorded-network.ts')]);
  try {
    return await recordedNetwork(network, { write, call, ...(flush !== undefined && { flush }) }, signal);
  } catch (error) {
    await network.engine.close();
    throw error;
  }
}

/** Options that would do nothing here. */
function refuseIdle({ engine, write, flush, speed, call }: NetworkOptions): void {
  const idle = (option: string, of: string): BeaconError => new BeaconError('ERR_USAGE', `${option} is of ${of}: give that too`);
  if (flush && write === undefined) throw idle('--flush', '--write FILE');
  if (engine === 'replay') return;
  if (call?.options.plan !== undefined) throw idle(`--plan ${call.options.plan}`, '--engine replay');
  if (speed === '1') throw idle('--speed 1', '--engine replay');
}

/** The engines of the real network. */
const OPENERS: Readonly<Record<'live' | 'pcap' | 'cap', () => Promise<(options: LiveOptions) => Engine>>> = {
  live: async () => (await import('../engine/live/live.ts')).openLive,
  pcap: async () => (await import('../engine/pcap/pcap.ts')).openPcap,
  cap: async () => (await import('../engine/cap/cap.ts')).openCap,
};

/** Rooms are loaded when they are needed: a trace must not wait for a simulator. */
async function openUnrecorded(options: NetworkOptions): Promise<Network> {
  if (options.engine === 'replay') return (await import('./replayed-network.ts')).replayedNetwork(options);
  if (options.engine === 'simulated') return openSimulated(options);
  if (options.read !== undefined)
    throw new BeaconError('ERR_USAGE', `--read ${options.read} is the file of --engine simulated or replay: give that too`);
  const [open, { systemNames }, { ownAddresses }, { linkSpeed }, { loadAddon }] = await Promise.all([
    OPENERS[options.engine](),
    import('../host/names.ts'),
    import('../host/own-addresses.ts'),
    import('../host/speed.ts'),
    import('../host/addon.ts'),
  ]);
  const engine = open({
    interface: options.interface === 'any' ? null : options.interface,
    source: ownAddress(options.address),
    uplink: addressIn('--uplink', options.uplink, 'that of a router on one of our links'),
    largest: largestSize(options.size),
    ...(options.answers === 'few' && { bufferBytes: SMALL_BUFFER_BYTES }),
  });
  return { engine, names: systemNames(), ownAddresses, linkSpeed: (name) => linkSpeed(loadAddon(), name) };
}

async function openSimulated({ read, interface: device, address, uplink }: NetworkOptions): Promise<Network> {
  if (device !== 'any' || address !== undefined || uplink !== undefined) {
    throw new BeaconError('ERR_USAGE', '--interface, --address and --uplink are of the live engine: in a topology the vantage has its own');
  }
  if (read === undefined) throw new BeaconError('ERR_USAGE', '--engine simulated needs a topology: --read FILE');
  const [{ simulatedNetwork }, { readTopology }] = await Promise.all([import('./simulated-network.ts'), import('./topology-file.ts')]);
  return simulatedNetwork(await readTopology(read));
}

const largestSize = (size: NetworkOptions['size']): number => (typeof size === 'object' ? size.high : (size ?? 0));

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
    throw new BeaconError('ERR_FILE', `Cannot read ${file}: ${reasonOf(cause as Error)}`, { cause });
  }
}

/** Of `ENOENT: no such file or directory, stat 'x'` what a user needs: the code and the call say no more. */
const reasonOf = ({ message }: Error): string => message.replace(/^[A-Z]*: /, '').replace(/, [a-z]+( '.*')?$/, '');
