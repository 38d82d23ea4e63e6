/**
 * Every path by the multipath detection algorithm, node by node: each router is asked for its next hop with flows that are known to reach it,
 * until the stopping rule says that none is missing. Knows no packet: who stands where for a flow is asked through one function.
 */
import type { Answer } from '../probe/observation.ts';
import type { Address } from '../wire/address.ts';
import { flowsNeeded, MOST_NEXT_HOPS, missedRisk, riskShare, unevenShare } from './mda-rule.ts';

/** One flow at one ttl. */
export interface Cell {
  readonly flow: number;
  readonly ttl: number;
}

/** `end`: the target took it. `error`: it goes no further from here. Silence has no address. */
export interface Heard {
  readonly address: Address | null;
  readonly is: 'hop' | 'end' | 'error';
  readonly error: Answer['icmp'] | null;
}

/** Asks cells, and answers in their order; what is asked twice is sent twice. */
export type Sound = (cells: readonly Cell[]) => Promise<readonly Heard[]>;

/** Addresses that answer at one ttl → the number of the router; addresses with the same number are one router's. */
export type Group = (addresses: readonly Address[]) => Promise<ReadonlyMap<Address, number>>;

export interface MdaOptions {
  /** Of the whole graph, that any next hop is missing. */
  readonly risk: number;
  readonly firstTtl: number;
  readonly lastTtl: number;
  /** Flow 0 as a trace found it: position i is ttl firstTtl + i. */
  readonly own: readonly Heard[];
  readonly sound: Sound;
  readonly group: Group;
  /** A ttl that answers once a second: few flows are asked there. */
  readonly isSlow: (ttl: number) => boolean;
  readonly aborted: () => boolean;
}

/** A router at one ttl; the same one may stand at several. */
export interface MdaNode {
  readonly ttl: number;
  readonly key: string;
  /** Empty where it is silent. */
  readonly addresses: readonly Address[];
  readonly is: 'router' | 'silent' | 'end' | 'error';
  readonly error: Answer['icmp'] | null;
  /** Several routers, among which packets of one flow are spread: which of them a flow passes is not known. */
  readonly mixed: boolean;
  /** Spreads packets of one flow over its next hops. */
  readonly perPacket: boolean;
  /** A flow that has been here before comes here again. */
  readonly loops: boolean;
  /** Flows that its next hop is known of. */
  readonly flows: number;
  /** The probability that a next hop is missing; null: nobody knows. */
  readonly missed: number | null;
}

export interface Mapped {
  /** In order of ttl. */
  readonly nodes: readonly MdaNode[];
  /** ttl → flow → who answered there. */
  readonly heard: ReadonlyMap<number, ReadonlyMap<number, Heard>>;
  /** ttl → flow → key of its node. */
  readonly keys: ReadonlyMap<number, ReadonlyMap<number, string>>;
  readonly flows: number;
}

/** Flows of one search; past it the risk is told as it is. */
const MOST_FLOWS = 16_384;
/** New flows of one round. */
const MOST_AT_ONCE = 256;
/** For one router, where its shares are so uneven that more would be needed. */
const MOST_FOR_ONE = 2048;
/** At a ttl that answers once a second: some minutes. */
const MOST_WHERE_SLOW = 192;
/** Silence among answers is asked again so often, before it passes for a router of its own. */
const DOUBTS = 2;
/** Where the target stays silent, so many silent ttls in a row end the search. */
const MOST_SILENT = 3;

interface Draft {
  ttl: number;
  key: string;
  faces: Set<string>;
  is: MdaNode['is'];
  error: Answer['icmp'] | null;
  mixed: boolean;
  perPacket: boolean;
  loops: boolean;
  /** In the order of search; 0: its next hops are not searched. */
  index: number;
  over: boolean;
}

const SILENT = '*';

const faceOf = ({ address, is }: Heard): string => (is === 'end' ? 'end' : `${is === 'error' ? '!' : ''}${address ?? SILENT}`);

