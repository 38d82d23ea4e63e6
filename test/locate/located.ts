/** The command's own body on a network in memory, and what a verdict must say of one fault there. */
import * as assert from 'uvu/assert';
import { type LocateCommandOptions, locateCommand } from '../../src/cli/commands/locate.ts';
import type { Network } from '../../src/cli/network.ts';
import { sessionOn } from '../../src/cli/session.ts';
import { random } from '../../src/engine/simulated/random.ts';
import { type Simulated, simulated } from '../../src/engine/simulated/simulated.ts';
import type { Event, LinkEvent, VerdictEvent } from '../../src/report/event.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import type { Link, Topology } from '../../src/topology/topology.ts';
import { assertEvents } from '../report/schema.ts';

/** As cli/program.ts has them, but for a threshold that asks for fewer probes. */
export const DEFAULTS: Omit<LocateCommandOptions, 'family'> = {
  port: 33434,
  dscp: 0,
  landing: 'ipip',
  timeout: 3,
  maxHops: 30,
  threshold: 0.003,
  confidence: 0.99,
  budget: { probes: 200_000, seconds: null },
};

export interface Opened extends Network {
  readonly engine: Simulated;
}

export function opened(topology: Topology, seed: number): Opened {
  const engine = simulated(topology, { seed });
  const chance = random(~seed);
  return { engine, names: engine.names, random: (length) => Uint8Array.from({ length }, () => chance.word() & 0xff) };
}

export async function located(network: Network, family: 4 | 6, options: Partial<LocateCommandOptions>): Promise<Event[]> {
  const events: Event[] = [];
  const body = locateCommand({ ...DEFAULTS, ...options, [family]: true } as LocateCommandOptions);
  const reporter = { event: (event: Event) => void events.push(event), close: () => {} };
  await sessionOn(network, body, reporter, new AbortController().signal);
  assertEvents(events.map((event) => JSON.stringify(event)));
  return events;
}

export const verdictIn = (events: readonly Event[]): VerdictEvent =>
  events.find((event): event is VerdictEvent => event.type === 'verdict')!;

/** As they stand at the end. */
export const linksIn = (events: readonly Event[]): LinkEvent[] => [
  ...new Map(events.flatMap((event) => (event.type === 'link' ? [[`${event.from} ${event.to}`, event]] : []))).values(),
];

/** What is wrong with one direction of a link. */
export interface Wrong {
  readonly link: Link;
  /** Which of its ends sends what is lost. */
  readonly end: 0 | 1;
  readonly loss: number;
}

export const faultOf = ({ loss }: Pick<Wrong, 'loss'>): Fault => (loss === 1 ? { ...NO_FAULT, blackhole: true } : { ...NO_FAULT, loss });

export const apply = (engine: Pick<Simulated, 'fault'>, wrong: Wrong): void =>
  engine.fault(wrong.link.id, wrong.link.ends[wrong.end].node, faultOf(wrong));

export const everyDirection = ({ links }: Topology, loss: number): Wrong[] =>
  links.flatMap((link) => ([0, 1] as const).map((end) => ({ link, end, loss })));

/** Whether without this link its ends would still hang together. */
export function isOnCycle({ links }: Topology, link: Link): boolean {
  const seen = new Set([link.ends[0].node]);
  for (const node of seen)
    for (const { ends } of links.filter((other) => other !== link))
      for (const [one, two] of [ends, ends.toReversed()] as const) if (one!.node === node) seen.add(two!.node);
  return seen.has(link.ends[1].node);
}

/** Links that every way to them from us takes the dead one to. */
export function behind({ links, nodes }: Topology, dead: Link): Link[] {
  const us = nodes.find(({ vantage }) => vantage)!.name;
  const seen = new Set([us]);
  for (const node of seen)
    for (const { ends } of links.filter((other) => other !== dead))
      for (const [one, two] of [ends, ends.toReversed()] as const) if (one!.node === node) seen.add(two!.node);
  return links.filter((link) => link !== dead && link.ends.every(({ node }) => !seen.has(node)));
}

const WIDER = 1.5; // an interval of 99 % misses once in a hundred runs, and never by much

/** Names this fault, with its direction where it is on a cycle, and nothing else. */
export function assertNamed(topology: Topology, family: 4 | 6, wrong: Wrong, events: readonly Event[]): void {
  const { link, end, loss } = wrong;
  const { kind, suspects, unknown } = verdictIn(events);
  const what = `${link.ends[end].node} of ${link.id}, ${loss}: ${JSON.stringify({ kind, suspects, unknown })}`;
  assert.is(kind, 'suspect', what);
  assert.is(suspects.length, 1, what);
  const [one] = suspects;
  assert.ok(one !== undefined && 'from' in one, what);
  const ends = [link.ends[end].addresses[family], link.ends[1 - end]!.addresses[family]];
  const told = isOnCycle(topology, link) ? [one.direction, one.from, one.to] : [one.direction, ...[one.from, one.to].toSorted()];
  assert.equal(told, isOnCycle(topology, link) ? ['from-to', ...ends] : ['not-identifiable', ...ends.toSorted()], what);
  assert.ok(one.low <= one.loss && one.loss <= one.high && one.low > 0 && one.probes > 0, what);
  assert.ok(one.low / WIDER <= loss && one.high * WIDER >= loss, what);
  for (const { links, why } of unknown) if (links.length > 0) assert.match(why, loss === 1 ? /^behind / : HIDES, what);
  const hidden = unknown.flatMap(({ links }) => links);
  const far = hiddenBy(topology, link);
  const links = hidden.flatMap(({ from: address, to }) => (to === null ? [] : [linkOf(topology, family, address)]));
  for (const one of links) assert.ok(far.includes(one), what);
  for (const { from: address, to } of hidden)
    if (to === null) assert.ok(isHidden(topology, [link.id, ...far], nodeOf(topology, family, address)), `${address} hidden: ${what}`);
  if (loss === 1)
    assert.equal(
      [...new Set(links)].sort(),
      behind(topology, link)
        .map(({ id }) => id)
        .sort(),
      what,
    );
}

const HIDES = /^what .+ loses hides how much they lose$/;

const linkOf = ({ links }: Topology, family: 4 | 6, address: string): string =>
  links.find(({ ends }) => ends.some(({ addresses }) => addresses[family] === address))!.id;

/** A router alone is shown by its loopback. */
const nodeOf = ({ nodes }: Topology, family: 4 | 6, address: string): string =>
  nodes.find(({ loopback }) => loopback[family] === address)!.name;

/** No probe comes to this router but over the links that lose or are hidden. */
const isHidden = ({ links }: Topology, hidden: readonly string[], router: string): boolean =>
  links.every(({ id, ends }) => hidden.includes(id) || ends.every(({ node }) => node !== router));

/** What no probe can cross without this link: behind it, or anything where it is our only one. */
function hiddenBy(topology: Topology, link: Link): string[] {
  const isOurs = link.ends.some(({ node }) => topology.nodes.find(({ name }) => name === node)!.vantage);
  return (isOurs && !isOnCycle(topology, link) ? topology.links : behind(topology, link)).map(({ id }) => id);
}
