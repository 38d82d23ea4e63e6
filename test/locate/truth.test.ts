// limit: 300 s
/** One fault at a time in networks in memory: `locate` names it, with its direction where that can be told, and nothing else. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { apply, assertNamed, everyDirection, linksIn, located, opened, verdictIn } from './located.ts';

const topologyOf = (name: string, profile: 'lab' | 'stock'): Topology => ({
  ...parseTopology(readFileSync(`fixtures/topologies/${name}.yaml`, 'utf8'), name),
  profile,
});

/** A third of the directions of each; families, profiles and losses take turns. The whole product is test/locate/full-pass.ts. */
const CASES = [
  ['line', 0.3, 6, 'stock'],
  ['diamond', 0.05, 4, 'lab'],
  ['demo', 0.05, 6, 'lab'],
  ['demo', 1, 4, 'stock'],
  ['asymmetric', 0.01, 4, 'stock'],
  ['uplinks', 0.3, 4, 'lab'],
  ['clos', 1, 6, 'lab'],
  ['ecmp4', 0.05, 4, 'stock'],
] as const;

for (const [at, [name, loss, family, profile]] of CASES.entries())
  test(`${name}, ${profile}, IPv${family}: ${loss * 100} % lost in one direction of a link is named, and nothing else`, async () => {
    const topology = topologyOf(name, profile);
    for (const wrong of everyDirection(topology, loss).filter((_, index) => index % 3 === at % 3)) {
      const network = opened(topology, 7);
      apply(network.engine, wrong);
      assertNamed(topology, family, wrong, await located(network, family, { topology: name }));
    }
  });

for (const name of ['line', 'diamond', 'demo', 'asymmetric', 'uplinks', 'nondecap', 'silent', 'ecmp4', 'clos'])
  test(`${name}: without a fault every link is clear`, async () => {
    for (const family of [4, 6] as const) {
      const topology = topologyOf(name, 'stock');
      const events = await located(opened(topology, 3), family, { topology: name });
      assert.equal([verdictIn(events).kind, verdictIn(events).suspects, verdictIn(events).unknown], ['clear', [], []]);
      for (const { forward, backward, both } of linksIn(events))
        for (const one of [forward, backward, both]) assert.ok(one === null || (one.state === 'clear' && one.low === 0), name);
    }
  });

test.run();
