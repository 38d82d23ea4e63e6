/** Networks in memory for tests: random ones, and what a trace needs to run on one. */
import fc from 'fast-check';
import { type Simulated, simulated } from '../../src/engine/simulated/simulated.ts';
import { type Asking, openAsk } from '../../src/probe/ask.ts';
import type { Flow } from '../../src/probe/itinerary.ts';
import { newRun, type Run } from '../../src/probe/run.ts';
import { addressesOf, nodeOf } from '../../src/topology/lookup.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';

export const FLOW: Flow = { transport: 'udp', sourcePort: 45_000, destinationPort: 33_434, dscp: 0, flowLabel: 0, size: null };

/** The same bytes each time: a run in a test is repeatable. */
export const testRun = (): Run => newRun((length) => Uint8Array.from({ length }, (_, index) => (index * 37 + 11) & 0xff));

export interface Opened {
  readonly engine: Simulated;
  readonly asking: Asking;
}

export function open(topology: Topology, signal?: AbortSignal): Opened {
  const engine = simulated(topology, { seed: 7 });
  return { engine, asking: openAsk(engine, testRun(), signal) };
}

export const ownerOf = (topology: Topology, address: string | null): string =>
  address === null ? '*' : (nodeOf(topology, address)?.name ?? address);

/** Our own address on the way to a node. */
export const sourceFor = async (engine: Simulated, address: string): Promise<string> => (await engine.route(address)).source;

export const loopback = (topology: Topology, node: string, family: 4 | 6): string => addressesOf(topology, node, family)[0]!;

/** a — r0, then a tree of routers with some links more; each direction has a cost of its own. d hangs on the last router. */
export const randomTopology: fc.Arbitrary<Topology> = fc
  .record({
    parents: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
    extra: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 4 }),
    costs: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 30, maxLength: 30 }),
  })
  .map(({ parents, extra, costs }) => {
    const routers = parents.length + 1;
    const pairs = [
      ...parents.map((parent, index) => [parent % (index + 1), index + 1]),
      ...extra.map(([one, two]) => [one % routers, two % routers]),
    ];
    const kept = pairs.filter(([one, two], index) => one !== two && pairs.findIndex((other) => isSame(other, [one!, two!])) === index);
    const link = ([one, two]: number[], index: number): string =>
      `  - {between: [r${one}, r${two}], cost: ${costs[2 * index]}, costBack: ${costs[2 * index + 1]}}`;
    const nodes = ['a: {vantage: true}', ...Array.from({ length: routers }, (_, index) => `r${index}: {}`), 'd: {}'];
    const text = `name: chance\nnodes: {${nodes.join(', ')}}\nlinks:\n  - {between: [a, r0]}\n${kept.map(link).join('\n')}\n  - {between: [r${routers - 1}, d]}\n`;
    return parseTopology(text, 'chance.yaml');
  });

const isSame = (one: readonly number[], two: readonly number[]): boolean => one.toSorted().join() === two.toSorted().join();
