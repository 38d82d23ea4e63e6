/**
 * The paths of a spray, hop by hop, kept as flat lists: of 10,000 paths with 8 hops each the waypoints alone would be 300,000 objects. A
 * path is put together again when it is asked for.
 */
import type { Address } from '../wire/address.ts';
import type { Waypoint } from './itinerary.ts';
import { US } from './layer-source.ts';
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
  const paths: ProbedPath[] = [];
  const starts: number[] = [];
  const outs: (Address | null)[] = []; // of every hop of every path; null: nothing can turn there
  const homes: Address[] = [];
  const others = new Map<number, PreparedPath>(); // that the lists cannot hold
  let last: { readonly index: number; readonly path: PreparedPath } | null = null;

  function unpacked(index: number): PreparedPath {
    const path = paths[index]!;
    const before: Waypoint[] = [];
    const hops = path.hops.map((_, at) => {
      const [position, slot] = [at + 1, starts[index]! + at];
      const out = outs[slot] ?? null;
      const waypoints = out === null ? [] : [...before, { position, out, home: out }];
      if (out !== null) before.push({ position, out, home: homes[slot]! });
      return { position, address: addressAt(path, position), waypoints, source: US };
    });
    return { path, hops };
  }

  function pack({ path, hops }: PreparedPath): void {
    const deepest = hops.at(-1)?.waypoints ?? [];
    starts.push(outs.length);
    for (let position = 1; position <= path.hops.length; position += 1) {
      const turn = hops.find((hop) => hop.position === position)?.waypoints.at(-1);
      outs.push(turn?.out ?? null);
      homes.push(deepest.find((waypoint) => waypoint.position === position)?.home ?? turn?.home ?? '');
    }
  }

  return {
    get length() {
      return paths.length;
    },
    add(path) {
      const index = paths.length;
      paths.push(path.path);
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
