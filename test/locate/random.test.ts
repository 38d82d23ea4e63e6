// limit: 240 s
/** One fault in random networks with routers that are silent or do not decapsulate: a wrong link or direction is never named. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { endsOf, nodeNamed, nodeOf } from '../../src/topology/lookup.ts';
import type { Link, Topology } from '../../src/topology/topology.ts';
import { type RandomNetwork, randomNetworks } from '../truth/random-topology.ts';
import { apply, linksIn, located, opened, verdictIn, type Wrong } from './located.ts';
import { withFile } from './topology-files.ts';

const NETWORKS = Number(process.env.NETWORKS ?? 40);
const BACKGROUND = 1e-4;

interface Case {
  readonly family: 4 | 6;
  readonly pick: number;
  /** 0: no fault at all. */
  readonly loss: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  family: fc.constantFrom(4, 6),
  pick: fc.nat(),
  loss: fc.constantFrom(0, 0.05, 0.3, 1),
});

/** Random files leave ends of the same link at several places: by an address of one of its ends. */
const linkBy = ({ links }: Topology, address: string): Link | undefined =>
  links.find(({ ends }) => ends.some(({ addresses }) => addresses[4] === address || addresses[6] === address));

/** The suspect is the fault, or routers between which it lies. */
function isTrue(topology: Topology, { link, end }: Wrong, one: { from: string; to: string; direction: string }, family: 4 | 6): boolean {
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

async function judge({ topology, seed }: RandomNetwork, { family, pick, loss }: Case): Promise<void> {
  const network = opened(topology, seed);
  for (const { id } of topology.links) network.engine.fault(id, null, { ...NO_FAULT, loss: BACKGROUND });
  const link = topology.links[pick % topology.links.length]!;
  const wrong: Wrong = { link, end: pick % 2 === 0 ? 0 : 1, loss };
  if (loss > 0) apply(network.engine, wrong);
  const events = await withFile(topology, (file) => located(network, family, { topology: file, threshold: 0.005 }));
  const { kind, suspects, unknown } = verdictIn(events);
  const what = `${link.ends[wrong.end].node} of ${link.id}, ${loss}: ${JSON.stringify({ kind, suspects, unknown })}`;
  if (loss === 0) assert.equal(suspects, [], what);
  for (const one of suspects) assert.ok('device' in one ? false : isTrue(topology, wrong, one, family), what);
  const links = suspects.filter((one) => 'from' in one && linkBy(topology, one.from) !== undefined);
  assert.ok(links.length <= 1, what); // several pairs of routers may have the one link between them
  const isMeasured = linksIn(events).some((one) => one.is === 'link' && linkBy(topology, one.from) === link && one.how !== null);
  if (loss > 0 && isMeasured) assert.ok(suspects.length === 1 || unknown.length > 0, what);
}

test(`on ${NETWORKS} random networks a fault is named where it is, or said to be unknown`, async () => {
  await fc.assert(fc.asyncProperty(randomNetworks('random'), cases, judge), {
    numRuns: NETWORKS,
    endOnFailure: true,
    includeErrorInReport: true,
  } as object);
});

test.run();
