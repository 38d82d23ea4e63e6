// limit: 120 s
/** `locate --topology` over routers that strip headers to their loopback alone: they are visited there, where that holds a probe to the link. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { linksIn, located, opened, verdictIn } from './located.ts';
import { losing, namedIn, topologyOf } from './told.ts';
import { withFile } from './topology-files.ts';

const atLoopback = (topology: Topology, ...names: string[]): Topology => ({
  ...topology,
  nodes: topology.nodes.map((node) => {
    if (!names.includes(node.name)) return node;
    const { behaviour } = node;
    return { ...node, behaviour: { ...behaviour, decapsulation: { ...behaviour.decapsulation, at: 'loopback' as const } } };
  }),
});

const CASES = [
  ['line', ['r1', 'r2', 'r3'], 'r2→r3', 'not-identifiable'],
  ['diamond', ['r2', 'r3'], 'r3→r4', 'from-to'],
  ['demo', ['r2', 'r4', 'r6'], 'r4→r2', 'from-to'],
] as const;

for (const family of [4, 6] as const)
  for (const [name, routers, direction, told] of CASES)
    test(`${name}, IPv${family}: every link of ${routers.join(', ')} is measured, and the one that loses is named`, async () => {
      const topology = atLoopback(topologyOf(name), ...routers);
      for (const loss of [0, 0.05, 1]) {
        const network = opened(topology, 5);
        losing(network, { [direction]: loss });
        const events = await located(network, family, { topology: name });
        const links = linksIn(events);
        assert.equal([...new Set(links.map(({ is }) => is))], ['link']);
        if (loss < 1 || told === 'from-to') assert.is(links.length, topology.links.length, `${loss}`);
        const verdict = verdictIn(events);
        const [one, other] = direction.split('→');
        const expected = loss === 0 ? [] : [told === 'from-to' ? direction : `${one}–${other}`];
        assert.equal(namedIn(topology, family, verdict), expected, JSON.stringify(verdict));
      }
    });

const network = (links: readonly object[], nodes: object = {}): Topology =>
  parseTopology(JSON.stringify({ name: 'own', nodes: { a: { vantage: true }, r1: {}, r2: {}, d: {}, ...nodes }, links }), 'own');

/** r2 by two links side by side, or by one that is no cheaper than the way over r3. */
const UNHELD = {
  'two links side by side': network([
    { between: ['a', 'r1'] },
    { between: ['r1', 'r2'] },
    { between: ['r1', 'r2'] },
    { between: ['r2', 'd'] },
  ]),
  'a link of equal cost with a way': network(
    [
      { between: ['a', 'r1'] },
      { between: ['r1', 'r2'], cost: 2 },
      { between: ['r1', 'r3'] },
      { between: ['r3', 'r2'] },
      { between: ['r2', 'd'] },
    ],
    { r3: {} },
  ),
};

for (const [what, topology] of Object.entries(UNHELD))
  test(`${what}: a loopback holds no probe to such a link, so it is unknown`, async () => {
    const deaf = atLoopback(topology, 'r2');
    const links = deaf.links.filter(({ ends }) => ends.every(({ node }) => node === 'r1' || node === 'r2'));
    await withFile(topology, async (file) => {
      for (const family of [4, 6] as const) {
        const events = await located(opened(deaf, 5), family, { topology: file });
        const { kind, suspects, unknown } = verdictIn(events);
        assert.equal([kind, suspects], ['unknown', []]);
        const told = unknown.find(({ why }) => why.startsWith('r2 strips headers to its loopback alone'));
        assert.equal(
          told?.links.map(({ from }) => from),
          links.map(({ ends }) => ends[0].addresses[family]),
          JSON.stringify(unknown),
        );
        const held = linksIn(events).filter(({ is }) => is === 'link');
        assert.not(held.some(({ from }) => links.some(({ ends }) => ends.some(({ addresses }) => addresses[family] === from))));
      }
    });
  });

test.run();
