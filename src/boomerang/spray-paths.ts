/**
 * The paths of a spray, hop by hop, kept as rows of numbers: of 10,000 paths with 8 hops each the waypoints alone would be 300,000 objects. A
 * path is put together again when it is asked for.
 */
import type { Address } from '../wire/address.ts';
import type { Waypoint } from './itinerary.ts';
import { US } from './layer-source.ts';
import { createNumberRow } from './number-row.ts';
import { addressAt, type ProbedPath } from './path.ts';
import type { SurveyedHop } from './survey.ts';

/** A path with what is known of its hops. */
export interface PreparedPath {
  readonly path: ProbedPath;
  readonly hops: readonly Pick<SurveyedHop, 'position' | 'address' | 'waypoints' | 'source'>[];
}

export interface PreparedPaths {
  readonly length: number;
  at(index: number): PreparedPath;
}

export interface PathList extends PreparedPaths {
  add(path: PreparedPath): void;
}

export function createPathList(): PathList {
  const { numberOf, addressOf } = createAddressNumbers();
  const around: Around[] = []; // what a path is but for its hops: mostly the same in all
  const [starts, hopsOf, outs, homes] = [createNumberRow(), createNumberRow(), createNumberRow(), createNumberRow()];
  const others = new Map<number, PreparedPath>(); // that the rows cannot hold
  let last: { readonly index: number; readonly path: PreparedPath } | null = null;

  function unpacked(index: number): PreparedPath {
    const start = starts.at(index);
    const length = (index + 1 < starts.length ? starts.at(index + 1) : hopsOf.length) - start;
    const path: ProbedPath = { ...around[index]!, hops: Array.from({ length }, (_, at) => addressOf(hopsOf.at(start + at))) };
    const before: Waypoint[] = [];
    const hops = path.hops.map((_, at) => {
      const [position, slot] = [at + 1, start + at];
      const out = addressOf(outs.at(slot)); // null: nothing can turn there
      const waypoints = out === null ? [] : [...before, { position, out, home: out }];
      if (out !== null) before.push({ position, out, home: addressOf(homes.at(slot))! });
      return { position, address: addressAt(path, position), waypoints, source: US };
    });
    return { path, hops };
  }

  function pack({ path, hops }: PreparedPath): void {
    const { hops: addresses, ...rest } = path;
    const before = around.at(-1);
    around.push(before !== undefined && isSame(before, rest) ? before : rest);
    const deepest = hops.at(-1)?.waypoints ?? [];
    starts.push(outs.length);
    for (const [at, address] of addresses.entries()) {
      const position = at + 1;
      const turn = hops.find((hop) => hop.position === position)?.waypoints.at(-1);
      hopsOf.push(numberOf(address));
      outs.push(numberOf(turn?.out ?? null));
      homes.push(numberOf(deepest.find((waypoint) => waypoint.position === position)?.home ?? turn?.home ?? null));
    }
  }

  return {
    get length() {
      return starts.length;
    },
    add(path) {
      const index = starts.length;
      pack(path);
      const hops = path.hops.map(({ position, address, waypoints, source }) => ({ position, address, waypoints, source }));
      if (JSON.stringify(unpacked(index).hops) !== JSON.stringify(hops)) others.set(index, path);
    },
    at(index) {
      if (last?.index !== index) last = { index, path: others.get(index) ?? unpacked(index) };
      return last.path;
    },
  };
}

type Around = Omit<ProbedPath, 'hops'>;

const AROUND = ['us', 'distance', 'loose', 'map', 'usOther'] as const satisfies readonly (keyof Around)[];
const isSame = (one: Around, other: Around): boolean => AROUND.every((name) => one[name] === other[name]);

/** Paths share their routers: each address has a number, and 0 is none. */
function createAddressNumbers(): { numberOf: (address: Address | null) => number; addressOf: (number: number) => Address | null } {
  const addresses: (Address | null)[] = [null];
  const numbers = new Map<Address | null, number>([[null, 0]]);
  return {
    numberOf(address) {
      const known = numbers.get(address);
      if (known !== undefined) return known;
      numbers.set(address, addresses.length);
      return addresses.push(address) - 1;
    },
    addressOf: (number) => addresses[number] ?? null,
  };
}
