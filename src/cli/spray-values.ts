/** The values that a spray sweeps: those that the user gives, or as many of a field's own as there are flows. */
import type { SweepKind } from '../boomerang/swept.ts';
import { BeaconError } from '../error.ts';
import type { HopMap } from '../topology/hop-map.ts';
import { type Address, addressBytes, addressText, type FamilyNumber, familyOf } from '../wire/address.ts';
import { setUint32, uint32 } from '../wire/fields.ts';
import { parsePrefix } from '../wire/scope.ts';

export interface SweepOptions {
  readonly sweep?: SweepKind;
  readonly flows?: number;
  readonly segment?: number;
  /** As it was written. */
  readonly values?: string;
}

/** What the values are for. */
export interface SweepFor {
  /** Of the headers that are swept. */
  readonly family: FamilyNumber;
  /** The first port of a sweep of ports. */
  readonly sourcePort: number;
  /** Our own addresses of the family, the one in use first. */
  readonly ours: readonly Address[];
  /** The hop at the far end of the segment. */
  readonly far: Address | null;
  readonly map: HopMap | null;
  readonly landing: 'ipip' | 'udp';
}

const FIRST_PORT = 1024;
const PORTS = 65_536 - FIRST_PORT;
/** Of the networks for benchmarks (RFC 2544, RFC 5180): nobody has these addresses. */
const INNER: Readonly<Record<FamilyNumber, Address>> = { 4: '198.18.0.0', 6: '2001:2::' };
const MOST_ADDRESSES = 65_535;
const MOST: Readonly<Record<SweepKind, number>> = {
  ports: 65_535,
  'flow-label': 0xfffff,
  source: MOST_ADDRESSES,
  outer: MOST_ADDRESSES,
  inner: MOST_ADDRESSES,
};

type Value = number | Address;

/** As many values of each field as it has, at most `count`. */
const OWN: Readonly<Record<SweepKind, (count: number, asked: SweepFor) => Value[]>> = {
  ports: (count, { sourcePort }) =>
    Array.from({ length: Math.min(count, PORTS) }, (_, flow) => FIRST_PORT + ((sourcePort - FIRST_PORT + flow + PORTS) % PORTS)),
  'flow-label': (count) => Array.from({ length: count }, (_, flow) => flow + 1), // a label of 0 is none
  source: (count, { ours }) => ours.slice(0, count),
  outer: (count, { far, map, family }) => {
    const known = far === null ? null : map?.get(far)?.decapsulates;
    const addresses = Array.isArray(known) ? (known as readonly Address[]).filter((address) => familyOf(address) === family) : [];
    return (addresses.length === 0 && far !== null ? [far] : addresses).slice(0, count);
  },
  inner: (count, { family }) => Array.from({ length: count }, (_, flow) => beside(INNER[family], flow + 1)),
};

const LACKING: Readonly<Record<SweepKind, string>> = {
  ports: 'UDP has no more source ports',
  'flow-label': 'IPv6 has no more labels',
  source: 'this host has no more addresses of its own; --values takes prefixes that are yours',
  outer: 'the map knows no more addresses of that hop; --values takes them too',
  inner: 'no more of them are swept',
};

/** `--sweep`, or what tells flows apart best where it is left out. */
export const kindOf = ({ sweep, segment }: SweepOptions, family: FamilyNumber): SweepKind =>
  sweep ?? (segment !== undefined && family === 6 ? 'flow-label' : 'ports');

/** Throws ERR_USAGE where the field does not exist there, or has too few values. */
export function sweptValues(kind: SweepKind, options: SweepOptions, asked: SweepFor): Value[] {
  refuseMisfit(kind, options, asked);
  const count = options.flows ?? 1;
  const values =
    options.values === undefined ? OWN[kind](Math.min(count, MOST[kind]), asked) : givenValues(kind, options.values, asked.family);
  const wanted = options.flows ?? values.length;
  if (values.length >= wanted) return values.slice(0, wanted);
  const lacking = options.values === undefined ? LACKING[kind] : `--values has ${values.length}`;
  throw new BeaconError('ERR_USAGE', `--flows ${wanted} is more than the ${values.length} values of --sweep ${kind}: ${lacking}`);
}

function refuseMisfit(kind: SweepKind, { segment }: SweepOptions, { family, landing }: SweepFor): void {
  const refuse = (why: string): never => {
    throw new BeaconError('ERR_USAGE', `--sweep ${kind} ${why}`);
  };
  if (kind === 'flow-label' && family === 4) refuse('is of IPv6, and the headers that it would be in are of IPv4: sweep ports or source');
  if (kind === 'outer' && segment === undefined) refuse('changes the address by which one hop is visited: say which with --segment');
  if (kind === 'inner' && landing === 'udp') refuse('changes the header that is uncovered at home: it needs --landing ipip');
}

/** `40001,40007-40010`, `192.0.2.1,198.51.100.0/28`. */
function givenValues(kind: SweepKind, text: string, family: FamilyNumber): Value[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const isNumber = kind === 'ports' || kind === 'flow-label';
  const values = words.flatMap(
    (word): readonly Value[] => (isNumber ? numbersIn(word, MOST[kind]) : addressesIn(word, family)) ?? refuse(word),
  );
  if (values.length > 0 && values.length <= MOST[kind]) return values;
  throw new BeaconError('ERR_USAGE', `--values has ${values.length} values: give 1 to ${MOST[kind]}`);

  function refuse(word: string): never {
    const form = isNumber
      ? `numbers from 1 to ${MOST[kind]} such as 40001,40007-40010`
      : `IPv${family} addresses or prefixes such as 10.0.9.1,10.0.9.16/28`;
    throw new BeaconError('ERR_USAGE', `--values ${word} is no value of --sweep ${kind}: give ${form}`);
  }
}

function numbersIn(word: string, most: number): number[] | null {
  const [, first, last] = /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(word) ?? [];
  const [from, to] = [Number(first), Number(last ?? first)];
  if (first === undefined || from < 1 || to > most || to < from) return null;
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function addressesIn(word: string, family: FamilyNumber): Address[] | null {
  const [first, length] = parsePrefix(word) ?? [];
  if (first === undefined || length === undefined || familyOf(first) !== family) return null;
  const bits = (family === 4 ? 32 : 128) - length;
  return bits > 16 ? null : Array.from({ length: 2 ** bits }, (_, index) => beside(first, index)).slice(0, MOST_ADDRESSES);
}

/** So many addresses further. */
function beside(address: Address, by: number): Address {
  const bytes = addressBytes(address).slice();
  const at = bytes.length - 4;
  setUint32(bytes, at, (uint32(bytes, at) + by) >>> 0);
  return addressText(bytes);
}
