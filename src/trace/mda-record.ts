/** What a search for all paths has heard: who stands where for each flow, and which of those who answer are one node. No I/O. */
import type { Answer } from '../probe/observation.ts';
import type { Address } from '../wire/address.ts';

/** `end`: the target took it. `error`: it goes no further from here. Silence has no address. */
export interface Heard {
  readonly address: Address | null;
  readonly is: 'hop' | 'end' | 'error';
  readonly error: Answer['icmp'] | null;
}

/** What is known of a node so far. */
export interface Draft {
  ttl: number;
  key: string;
  faces: Set<string>;
  is: 'router' | 'silent' | 'end' | 'error';
  error: Answer['icmp'] | null;
  mixed: boolean;
  perPacket: boolean;
  loops: boolean;
  /** In the order of search; 0: its next hops are not searched. */
  index: number;
  over: boolean;
}

export const SILENT = '*';

/** What tells next hops apart. */
export const faceOf = ({ address, is }: Heard): string => (is === 'end' ? 'end' : `${is === 'error' ? '!' : ''}${address ?? SILENT}`);

export interface HeardRecord {
  /** ttl → flow → who answered there. */
  readonly heard: ReadonlyMap<number, ReadonlyMap<number, Heard>>;
  at(ttl: number): Map<number, Heard>;
  /** Of the node that a flow passes at a ttl. */
  keyOf(ttl: number, flow: number): string;
  /** With the flows that pass each. */
  draftsAt(ttl: number): Map<Draft, number[]>;
  draftCount(): number;
  /** Silence, or somebody that no flow has met here before: where the flow comes from is not known yet. */
  needsPlace(ttl: number, flow: number): boolean;
  /** What follows on these flows, each with those of them that it is known of. */
  nextFaces(ttl: number, of: readonly number[]): Map<string, number[]>;
  /** Flows for each next hop. A router that answers from the same addresses whoever stands before it is one, not one for each. */
  countsOf(ttl: number, of: readonly number[]): number[];
  /** From here on these count as one node. */
  mix(ttl: number, faces: readonly string[]): void;
  addressesAt(ttl: number): Address[];
  /** Addresses of one router are one node. Those that were joined before keep their place. */
  join(ttl: number, addresses: readonly Address[], routers: ReadonlyMap<Address, number>): void;
  /** The last ttl that anybody answers at. */
  lastHeard(): number;
}

