/** The bytes of the eBPF maps, as the structs of bpf/*.c lay them out in this machine's byte order. */
import { endianness } from 'node:os';
import { type Behaviour, FILTERS, NESTINGS } from '../topology/behaviour.ts';
import type { Fault, Share } from '../topology/fault.ts';
import { addressesOf, vantageOf } from '../topology/lookup.ts';
import type { Topology, TopologyNode } from '../topology/topology.ts';
import { type Address, addressBytes } from '../wire/address.ts';
import { pinOf } from './places.ts';

const LITTLE = endianness() === 'LE';
const CERTAIN = 2 ** 32;

/** A direction of a link: the sender's end, 0 or 1, of the link at this index. */
export const directionNumber = (link: number, end: number): number => 2 * link + end + 1;

/** Lines for `bpftool batch`: who strips what, and who filters how. */
export const routersBatch = (topology: Topology): string =>
  [
    ...topology.nodes.map((node) => (node.decapsulates ? ownAddressesBatch(topology, node) : '')),
    ...topology.nodes.map((node) => (node.vantage ? '' : behaviourBatch(topology, node, node.behaviour))),
    ...addressesOfBoth(topology, vantageOf(topology)).map((address) =>
      updateLine(topology.name, 'vantage_addresses', mapped(address), words([1])),
    ),
  ].join('');

const addressesOfBoth = (topology: Topology, { name }: TopologyNode): Address[] =>
  ([4, 6] as const).flatMap((family) => addressesOf(topology, name, family));

/** The number by which the programs know a node. */
export const nodeNumber = (topology: Topology, { name }: TopologyNode): number =>
  topology.nodes.findIndex((node) => node.name === name) + 1;

/** struct own behind struct own_address: none stripped yet. Others that it strips for stand among its own. */
const ownAddressesBatch = (topology: Topology, node: TopologyNode): string =>
  topology.nodes
    .filter(({ name }) => name === node.name || node.decapsulatesFor.includes(name))
    .flatMap((owner) => addressesOfBoth(topology, owner).map((address) => ({ address, owner })))
    .map(({ address, owner: { loopback } }) => ({ address, loopback: address === loopback[4] || address === loopback[6] ? 1 : 0 }))
    .map(({ address, loopback }) =>
      updateLine(
        topology.name,
        'own_addresses',
        ownAddressKey(nodeNumber(topology, node), address),
        Buffer.concat([longs([0n]), words([loopback, 0])]),
      ),
    )
    .join('');

/** struct behaviour. What else a router does, its kernel is told otherwise. */
export function behaviourBatch(topology: Topology, node: TopologyNode, { decapsulation, uniformTtl, filters }: Behaviour): string {
  const { at, kinds, layers } = decapsulation;
  const value = words([layers, bits(NESTINGS, kinds), at === 'loopback' ? 1 : 0, uniformTtl ? 1 : 0, bits(FILTERS, filters)]);
  return updateLine(topology.name, 'behaviours', words([nodeNumber(topology, node)]), value);
}

const bits = <T>(all: readonly T[], chosen: readonly T[]): number =>
  all.reduce((sum, word, i) => (chosen.includes(word) ? sum + 2 ** i : sum), 0);

/** `relay`: the index of the device that leads to the link's relay, 0 for none. */
export function faultBatch(lab: string, direction: number, fault: Fault, relay: number): string {
  const key = words([direction]);
  return [
    updateLine(lab, 'tallies', key, new Uint8Array(8 * TALLY.length)),
    updateLine(lab, 'lines', key, new Uint8Array(LINE_BYTES)),
    updateLine(lab, 'faults', key, faultValue(fault, direction, relay)),
  ].join('');
}

export const clearBatch = (lab: string, direction: number): string =>
  ['faults', 'tallies', 'lines'].map((map) => `map delete pinned ${pinOf(lab, map)} key hex ${hex(words([direction]))}\n`).join('');

/** struct fault. The salt keeps the two directions of a link from losing the same flows. */
export function faultValue(fault: Fault, salt: number, relay: number): Uint8Array {
  const { loss, duplicate, corrupt, exact, flowLoss, blackhole, reorder, delayMs, jitterMs, rate, policer, mtu } = fault;
  const everyNs = policer === null ? 0 : Math.floor(1e9 / policer.perSecond);
  return Buffer.concat([
    longs([chance(loss), chance(duplicate), chance(corrupt)]),
    words([...share(exact), ...share(flowLoss), blackhole ? 1 : 0, salt]),
    longs([
      chance(reorder),
      ...[delayMs * 1e6, jitterMs * 1e6, rate ?? 0, everyNs, policer?.burst ?? 0].map((value) => BigInt(Math.round(value))),
    ]),
    words([relay, mtu ?? 0]),
  ]);
}

const chance = (fraction: number): bigint => BigInt(Math.round(fraction * CERTAIN));

/** What the lab itself asks of a direction's struct fault. */
export const readApplied = (value: Uint8Array): Applied => ({ relay: readWord(value, 96), mtu: readWord(value, 100) || null });

export interface Applied {
  /** 0: none. */
  readonly relay: number;
  readonly mtu: number | null;
}

/** struct line: of a direction over which nothing has gone yet. */
const LINE_BYTES = 32;

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
