/** Routers that decapsulate in part, copy ttls or have links side by side: what is probed there, and what a table must say of it. */
import * as assert from 'uvu/assert';
import type { Event, TallyEvent } from '../../src/report/event.ts';
import { type Behaviour, PLAIN } from '../../src/topology/behaviour.ts';
import type { Counters } from '../../src/topology/counters.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import { endsOf } from '../../src/topology/lookup.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { fixture } from '../lab/raised.ts';
import { mapText, nodesOf } from '../topology/map-text.ts';

export const LINE: readonly string[] = ['r1', 'r2', 'r3', 'd'];

/** The network that is probed, in memory or in a lab. */
export interface Probed {
  probe(argv: readonly string[]): Promise<readonly Event[]>;
  fault(link: string, from: string | null, fault: Fault | 'clear'): Promise<void> | void;
  counters(): Promise<Counters> | Counters;
}

export interface Partly {
  readonly title: string;
  readonly behaviour: Partial<Behaviour>;
  /** Those of `line` that behave so. */
  readonly nodes: readonly string[];
  /** Families of the decapsulation addresses that the map gives for these; null: probed without a map. */
  readonly mapped: (family: 4 | 6) => readonly (4 | 6)[] | null;
  readonly leg: 'link' | 'routers';
  readonly problems: readonly string[];
}

const partly = (decapsulation: Partial<Behaviour['decapsulation']>): Partial<Behaviour> => ({
  decapsulation: { ...PLAIN.decapsulation, ...decapsulation },
});

/** On `line`, r2 to r3 being the link that is looked at. */
export const PARTLY: readonly Partly[] = [
  {
    title: 'on loopback alone',
    behaviour: partly({ at: 'loopback' }),
    nodes: LINE,
    mapped: () => [4, 6],
    leg: 'link',
    problems: [],
  },
  {
    title: 'IPv4 in IPv4 alone',
    behaviour: partly({ kinds: ['4in4'] }),
    nodes: LINE,
    mapped: () => [4],
    leg: 'link',
    problems: [],
  },
  {
    title: 'what is in IPv6 alone, at one router',
    behaviour: partly({ kinds: ['6in6', '4in6'] }),
    nodes: ['r2'],
    mapped: () => [6],
    leg: 'link',
    problems: [],
  },
  {
    title: 'one header a visit',
    behaviour: partly({ layers: 1 }),
    nodes: LINE,
    mapped: () => null,
    leg: 'link',
    problems: [],
  },
  {
    title: 'with the outer ttl copied inwards',
    behaviour: { uniformTtl: true },
    nodes: ['r2'],
    mapped: () => null,
    leg: 'routers',
    problems: ['UNIFORM_TTL'],
  },
];

export const behaviourOf = ({ behaviour }: Partly): Behaviour => ({ ...PLAIN, ...behaviour });

export const behaving = (topology: Topology, one: Partly): Topology => ({
  ...topology,
  nodes: topology.nodes.map((node) => (one.nodes.includes(node.name) ? { ...node, behaviour: behaviourOf(one) } : node)),
});

export const lineMap = (topology: Topology, one: Partly, family: 4 | 6): string | null => {
  const families = one.mapped(family);
  return families && mapText(nodesOf(topology, Object.fromEntries(one.nodes.map((name) => [name, families]))));
};

/** Each hop by the address that faces the one before, as a trace over the path would show it; `links` picks among parallel ones. */
export const ingresses = (topology: Topology, family: 4 | 6, names: readonly string[], links: readonly number[] = []): string[] =>
  names.map((name, index) => {
    const before = names[index - 1] ?? 'a';
    return endsOf(topology, name).filter(({ far }) => far.node === before)[links[index] ?? 0]!.end.addresses[family];
  });

export const lineOf = (name: string): Topology => fixture('line', name);

export const parallelOf = (name: string): Topology => {
  const links = '[{between: [a, r1]}, {between: [r1, r2]}, {between: [r1, r2]}, {between: [r2, d]}]';
  return { ...parseTopology(`{name: parallel, nodes: {a: {vantage: true}, r1: {}, r2: {}, d: {}}, links: ${links}}`, 'parallel'), name };
};

export const rowsOf = (events: readonly Event[]): TallyEvent[] => {
  const all = events.filter((event): event is TallyEvent => event.type === 'tally');
  return all.slice(all.findLastIndex(({ position }) => position === 1));
};

export const codesOf = (events: readonly Event[]): string[] => events.flatMap((event) => (event.type === 'problem' ? [event.code] : []));

const COUNT = 100;
const ONE_IN_TEN: Fault = { ...NO_FAULT, exact: { lost: 1, of: 10 } };

/**
 * One packet in ten of one direction is lost: the rows from `position` on miss those that the routers lost of them, and the rows before
 * miss none. Every row from there on crosses the direction once a probe; what was lost before the sweep follows from what was seen of it.
 */
export async function assertMissed(
  network: Probed,
  argv: readonly string[],
  { link, from, position }: { readonly link: string; readonly from: string; readonly position: number },
): Promise<readonly Event[]> {
  await network.fault(link, from, ONE_IN_TEN);
  const events = await network.probe(['-c', `${COUNT}`, '-t', '0.4', ...argv]);
  const rows = rowsOf(events);
  const what = `${from} of ${link}: ${JSON.stringify(rows)}`;
  const behind = rows.filter((row) => row.position >= position);
  const counted = (await network.counters()).links.find((one) => one.link === link && one.from === from)!;
  const swept = COUNT * behind.length;
  assert.is(counted.lost, Math.floor(counted.seen / 10), what);
  assert.is(
    behind.reduce((sum, { lost }) => sum + lost, 0),
    counted.lost - Math.floor((counted.seen - swept) / 10),
    what,
  );
  for (const row of rows) {
    assert.equal([row.sent, row.received + row.lost, row.unknown], [COUNT, COUNT, 0], what);
    assert.is(row.lost > 0, row.position >= position, what);
  }
  await network.fault(link, null, 'clear');
  return events;
}
