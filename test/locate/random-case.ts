/** One fault, or none, in a random network, and whether the verdict is right about it. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { Event, VerdictEvent } from '../../src/report/event.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { endsOf, nodeNamed, nodeOf } from '../../src/topology/lookup.ts';
import type { Link, Topology } from '../../src/topology/topology.ts';
import { type RandomNetwork, randomNetworks } from '../truth/random-topology.ts';
import { apply, isOnCycle, linksIn, located, opened, verdictIn, type Wrong } from './located.ts';
import { withFile } from './topology-files.ts';

/** What every direction of every link loses. */
export const BACKGROUND = 1e-4;
export const THRESHOLD = 0.005;

export interface Case {
  readonly network: RandomNetwork;
  readonly family: 4 | 6;
  readonly pick: number;
  /** 0: no fault at all. */
  readonly loss: number;
}

export const randomCases = (losses: readonly number[]): fc.Arbitrary<Case> =>
  fc.record({
    network: randomNetworks('random'),
    family: fc.constantFrom(4, 6),
    pick: fc.nat(),
    loss: fc.constantFrom(...losses),
  });

export interface Found {
  readonly wrong: Wrong;
  readonly events: readonly Event[];
}

export async function foundIn({ network: { topology, seed }, family, pick, loss }: Case): Promise<Found> {
  const network = opened(topology, seed);
  for (const { id } of topology.links) network.engine.fault(id, null, { ...NO_FAULT, loss: BACKGROUND });
  const link = topology.links[pick % topology.links.length]!;
  const wrong: Wrong = { link, end: pick % 2 === 0 ? 0 : 1, loss };
  if (loss > 0) apply(network.engine, wrong);
  const events = await withFile(topology, (file) => located(network, family, { topology: file, threshold: THRESHOLD }));
  return { wrong, events };
}

/** Nothing is named that is not so; a fault may be left unknown, with a reason. */
export function assertNotWrong({ network: { topology }, family, loss }: Case, { wrong, events }: Found): void {
  const { kind, suspects, unknown } = verdictIn(events);
  const what = `${wrong.link.ends[wrong.end].node} of ${wrong.link.id}, ${loss}: ${JSON.stringify({ kind, suspects, unknown })}`;
  if (loss === 0) assert.equal(suspects, [], what);
  for (const one of suspects) assert.ok(isTrue(topology, wrong, one, family), what);
  const links = suspects.filter((one) => 'from' in one && linkBy(topology, one.from) !== undefined);
  assert.ok(links.length <= 1, what); // several pairs of routers may have the one link between them
  if (loss > 0 && isMeasured(topology, wrong.link, events)) assert.ok(suspects.length === 1 || unknown.length > 0, what);
}

/** A fault where probes can be steered over its link is named, with its direction where the link is on a cycle of routers that probes turn at. */
export function assertRight(one: Case, found: Found): void {
  assertNotWrong(one, found);
  const { topology } = one.network;
  const { wrong, events } = found;
  const { kind, suspects, unknown } = verdictIn(events);
  const what = `${wrong.link.ends[wrong.end].node} of ${wrong.link.id}, ${one.loss}: ${JSON.stringify({ kind, suspects, unknown })}`;
  if (one.loss === 0 || !isMeasured(topology, wrong.link, events)) return;
  assert.is(suspects.length, 1, what);
  const [suspect] = suspects;
  if (suspect !== undefined && 'from' in suspect && isOnCycle(turning(topology), wrong.link)) assert.is(suspect.direction, 'from-to', what);
}

const isMeasured = (topology: Topology, link: Link, events: readonly Event[]): boolean =>
  linksIn(events).some((one) => one.is === 'link' && linkBy(topology, one.from) === link && one.how !== null);

/** Without the links of routers that do not decapsulate. */
function turning(topology: Topology): Topology {
  const turns = (node: string): boolean => nodeNamed(topology, node)!.decapsulates;
  return { ...topology, links: topology.links.filter(({ ends: [one, two] }) => turns(one.node) && turns(two.node)) };
}

/** Random files leave ends of the same link at several places: by an address of one of its ends. */
const linkBy = ({ links }: Topology, address: string): Link | undefined =>
  links.find(({ ends }) => ends.some(({ addresses }) => addresses[4] === address || addresses[6] === address));

/** The suspect is the fault, or routers between which it lies. */
function isTrue(topology: Topology, { link, end }: Wrong, one: VerdictEvent['suspects'][number], family: 4 | 6): boolean {
  if ('device' in one) return false;
  const named = linkBy(topology, one.from);
  if (named === undefined || linkBy(topology, one.to) !== named) return isBetween(topology, link, one.from, one.to);
  if (named !== link) return false;
  return one.direction !== 'from-to' || one.from === link.ends[end].addresses[family];
}

/** One of its ends only forwards, and hangs between the two. */
function isBetween(topology: Topology, { ends }: Link, from: string, to: string): boolean {
  const [one, other] = [from, to].map((address) => nodeOf(topology, address)!.name);
  const seen = new Set([one!]);
  for (const node of seen)
    for (const { far } of endsOf(topology, node))
      if (!nodeNamed(topology, far.node)!.decapsulates || far.node === other) seen.add(far.node);
  return ends.every(({ node }) => seen.has(node)) && ends.some(({ node }) => !nodeNamed(topology, node)!.decapsulates);
}
