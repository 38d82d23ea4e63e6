/** Where a traced path splits and what moves it: asks, finds out which addresses are one router's, and reads the answers. */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import { patienceNsFor } from '../probe/patience.ts';
import type { Address } from '../wire/address.ts';
import { routersOf } from './alias.ts';
import { type Field, type FieldName, type FieldsAsked, fieldsOf } from './field.ts';
import { type Hop, longestRttNs } from './hop.ts';
import { type RouterOf, type Split, splitsOf } from './split.ts';
import { type Face, faces } from './split-ask.ts';

export interface SplitOptions {
  readonly timeoutNs: number;
  /** Whether nested probes may visit this address, to ask whose it is. */
  readonly mayVisit: (address: Address) => boolean;
}

export interface Tried {
  readonly field: FieldName;
  /** With how many values every hop that answers was heard: what was not answered was not tried. */
  readonly values: number;
  /** The probability that two equal ways looked like one. */
  readonly missed: number;
}

/** `hops`: as `trace` found them with the same flow. Takes a second for each value of each field where routers answer once a second. */
export async function searchSplits(
  engine: Engine,
  asking: Asking,
  asked: FieldsAsked,
  hops: readonly Hop[],
  options: SplitOptions,
): Promise<{ splits: Split[]; tried: Tried[] }> {
  const seen: Face[] = [];
  for await (const face of faces(engine, asking, asked, hops, options.timeoutNs)) seen.push(face);
  const fields = fieldsOf(asked);
  const routerOf = await routersByTtl(engine, asking, asked, seen, hops, options);
  return { splits: splitsOf(seen, fields, routerOf), tried: fields.map((field) => triedOf(field, seen)) };
}

async function routersByTtl(
  engine: Engine,
  asking: Asking,
  { ends, flow }: FieldsAsked,
  seen: readonly Face[],
  hops: readonly Hop[],
  { timeoutNs, mayVisit }: SplitOptions,
): Promise<RouterOf> {
  const patienceNs = Math.min(timeoutNs, patienceNsFor(longestRttNs(hops)));
  const routers = new Map<number, ReadonlyMap<Address, number>>();
  for (const ttl of new Set(seen.map((face) => face.ttl))) {
    const addresses = [...new Set(seen.filter((face) => face.ttl === ttl).map(({ address }) => address))];
    const asks = addresses.length > 1 && addresses.every(mayVisit);
    const found = asks ? await routersOf(engine, asking, ends.us, flow, addresses, patienceNs) : null;
    routers.set(ttl, found ?? new Map(addresses.map((address, index) => [address, index + 1])));
  }
  return (ttl, address) => routers.get(ttl)!.get(address)!;
}

function triedOf({ name }: Field, seen: readonly Face[]): Tried {
  const ttls = [...new Set(seen.map(({ ttl }) => ttl))].filter((ttl) => ttl > 1); // all come by the first
  const values = ttls.map(
    (ttl) => new Set(seen.filter((face) => face.ttl === ttl && face.field === name).map(({ value }) => value)).size + 1,
  );
  const least = values.length === 0 ? 0 : Math.min(...values);
  return { field: name, values: least, missed: least === 0 ? 1 : 2 ** (1 - least) };
}