/** `own`: flow 0 from the first ttl on. */
export function createRecord(own: readonly Heard[], firstTtl: number): HeardRecord {
  const heard = new Map<number, Map<number, Heard>>(own.map((one, i) => [firstTtl + i, new Map([[0, one]])]));
  /** ttl → face → key of the node; set when the ttl before is complete. */
  const joined = new Map<number, Map<string, string>>();
  const drafts = new Map<string, Draft>();

  const at = (ttl: number): Map<number, Heard> => {
    const known = heard.get(ttl) ?? new Map<number, Heard>();
    heard.set(ttl, known);
    return known;
  };

  const keysAt = (ttl: number): Map<string, string> => {
    const keys = joined.get(ttl) ?? new Map<string, string>();
    joined.set(ttl, keys);
    return keys;
  };

  /** Silence is told apart by what stands before it. */
  function keyOf(ttl: number, flow: number): string {
    const face = faceOf(at(ttl).get(flow)!);
    const key = joined.get(ttl)?.get(face);
    if (key !== undefined) return key;
    if (face !== SILENT || ttl === firstTtl) return `${ttl} ${face}`;
    const before = at(ttl - 1).has(flow) ? keyOf(ttl - 1, flow) : '?';
    return joined.get(ttl)?.get(`${SILENT} ${before}`) ?? `${ttl} ${SILENT} ${before}`;
  }

  function draftsAt(ttl: number): Map<Draft, number[]> {
    const found = new Map<Draft, number[]>();
    for (const [flow, one] of at(ttl)) {
      const key = keyOf(ttl, flow);
      const draft = drafts.get(key) ?? newDraft(ttl, key, one);
      drafts.set(key, draft);
      draft.faces.add(faceOf(one));
      listIn(found, draft).push(flow);
    }
    return found;
  }

  const nextFaces = (ttl: number, of: readonly number[]): Map<string, number[]> => {
    const faces = new Map<string, number[]>();
    for (const flow of of) {
      const one = heard.get(ttl + 1)?.get(flow);
      if (one !== undefined) listIn(faces, faceOf(one)).push(flow);
    }
    return faces;
  };

  function countsOf(ttl: number, of: readonly number[]): number[] {
    const faces = nextFaces(ttl, of);
    const mine = new Set(of);
    const keys = joined.get(ttl + 1);
    const ways = new Map<string, number>();
    const elsewhere = new Set<string>();
    for (const [flow, one] of heard.get(ttl + 1) ?? []) if (at(ttl).has(flow) && !mine.has(flow)) elsewhere.add(faceOf(one));
    const shared = new Set([...faces.keys()].filter((face) => face !== SILENT && elsewhere.has(face)).map((face) => keys?.get(face)));
    for (const [face, flows] of faces) {
      const key = keys?.get(face);
      const way = key !== undefined && shared.has(key) ? key : face;
      ways.set(way, (ways.get(way) ?? 0) + flows.length);
    }
    return [...ways.values()];
  }

  function mix(ttl: number, faces: readonly string[]): void {
    const keys = keysAt(ttl);
    const key = `${ttl} ${[...new Set(faces)].sort().join(' or ')}`;
    const old = new Set(faces.map((face) => keys.get(face)).filter((one) => one !== undefined));
    for (const [face, known] of keys) if (old.has(known)) keys.set(face, key);
    for (const face of faces) keys.set(face, key);
    drafts.set(key, { ...newDraft(ttl, key, { address: null, is: 'hop', error: null }), is: 'router', mixed: true });
  }

  function join(ttl: number, addresses: readonly Address[], routers: ReadonlyMap<Address, number>): void {
    const keys = keysAt(ttl);
    for (const address of addresses) {
      const same = addresses.filter((other) => routers.get(other) === routers.get(address));
      const known = same.map((other) => keys.get(other)).find((key) => key !== undefined);
      const isOne = known !== undefined && drafts.get(known)?.mixed === true && facesOf(keys, known).every((face) => same.includes(face));
      if (isOne) for (const face of same) keys.set(face, `${ttl} ${same[0]}`);
      else if (!keys.has(address)) keys.set(address, known ?? `${ttl} ${same[0]}`);
    }
  }

  return {
    heard,
    at,
    keyOf,
    draftsAt,
    draftCount: () => drafts.size,
    needsPlace(ttl, flow) {
      const one = at(ttl).get(flow);
      return one !== undefined && (one.address === null || !drafts.has(keyOf(ttl, flow)));
    },
    nextFaces,
    countsOf,
    mix,
    addressesAt: (ttl) => [
      ...new Set([...at(ttl).values()].flatMap(({ address, is }) => (address === null || is !== 'hop' ? [] : [address]))),
    ],
    join,
    lastHeard: () =>
      Math.max(firstTtl, ...[...heard].filter(([, all]) => [...all.values()].some(({ address }) => address !== null)).map(([ttl]) => ttl)),
  };
}

const facesOf = (keys: ReadonlyMap<string, string>, key: string): string[] =>
  [...keys].filter(([, one]) => one === key).map(([face]) => face);

function listIn<Key>(lists: Map<Key, number[]>, key: Key): number[] {
  const known = lists.get(key) ?? [];
  lists.set(key, known);
  return known;
}

const newDraft = (ttl: number, key: string, { address, is, error }: Heard): Draft => ({
  ttl,
  key,
  faces: new Set(),
  is: is === 'hop' ? (address === null ? 'silent' : 'router') : is,
  error,
  mixed: false,
  perPacket: false,
  loops: false,
  index: 0,
  over: false,
});
