/** The file that `--map` names, and what it says of a path. */
import { ownAddress, type ProbedPath, visitsAt } from '../boomerang/path.ts';
import type { Engine } from '../engine/engine.ts';
import type { HopMap } from '../topology/hop-map.ts';
import type { PathEnds } from '../trace/path-kind.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { readUserFile } from './network.ts';

export interface MapOptions {
  readonly map?: string;
  /** What the file holds, where that is known already. */
  readonly mapText?: string;
}

/** Throws BeaconError ERR_FILE, with every mistake and its line. What reads it is loaded only where there is a file. */
export async function readMap({ map: file, mapText }: MapOptions): Promise<HopMap | null> {
  if (file === undefined) return null;
  const { parseHopMap } = await import('../topology/hop-map.ts');
  return parseHopMap(mapText ?? (await readUserFile(file)), file);
}

/** The path with what the map says of its routers; those of the other family can be visited where we have an address of that one. */
export async function mapped(engine: Engine, path: ProbedPath, map: HopMap | null): Promise<ProbedPath> {
  if (map === null) return path;
  const addresses = path.hops.flatMap((hop) => (hop === null ? [] : decapsulationsOf(map, hop)));
  const usOther = await sourceTo(
    engine,
    addresses.find((address) => familyOf(address) !== familyOf(path.us)),
  );
  return { ...path, map, ...(usOther !== null && { usOther }) };
}

/** Where a path's boomerangs go to, each router by the address that is tried first. */
export const visited = (path: ProbedPath): Address[] => path.hops.flatMap((_, index) => visitsAt(path, index + 1));

/** The header that brings a trace to the router where it starts, where that is to be visited by another address than the one given. */
export async function entryBy(engine: Engine, us: Address, from: Address, map: HopMap | null): Promise<PathEnds['entry']> {
  if (map === null) return undefined;
  const usOther = await sourceTo(
    engine,
    decapsulationsOf(map, from).find((address) => familyOf(address) !== familyOf(us)),
  );
  const path: ProbedPath = { us, hops: [from], distance: null, loose: false, map, ...(usOther !== null && { usOther }) };
  const [destination] = visitsAt(path, 1);
  if (destination === undefined || destination === from) return undefined;
  return { source: ownAddress(path, familyOf(destination))!, destination };
}

function decapsulationsOf(map: HopMap, hop: Address): readonly Address[] {
  const known = map.get(hop)?.decapsulates ?? 'none';
  return known === 'none' ? [] : known;
}

/** Our address on the way to it; null where none leads there, or there is nowhere to go. */
async function sourceTo(engine: Engine, destination: Address | undefined): Promise<Address | null> {
  try {
    return destination === undefined ? null : (await engine.route(destination)).source;
  } catch {
    return null;
  }
}
