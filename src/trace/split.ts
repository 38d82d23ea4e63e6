/** Where a path splits, and what moves it: read from who answered at each ttl with which value of which field. */
import type { Address } from '../wire/address.ts';
import type { Field, FieldName } from './field.ts';
import type { Face } from './split-ask.ts';

export interface NextHop {
  readonly address: Address;
  /** Counts the routers of a split: addresses shown to be of one router have one number. */
  readonly router: number;
  /** A value that leads there; null where none does. */
  readonly field: FieldName | null;
  readonly value: number | Address | null;
}

export interface Split {
  /** At which the next hops answer. */
  readonly ttl: number;
  /** The router before them; null where it was silent, or where there are several. */
  readonly from: Address | null;
  readonly next: readonly NextHop[];
  /** Every field that moves it; none where it goes by packet. */
  readonly movedBy: readonly FieldName[];
  /** The next hop changes though nothing in the probe does. */
  readonly perPacket: boolean;
}

/** The router that an address is of, by a number that is its own among those that answer at this ttl. */
export type RouterOf = (ttl: number, address: Address) => number;

/** In the order of the path. One router that answers from several addresses is one split, whatever the routers before it. */
export function splitsOf(faces: readonly Face[], fields: readonly Field[], routerOf: RouterOf): Split[] {
  const ttls = [...new Set(faces.map(({ ttl }) => ttl))].sort((a, b) => a - b);
  const all = ttls.flatMap((ttl, index) => splitsAt(ttl, ttls[index - 1] ?? null, faces, fields, routerOf));
  const single = all.filter(isOneRouter);
  const merged = [...new Set(single.map(({ ttl }) => ttl))].map((ttl) => joined(single.filter((split) => split.ttl === ttl)));
  return [...all.filter((split) => !isOneRouter(split)), ...merged].sort((a, b) => a.ttl - b.ttl);
}

export const isOneRouter = ({ next }: Pick<Split, 'next'>): boolean => next.every(({ router }) => router === next[0]!.router);

function splitsAt(ttl: number, before: number | null, faces: readonly Face[], fields: readonly Field[], routerOf: RouterOf): Split[] {
  const constant = (at: number | null): Address[] => addressesOf(faces.filter((face) => face.ttl === at && face.field === null));
  const variesBefore = constant(before).length > 1;
  const isNext = before === ttl - 1;
  if (constant(ttl).length > 1) {
    const next = constant(ttl).map((address) => ({ address, field: null, value: null, router: routerOf(ttl, address) }));
    const from = isNext ? (constant(before)[0] ?? null) : null;
    return variesBefore ? [] : [{ ttl, from, next, movedBy: [], perPacket: true }];
  }
  const came = before === null || variesBefore ? () => null : cameBy(faces, before, routerOf);
  return splitsByField(ttl, came, faces, fields, routerOf).map((split) => (isNext ? split : { ...split, from: null }));
}

const addressesOf = (faces: readonly Face[]): Address[] => [...new Set(faces.map(({ address }) => address))];

interface Found {
  readonly next: Map<Address, NextHop>;
  readonly movedBy: FieldName[];
}

/** One for each router before, since those that stand on other branches have other next hops. */
function splitsByField(ttl: number, came: Came, faces: readonly Face[], fields: readonly Field[], routerOf: RouterOf): Split[] {
  const found = new Map<Address | null, Found>();
  for (const field of fields) {
    const at = byValue(faces, ttl, field);
    const before = new Map([...at.keys()].map((value) => [value, came(field, value)]));
    for (const from of new Set(before.values())) {
      if (from === undefined) continue;
      const values = [...at].filter(([value]) => before.get(value) === from);
      if (new Set(values.map(([, address]) => address)).size < 2) continue;
      const split: Found = found.get(from) ?? { next: new Map(), movedBy: [] };
      found.set(from, split);
      split.movedBy.push(field.name);
      for (const [value, address] of values) {
        if (!split.next.has(address)) split.next.set(address, { address, router: routerOf(ttl, address), field: field.name, value });
      }
    }
  }
  return [...found].map(([from, { next, movedBy }]) => ({ ttl, from, next: [...next.values()], movedBy, perPacket: false }));
}

/** The router before, by the first of its addresses; null: whichever it was, undefined: not known. */
type Came = (field: Field, value: number | Address) => Address | null | undefined;

/** The first hop is never asked again: all come by it. */
function cameBy(faces: readonly Face[], before: number, routerOf: RouterOf): Came {
  const addresses = addressesOf(faces.filter(({ ttl }) => ttl === before));
  const named = (address: Address): Address => addresses.find((one) => routerOf(before, one) === routerOf(before, address))!;
  return (field, value) => {
    const address = before === 1 ? addresses[0] : byValue(faces, before, field).get(value);
    return address && named(address);
  };
}

/** Value → who answered; the trace's own value first. */
function byValue(faces: readonly Face[], ttl: number, { name, own }: Field): Map<number | Address, Address> {
  const constant = faces.find((face) => face.ttl === ttl && face.field === null);
  const others = faces.filter((face) => face.ttl === ttl && face.field === name);
  const entries = others.map(({ value, address }): [number | Address, Address] => [value!, address]);
  return new Map([...(constant === undefined ? [] : [[own, constant.address] as [number | Address, Address]]), ...entries]);
}

function joined(splits: readonly Split[]): Split {
  const froms = new Set(splits.map(({ from }) => from));
  const next = new Map(splits.flatMap((split) => split.next.map((one) => [one.address, one])));
  return {
    ...splits[0]!,
    from: froms.size === 1 ? splits[0]!.from : null,
    next: [...next.values()],
    movedBy: [...new Set(splits.flatMap(({ movedBy }) => movedBy))],
  };
}
