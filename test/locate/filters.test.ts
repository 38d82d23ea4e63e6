// limit: 120 s
/** Routers that drop packets by their source, in networks in memory: said to be filters, and never links that lose. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Filter, PLAIN } from '../../src/topology/behaviour.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { located, opened, verdictIn } from './located.ts';

const demo = parseTopology(readFileSync('fixtures/topologies/demo.yaml', 'utf8'), 'demo');

/** By what is behind the link over which packets come that the way home does not lead back to. */
const CYCLES: readonly (readonly [Filter, router: string, link: string, family: 4 | 6])[] = [
  ['strict-urpf', 'r2', 'r2-r4', 4],
  ['strict-urpf', 'r3', 'r3-r4', 6],
  ['strict-urpf', 'r6', 'r6-r5', 4],
  ['strict-urpf', 'r5', 'r6-r5', 6],
  ['own-prefix', 'r2', 'r2-r4', 4],
  ['own-prefix', 'r6', 'r6-r5', 6],
];

for (const [filter, router, id, family] of CYCLES)
  test(`IPv${family}: ${filter} at ${router} is said to be a source check there, and ${id} is not blamed`, async () => {
    const network = opened(demo, 7);
    network.engine.behave(router, { ...PLAIN, filters: [filter] });
    const { kind, suspects, unknown } = verdictIn(await located(network, family, { topology: 'demo' }));
    assert.equal([kind, suspects], ['unknown', []]);
    const told = unknown.filter(({ why }) => why.startsWith(`filter: source check at ${router}:`));
    const ends = demo.links.find((link) => link.id === id)!.ends.map(({ addresses }) => addresses[family]);
    assert.equal(
      told.flatMap(({ links }) => links.map(({ from, to }) => [from, to].toSorted())),
      [ends.toSorted()],
    );
  });

for (const filter of ['land', 'ct-invalid'] as const)
  test(`${filter}: no link is blamed for it, wherever it stands`, async () => {
    for (const router of ['r1', 'r2', 'r4', 'r6']) {
      const network = opened(demo, 7);
      network.engine.behave(router, { ...PLAIN, filters: [filter] });
      assert.equal(verdictIn(await located(network, 4, { topology: 'demo' })).suspects, [], router);
    }
  });

test.run();
