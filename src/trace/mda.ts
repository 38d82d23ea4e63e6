/**
 * Every path by the multipath detection algorithm, node by node: each router is asked for its next hop with flows that are known to reach it,
 * until the stopping rule says that none is missing. Knows no packet: who stands where for a flow is asked through one function.
 */
import type { Answer } from '../probe/observation.ts';
import type { Address } from '../wire/address.ts';
import { createRecord, type Draft, faceOf, type Heard, SILENT } from './mda-record.ts';
import { flowsNeeded, MOST_NEXT_HOPS, missedRisk, riskShare, unevenShare } from './mda-rule.ts';

/** One flow at one ttl. */
export interface Cell {
  readonly flow: number;
  readonly ttl: number;
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
  readonly is: Draft['is'];
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

export async function mda(options: MdaOptions): Promise<Mapped> {
  const { firstTtl, lastTtl, own, sound, group, isSlow, aborted, risk } = options;
  const record = createRecord(own, firstTtl);
  const { at, draftsAt, nextFaces, countsOf } = record;
  /** Flow and ttl → how often silence there was doubted. */
  const doubts = new Map<string, number>();
  let flows = 1;
  let searched = 0;

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
      await leaveOut(ttl, more);
    }
    for (let before = ttl - 1; before > firstTtl; before -= 1) {
      const stray = more.filter((flow) => record.needsPlace(before + 1, flow) && !at(before).has(flow));
      if (stray.length > 0) await ask(stray.map((flow) => ({ flow, ttl: before })));
    }
    if (ttl > firstTtl) for (const flow of more) at(firstTtl).set(flow, at(firstTtl).get(0)!);
  }

  /** A flow may have ended before: the end answers it at this ttl all the same, and does not stand here. */
  async function leaveOut(ttl: number, of: readonly number[]): Promise<void> {
    let over = of.filter((flow) => isOver(at(ttl).get(flow)));
    for (let before = ttl - 1; before > firstTtl && over.length > 0; before -= 1) {
      await ask(over.filter((flow) => !at(before).has(flow)).map((flow) => ({ flow, ttl: before })));
      over = over.filter((flow) => isOver(at(before).get(flow)));
      for (const flow of over) at(before + 1).delete(flow);
    }
  }

  /** More flows may meet more addresses. */
  async function freshOf(ttl: number, count: number): Promise<void> {
    const before = record.draftCount();
    await fresh(ttl, count);
    draftsAt(ttl);
    if (ttl > firstTtl && record.draftCount() > before) await join(ttl);
  }

  const budgetOf = ({ index }: Draft): number => risk * riskShare(index);

  function lacking(draft: Draft, of: readonly number[]): number {
    const counts = countsOf(draft.ttl, of);
    const asked = sum(counts);
    if (counts.length > MOST_NEXT_HOPS) return 0;
    const wanted = flowsNeeded(Math.max(1, counts.length), budgetOf(draft), unevenShare(counts) ?? undefined);
    return Math.min(wanted, isSlow(draft.ttl + 1) ? MOST_WHERE_SLOW : MOST_FOR_ONE) - asked;
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
      for (const { draft, of } of short) draft.over ||= isDead(nextFaces(ttl, of));
      const total = at(ttl).size;
      const more = short.map(({ draft, of, lack, idle }) =>
        draft.over ? 0 : Math.ceil((Math.max(0, lack - idle.length) * total) / of.length),
      );
      const wanted = Math.max(...more);
      dry = cells.length === 0 ? dry + 1 : 0;
      if (wanted > 0 && flows < MOST_FLOWS && dry < MOST_DRY && (ttl === firstTtl || !isSlow(ttl) || total < MOST_WHERE_SLOW))
        await freshOf(ttl, wanted);
      else if (wanted > 0) for (const { draft, lack, idle } of short) draft.over ||= lack > idle.length;
    }
  }

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
      record.mix(
        ttl + 1,
        [...faces.map(([face]) => face), ...again].map((face) => (face === SILENT ? `${SILENT} ${draft.key}` : face)),
      );
    }
  }

  async function join(ttl: number): Promise<void> {
    const addresses = record.addressesAt(ttl);
    if (addresses.length > 1 && !aborted()) record.join(ttl, addresses, await group(addresses));
  }

  /** Somebody who was met before on this very flow. */
  async function checkLoops(ttl: number): Promise<void> {
    for (const [draft, of] of draftsAt(ttl)) {
      const places = [...record.heard.keys()].filter((before) => before <= ttl - 2 && before >= firstTtl);
      for (const before of places.toReversed()) {
        const met = [...at(before).values()].some((one) => one.address !== null && draft.faces.has(faceOf(one)));
        if (!met || draft.is !== 'router' || draft.mixed) continue;
        const flow = of[0]!;
        if (!at(before).has(flow)) await ask([{ flow, ttl: before }]);
        const there = at(before).get(flow);
        draft.loops ||= there !== undefined && there.address !== null && draft.faces.has(faceOf(there));
      }
    }
  }

  if (own.length > 0) {
    for (let ttl = firstTtl; ttl < lastTtl && !aborted(); ttl += 1) {
      if (ttl > record.lastHeard() + MOST_SILENT) break;
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
    const last = record.lastHeard();
    for (const ttl of [...record.heard.keys()].sort((a, b) => a - b)) {
      if (ttl > last) continue; // behind the last that answered nothing is known
      const found = draftsAt(ttl);
      keys.set(ttl, new Map([...at(ttl).keys()].map((flow) => [flow, record.keyOf(ttl, flow)])));
      for (const [draft, of] of found) nodes.push(nodeOf(draft, of));
    }
    return { nodes, heard: record.heard, keys, flows };
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

const goesOn = ({ is, loops }: Draft): boolean => (is === 'router' || is === 'silent') && !loops;

/** So many flows die here that more of them would tell no more. */
const ENOUGH_DEAD = 8;
const isDead = (next: ReadonlyMap<string, readonly number[]>): boolean => next.size === 1 && (next.get(SILENT)?.length ?? 0) >= ENOUGH_DEAD;

const isOver = (one: Heard | undefined): boolean => one !== undefined && one.is !== 'hop';

/** Nobody counts who is silent, and beyond so many nobody has looked. */
const unknowable = (next: ReadonlyMap<string, unknown>): boolean => next.size === 0 || next.has(SILENT) || next.size > MOST_NEXT_HOPS;

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** Rounds in a row in which no flow reached the routers that lack some. */
const MOST_DRY = 24;
