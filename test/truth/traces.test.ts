/** The three traces on random networks: every hop is where the topology has it, silent ones are `*`, and a trace is one flow. */
import fc from 'fast-check';
import { test } from 'uvu';
import type { Event } from '../../src/report/event.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';
import { nodeIn, of, traced } from './commands.ts';
import { assertOneFlow } from './flow.ts';
import { assertNoEntry, assertPath, assertWalked, waysShown } from './paths.ts';
import { type RandomNetwork, randomNetworks } from './random-topology.ts';
import { watched } from './watched.ts';

const NETWORKS = 200;
const FAMILIES = [4, 6] as const;

interface Options {
  readonly protocol: 'udp' | 'icmp';
  readonly dscp: number;
}

/** Stock routers answer one peer six times at once: with one probe a hop none is asked more. */
const countFor = ({ topology }: RandomNetwork): number => (topology.profile === 'stock' ? 1 : 3);

async function trace(
  network: RandomNetwork,
  host: string,
  family: FamilyNumber,
  options: Options & { source?: string; reverse?: boolean },
): Promise<Event[]> {
  const watching = watched(network);
  const events = await traced(watching, host, family, { ...options, count: countFor(network) });
  assertOneFlow(
    watching.sent.map(({ bytes }) => bytes),
    `${host} ${JSON.stringify(options)}`,
  );
  return events;
}

async function forward(network: RandomNetwork, family: FamilyNumber, options: Options): Promise<void> {
  const { topology } = network;
  const events = await trace(network, 'd', family, options);
  assertWalked(
    topology,
    events,
    waysShown(topology, 'a', 'd', family).map((way) => way.slice(1)),
  );
  assertPath(topology, events, { from: 'a', to: 'd' });
}

async function reverse(network: RandomNetwork, from: string, family: FamilyNumber, options: Options): Promise<void> {
  const { topology } = network;
  const events = await trace(network, from, family, { ...options, reverse: true });
  if (!nodeIn(topology, from).decapsulates) return assertNoEntry(events);
  assertWalked(topology, events, waysShown(topology, from, of(events, 'start')[0]!.target, family));
  assertPath(topology, events, { from, to: 'a' });
}

async function between(network: RandomNetwork, family: FamilyNumber, options: Options): Promise<void> {
  const { topology, start } = network;
  const events = await trace(network, 'd', family, { ...options, source: start });
  if (!nodeIn(topology, start).decapsulates) return assertNoEntry(events);
  assertWalked(topology, events, waysShown(topology, start, 'd', family));
  assertPath(topology, events, { from: start, to: 'd' });
}

const options: fc.Arbitrary<Options> = fc.record({ protocol: fc.constantFrom('udp', 'icmp'), dscp: fc.integer({ min: 0, max: 63 }) });

test(`on ${NETWORKS} random networks the traces there, back and between show the topology's paths, in one flow each`, async () => {
  await fc.assert(
    fc.asyncProperty(randomNetworks('random'), options, async (network, chosen) => {
      for (const family of FAMILIES) {
        await forward(network, family, chosen);
        await reverse(network, 'd', family, chosen);
        await reverse(network, network.start, family, chosen);
        await between(network, family, chosen);
      }
    }),
    { numRuns: NETWORKS, includeErrorInReport: true },
  );
});

test.run();
