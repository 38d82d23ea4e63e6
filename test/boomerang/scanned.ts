/** Scans of networks in memory, and the lines of their cards by which two scans differ. */
import { type Card, type ScannedHop, scan } from '../../src/boomerang/scan.ts';
import type { Scanner } from '../../src/boomerang/scan-ask.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { openAsk } from '../../src/probe/ask.ts';
import { addressesOf, vantageOf } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';
import { FLOW, loopback, testRun } from '../trace/networks.ts';
import { ingresses } from '../truth/partly.ts';

export const FAMILIES: readonly FamilyNumber[] = [4, 6];

/** The routers in the order of the path, each seen by its address on the link that leads to it, the last by its loopback address. */
export interface Scanning {
  readonly topology: Topology;
  readonly family: FamilyNumber;
  readonly nodes: readonly string[];
  /** Loopback addresses are asked too. */
  readonly loopbacks?: boolean;
  readonly signal?: AbortSignal;
}

export const hopsOf = ({ topology, family, nodes, loopbacks = false }: Scanning): ScannedHop[] =>
  ingresses(topology, family, nodes).map((address, index) => ({
    position: index + 1,
    address,
    others: loopbacks ? FAMILIES.map((each) => loopback(topology, nodes[index]!, each)) : [],
    maybe: [],
  }));

export function scannerOn(engine: Engine, { topology, signal }: Scanning): Scanner {
  const ours = (each: FamilyNumber): readonly string[] => addressesOf(topology, vantageOf(topology).name, each);
  return {
    engine,
    asking: openAsk(engine, testRun(), signal),
    flow: FLOW,
    landing: 'ipip',
    us: { 4: ours(4)[0]!, 6: ours(6)[0]! },
    second: { 4: ours(4)[1]!, 6: ours(6)[1]! },
    patienceNs: 200_000_000,
    everyNs: 5_000_000,
    roundNs: 30_000_000,
    isOver: () => signal?.aborted ?? false,
  };
}

export async function cardsOn(
  engine: Engine,
  scanning: Scanning,
  change = (hops: readonly ScannedHop[]): readonly ScannedHop[] => hops,
): Promise<Card[]> {
  const hops = change(hopsOf(scanning));
  const cards: Card[] = [];
  for await (const card of scan(scannerOn(engine, scanning), hops, hops.at(-1)!.address)) cards.push(card);
  return cards;
}

/** `r2 ttl: pipe`, a line for each value of each card; reasons are left out. */
export function linesOf(cards: readonly Card[], nodes: readonly string[]): string[] {
  return cards.flatMap((card) => {
    const values: Record<string, unknown> = {
      ...Object.fromEntries(card.nested.map(({ nesting, address, fact }) => [`${nesting} ${kindOf(card, address)}`, fact.value])),
      place: card.place.value,
      ...Object.fromEntries(Object.entries(card.sources).map(([kind, { value }]) => [kind, value])),
      uRPF: card.reversePathCheck.value,
      ttl: card.ttl.value,
      dscp: card.dscp.remarkedTo ?? card.dscp.fate.value,
      ecn: card.ecn.value,
      depth: `${card.depth.value} ${card.depth.bound}`,
      size: `${card.size.value} ${card.size.bound}`,
      limited: card.answers.limited.value === true ? `${card.answers.burst} ${card.answers.perSecond}` : card.answers.limited.value,
    };
    return Object.entries(values).map(([name, value]) => `${nodes[card.position - 1]} ${name}: ${value}`);
  });
}

const kindOf = ({ address: seen }: Card, address: string): string => (address === seen ? '' : `at ${address}`).trim();

/** The lines of the one that the other has not. */
export const changed = (before: readonly string[], after: readonly string[]): string[] => after.filter((line) => !before.includes(line));