export async function mda(options: MdaOptions): Promise<Mapped> {
  const { firstTtl, lastTtl, own, sound, group, isSlow, aborted, risk } = options;
  const heard = new Map<number, Map<number, Heard>>(own.map((one, i) => [firstTtl + i, new Map([[0, one]])]));
  /** ttl → face → key of the node; set when the ttl before is complete. */
  const joined = new Map<number, Map<string, string>>();
  const drafts = new Map<string, Draft>();
  /** Flow and ttl → how often silence there was doubted. */
  const doubts = new Map<string, number>();
  let flows = 1;
  let searched = 0;

  const at = (ttl: number): Map<number, Heard> => {
    const known = heard.get(ttl) ?? new Map<number, Heard>();
    heard.set(ttl, known);
    return known;
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

  async function ask(cells: readonly Cell[]): Promise<void> {
    const answers = await sound(cells);
    for (const [i, { flow, ttl }] of cells.entries()) {
      const cut = answers[i]!.address === null && aborted(); // who was interrupted knows of no silence
      if (!cut) at(ttl).set(flow, answers[i]!);
    }
  }

  /** All flows come by the first ttl: it is never asked again. */
  async function fresh(ttl: number, count: number): Promise<void> {
    const more = Array.from({ length: Math.min(count, MOST_AT_ONCE, MOST_FLOWS - flows) }, (_, i) => flows + i);
    flows += more.length;
    if (ttl === firstTtl) for (const flow of more) at(ttl).set(flow, at(ttl).get(0)!);
    else {
      await ask(more.map((flow) => ({ flow, ttl })));
      for (let round = 0; round < DOUBTS; round += 1) await doubt(ttl - 1, more);
    }
    for (let before = ttl - 1; before > firstTtl; before -= 1) {
      const stray = more.filter((flow) => needsPlace(before + 1, flow) && !at(before).has(flow));
      if (stray.length > 0) await ask(stray.map((flow) => ({ flow, ttl: before })));
    }
    if (ttl > firstTtl) for (const flow of more) at(firstTtl).set(flow, at(firstTtl).get(0)!);
  }

  /** More flows may meet more addresses. */
  async function freshOf(ttl: number, count: number): Promise<void> {
    const before = drafts.size;
    await fresh(ttl, count);
    draftsAt(ttl);
    if (ttl > firstTtl && drafts.size > before) await join(ttl);
  }

  /** Silence, or somebody that no flow has met here before: where the flow comes from is not known yet. */
  function needsPlace(ttl: number, flow: number): boolean {
    const one = at(ttl).get(flow);
    return one !== undefined && (one.address === null || !drafts.has(keyOf(ttl, flow)));
  }

  const nextFaces = (ttl: number, of: readonly number[]): Map<string, number[]> => {
    const faces = new Map<string, number[]>();
    for (const flow of of) {
      const one = heard.get(ttl + 1)?.get(flow);
      if (one !== undefined) listIn(faces, faceOf(one)).push(flow);
    }
    return faces;
  };

  const budgetOf = ({ index }: Draft): number => risk * riskShare(index);

  function lacking(draft: Draft, of: readonly number[]): number {
    const counts = countsOf(draft.ttl, of);
    const asked = sum(counts);
    if (counts.length > MOST_NEXT_HOPS) return 0;
    const wanted = flowsNeeded(Math.max(1, counts.length), budgetOf(draft), unevenShare(counts) ?? undefined);
    return Math.min(wanted, isSlow(draft.ttl + 1) ? MOST_WHERE_SLOW : MOST_FOR_ONE) - asked;
  }

  /** Flows for each next hop. A router that answers from the same addresses whoever stands before it is one, not one for each. */
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

  /** A packet may be lost, or one answer too many asked for: silence among answers must show itself again. */
  async function doubt(ttl: number, of: readonly number[]): Promise<void> {
    const faces = nextFaces(ttl, of);
    if (faces.size < 2) return;
    const again = (faces.get(SILENT) ?? []).filter((flow) => (doubts.get(`${flow} ${ttl + 1}`) ?? 0) < DOUBTS);
    for (const flow of again) doubts.set(`${flow} ${ttl + 1}`, (doubts.get(`${flow} ${ttl + 1}`) ?? 0) + 1);
    if (again.length > 0) await ask(again.map((flow) => ({ flow, ttl: ttl + 1 })));
  }

  async function expand(ttl: number): Promise<void> {
    for (let dry = 0; !aborted(); ) {
      const short = [...draftsAt(ttl)]
        .filter(([draft]) => goesOn(draft))
        .map(([draft, of]) => ({ draft, of, lack: lacking(draft, of), idle: of.filter((flow) => !at(ttl + 1).has(flow)) }))
        .filter(({ draft, lack }) => lack > 0 && !draft.over);
      if (short.length === 0) return;
      for (const { draft } of short) if (draft.index === 0) draft.index = ++searched;
      const cells = short.flatMap(({ idle, lack }) => idle.slice(0, lack).map((flow) => ({ flow, ttl: ttl + 1 })));
      await ask(cells);
      for (const { of } of short) for (let round = 0; round < DOUBTS; round += 1) await doubt(ttl, of);
      if (cells.length > 0) await join(ttl + 1);
      const total = at(ttl).size;
      const more = short.map(({ of, lack, idle }) => Math.ceil((Math.max(0, lack - idle.length) * total) / of.length));
      const wanted = Math.max(...more);
      dry = cells.length === 0 ? dry + 1 : 0;
      if (wanted > 0 && flows < MOST_FLOWS && dry < MOST_DRY && (ttl === firstTtl || !isSlow(ttl) || total < MOST_WHERE_SLOW))
        await freshOf(ttl, wanted);
      else if (wanted > 0) for (const { draft, lack, idle } of short) draft.over ||= lack > idle.length;
    }
  }

  const goesOn = ({ is, loops }: Draft): boolean => (is === 'router' || is === 'silent') && !loops;

  /** The same flow again and again: where its next hop changes, packets are spread one by one. */
  async function checkPackets(ttl: number): Promise<void> {
    for (const [draft, of] of draftsAt(ttl)) {
      const faces = [...nextFaces(ttl, of)];
      const first = faces.find(([face]) => !face.startsWith(SILENT));
      if (faces.length < 2 || !goesOn(draft) || first === undefined || aborted()) continue;
      const cells = Array.from({ length: flowsNeeded(1, budgetOf(draft)) - 1 }, () => ({ flow: first[1][0]!, ttl: ttl + 1 }));
      const again = (await sound(cells)).map(faceOf).filter((face) => face !== SILENT);
      if (again.every((face) => face === first[0])) continue;
      draft.perPacket = !draft.mixed;
      mix(
        ttl + 1,
        [...faces.map(([face]) => face), ...again].map((face) => (face === SILENT ? `${SILENT} ${draft.key}` : face)),
      );
    }
  }

  /** From here on they count as one. */
  function mix(ttl: number, faces: readonly string[]): void {
    const keys = joined.get(ttl) ?? new Map<string, string>();
    joined.set(ttl, keys);
    const key = `${ttl} ${[...new Set(faces)].sort().join(' or ')}`;
    const old = new Set(faces.map((face) => keys.get(face)).filter((one) => one !== undefined));
    for (const [face, known] of keys) if (old.has(known)) keys.set(face, key);
    for (const face of faces) keys.set(face, key);
    drafts.set(key, { ...newDraft(ttl, key, { address: null, is: 'hop', error: null }), is: 'router', mixed: true });
  }

  /** Addresses of one router are one node. Those that were joined before keep their place. */
  async function join(ttl: number): Promise<void> {
    const addresses = [...new Set([...at(ttl).values()].flatMap(({ address, is }) => (address === null || is !== 'hop' ? [] : [address])))];
    if (addresses.length < 2 || aborted()) return;
    const routers = await group(addresses);
    const keys = joined.get(ttl) ?? new Map<string, string>();
    joined.set(ttl, keys);
    for (const address of addresses) {
      const same = addresses.filter((other) => routers.get(other) === routers.get(address));
      const known = same.map((other) => keys.get(other)).find((key) => key !== undefined);
      const isOne = known !== undefined && drafts.get(known)?.mixed === true && facesOf(keys, known).every((face) => same.includes(face));
      if (isOne) for (const face of same) keys.set(face, `${ttl} ${same[0]}`);
      else if (!keys.has(address)) keys.set(address, known ?? `${ttl} ${same[0]}`);
    }
  }

  /** Somebody who was met before on this very flow. */
  async function checkLoops(ttl: number): Promise<void> {
    for (const [draft, of] of draftsAt(ttl)) {
      const places = [...heard.keys()].filter((before) => before <= ttl - 2 && before >= firstTtl);
      for (const before of places.toReversed()) {
        const met = [...at(before).values()].some((one) => one.address !== null && draft.faces.has(faceOf(one)));
        if (!met || draft.is !== 'router' || draft.mixed) continue;
        const flow = of[0]!;
        if (!at(before).has(flow)) await ask([{ flow, ttl: before }]);
        draft.loops ||= draft.faces.has(faceOf(at(before).get(flow)!)) && at(before).get(flow)!.address !== null;
      }
    }
  }

  const lastHeard = (): number =>
    Math.max(firstTtl, ...[...heard].filter(([, all]) => [...all.values()].some(({ address }) => address !== null)).map(([ttl]) => ttl));

  if (own.length > 0) {
    for (let ttl = firstTtl; ttl < lastTtl && !aborted(); ttl += 1) {
      if (ttl > lastHeard() + MOST_SILENT) break;
      if (![...draftsAt(ttl).keys()].some(goesOn)) break;
      await expand(ttl);
      await checkPackets(ttl);
      await join(ttl + 1);
      await checkLoops(ttl + 1);
    }
  }
  return mapped();

  function mapped(): Mapped {
    const keys = new Map<number, Map<number, string>>();
    const nodes: MdaNode[] = [];
    const last = lastHeard();
    for (const ttl of [...heard.keys()].sort((a, b) => a - b)) {
      if (ttl > last) continue; // behind the last that answered nothing is known
      const found = draftsAt(ttl);
      keys.set(ttl, new Map([...at(ttl).keys()].map((flow) => [flow, keyOf(ttl, flow)])));
      for (const [draft, of] of found) nodes.push(nodeOf(draft, of));
    }
    return { nodes, heard, keys, flows };
  }

  function nodeOf(draft: Draft, of: readonly number[]): MdaNode {
    const { ttl, key, is, error, mixed, perPacket, loops } = draft;
    const next = nextFaces(ttl, of);
    const counts = countsOf(ttl, of);
    const isLast = !goesOn(draft);
    return {
      ttl,
      key,
      addresses: [...new Set(of.flatMap((flow) => at(ttl).get(flow)!.address ?? []))],
      is,
      error,
      mixed,
      perPacket,
      loops,
      flows: sum(counts),
      missed: isLast ? 0 : unknowable(next) ? null : missedRisk(counts.length, sum(counts), unevenShare(counts) ?? undefined),
    };
  }
}

/** Nobody counts who is silent, and beyond so many nobody has looked. */
const unknowable = (next: ReadonlyMap<string, unknown>): boolean => next.size === 0 || next.has(SILENT) || next.size > MOST_NEXT_HOPS;

const facesOf = (keys: ReadonlyMap<string, string>, key: string): string[] =>
  [...keys].filter(([, one]) => one === key).map(([face]) => face);

function listIn<Key>(lists: Map<Key, number[]>, key: Key): number[] {
  const known = lists.get(key) ?? [];
  lists.set(key, known);
  return known;
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** Rounds in a row in which no flow reached the routers that lack some. */
const MOST_DRY = 24;

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
