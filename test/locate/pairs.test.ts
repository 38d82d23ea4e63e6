// limit: 300 s
/** Two faults at once, any two directions of links: named where the rank analysis tells them from all other two, else printed, never others in their place. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { US } from '../../src/boomerang/layer-source.ts';
import { tellsApart } from '../../src/infer/rank.ts';
import { drawnGraph } from '../../src/locate/drawn.ts';
import { type Graph, labelOf } from '../../src/locate/graph.ts';
import { modelOf } from '../../src/locate/model.ts';
import type { Reached, Way } from '../../src/locate/reach.ts';
import { walksOver } from '../../src/locate/walks.ts';
import { endsOf, vantageOf } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { located, opened, verdictIn } from './located.ts';
import { losing, namedIn, toldOf, topologyOf } from './told.ts';

const RUNS = 6;

/** Every router visited, by the fewest links. */
function graphOf(topology: Topology): Graph {
  const us = vantageOf(topology).name;
  const ways = new Map<string, Way>([[us, []]]);
  for (const [node, way] of ways)
    for (const step of endsOf(topology, node)) if (!ways.has(step.far.node)) ways.set(step.far.node, [...way, step]);
  ways.delete(us);
  const reach = [...ways].map(([name, way]) => [name, { state: 'visited', way, source: US, uniform: false } as Reached] as const);
  return drawnGraph(topology, 4, new Map(reach));
}

/** `r1→r2`, or `r1–r2` of a link whose directions look alike: each fault by the component that it is. */
function componentsOf(topology: Topology): { byName: Map<string, number>; isTold: (pair: readonly string[]) => boolean } {
  const graph = graphOf(topology);
  const { walks, suspects } = modelOf(graph, walksOver(graph));
  const byName = new Map<string, number>();
  for (const [component, members] of suspects.entries())
    for (const one of members) {
      if (one.kind !== 'leg') continue;
      const { from, to } = graph.legs[one.leg]!;
      if (members.filter(({ kind }) => kind === 'leg').length === 1)
        byName.set(`${labelOf(graph.nodes[from]!)}→${labelOf(graph.nodes[to]!)}`, component);
    }
  const sets = suspects.flatMap((_, one) => [[one], ...suspects.slice(one + 1).map((__, at) => [one, one + 1 + at])]);
  const isTold = (pair: readonly string[]): boolean => {
    const own = pair.map((name) => byName.get(name)!);
    return sets.every((set) => own.every((one) => set.includes(one)) || tellsApart(walks, own, set));
  };
  return { byName, isTold };
}

for (const name of ['diamond', 'demo', 'uplinks'])
  test(`${name}: two directions that lose are named where they can be told apart, and no other direction is`, async () => {
    const topology = topologyOf(name);
    const { byName, isTold } = componentsOf(topology);
    const pair = fc.shuffledSubarray([...byName.keys()], { minLength: 2, maxLength: 2 });
    const judge = async (faults: readonly string[], isEqual: boolean, seed: number): Promise<void> => {
      const network = opened(topology, seed);
      losing(network, { [faults[0]!]: 0.1, [faults[1]!]: isEqual ? 0.1 : 0.05 });
      const verdict = verdictIn(await located(network, 4, { topology: name, threshold: 0.01 }));
      const what = `${faults.join(' and ')}, told apart ${isTold(faults)}: ${JSON.stringify(verdict)}`;
      const named = namedIn(topology, 4, verdict);
      const links = named.filter((one) => one.includes('→')).concat(named.filter((one) => one.includes('⇄')).flatMap(bothOf));
      assert.ok(
        links.every((one) => faults.includes(one)),
        what,
      );
      if (isTold(faults)) assert.equal(links.toSorted(), faults.toSorted(), what);
      else
        assert.ok(
          links.length === 2 || toldOf(verdict).some((told) => faults.every((one) => told.includes(one) || links.includes(one))),
          what,
        );
    };
    await fc.assert(fc.asyncProperty(pair, fc.boolean(), fc.integer({ min: 1, max: 2 ** 30 }), judge), {
      numRuns: RUNS,
      endOnFailure: true,
    });
  });

const bothOf = (link: string): string[] => {
  const [one, two] = link.split('⇄');
  return [`${one}→${two}`, `${two}→${one}`];
};

test.run();
