/** The bytes of the eBPF maps, as the structs of bpf/*.c lay them out in this machine's byte order. */
import { endianness } from 'node:os';
import type { Fault, Share } from '../topology/fault.ts';
import { addressesOf } from '../topology/lookup.ts';
import type { Topology } from '../topology/topology.ts';
import { type Address, addressBytes } from '../wire/address.ts';
import { pinOf } from './places.ts';

const LITTLE = endianness() === 'LE';
const CERTAIN = 2 ** 32;

/** A direction of a link: the sender's end, 0 or 1, of the link at this index. */
export const directionNumber = (link: number, end: number): number => 2 * link + end + 1;

/** Lines for `bpftool batch`: who strips what. */
export function ownAddressesBatch(topology: Topology): string {
  const keys = topology.nodes.flatMap(({ name, decapsulates }, i) =>
    decapsulates
      ? ([4, 6] as const).flatMap((family) => addressesOf(topology, name, family)).map((address) => ownAddressKey(i + 1, address))
      : [],
  );
  return keys.map((key) => updateLine(topology.name, 'own_addresses', key, new Uint8Array(8))).join('');
}

export function faultBatch(lab: string, direction: number, fault: Fault): string {
  const key = words([direction]);
  return updateLine(lab, 'faults', key, faultValue(fault, direction)) + updateLine(lab, 'tallies', key, new Uint8Array(8 * TALLY.length));
}

export const clearBatch = (lab: string, directions: readonly number[]): string =>
  directions
    .flatMap((direction) => ['faults', 'tallies'].map((map) => `map delete pinned ${pinOf(lab, map)} key hex ${hex(words([direction]))}\n`))
    .join('');

/** struct fault. The salt keeps the two directions of a link from losing the same flows. */
export function faultValue({ loss, duplicate, corrupt, exact, flowLoss, blackhole }: Fault, salt: number): Uint8Array {
  const chances = [loss, duplicate, corrupt].map((fraction) => BigInt(Math.round(fraction * CERTAIN)));
  return Buffer.concat([longs(chances), words([...share(exact), ...share(flowLoss), blackhole ? 1 : 0, salt])]);
}

const share = (value: Share | null): number[] => (value === null ? [0, 0] : [value.lost, value.of]);

/** struct tally. */
const TALLY = ['seen', 'lost', 'flowLost', 'duplicated', 'corrupted'] as const;
export type Tally = Record<(typeof TALLY)[number], number>;

export const readTally = (value: Uint8Array): Tally =>
  Object.fromEntries(TALLY.map((field, i) => [field, readLong(value, 8 * i)])) as Tally;

/** struct own_address. */
export const ownAddressKey = (node: number, address: Address): Uint8Array => Buffer.concat([words([node]), mapped(address)]);

/** The one form of both families: IPv4 as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2). */
const mapped = (address: Address): Uint8Array =>
  address.includes(':') ? addressBytes(address) : Buffer.from([...Array<number>(10).fill(0), 0xff, 0xff, ...addressBytes(address)]);

export const readWord = (bytes: Uint8Array, at: number): number => view(bytes).getUint32(at, LITTLE);
export const readLong = (bytes: Uint8Array, at: number): number => Number(view(bytes).getBigUint64(at, LITTLE));

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function words(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  for (const [i, value] of values.entries()) view(bytes).setUint32(4 * i, value, LITTLE);
  return bytes;
}

function longs(values: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  for (const [i, value] of values.entries()) view(bytes).setBigUint64(8 * i, value, LITTLE);
  return bytes;
}

export const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

const updateLine = (lab: string, map: string, key: Uint8Array, value: Uint8Array): string =>
  `map update pinned ${pinOf(lab, map)} key hex ${hex(key)} value hex ${hex(value)}\n`;
