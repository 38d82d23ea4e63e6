// limit: 120 s
/** Networks and budgets that a verdict cannot be had from, or not of all: each is said in `unknown` with the reason, and nothing is blamed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CANNOT_TELL } from '../../src/error.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { linksIn, located, opened, verdictIn } from './located.ts';
import { topologyOf } from './told.ts';
import { withFile } from './topology-files.ts';

const line = topologyOf('line');

const deaf = (topology: Topology, ...names: string[]): Topology => ({
  ...topology,
  nodes: topology.nodes.map((node) => (names.includes(node.name) ? { ...node, decapsulates: false } : node)),
});

const PATHS = [{ destination: 'd' }, { path: ['a', 'r1', 'r2', 'r3', 'd'] }] as const;

for (const family of [4, 6] as const)
  for (const [names, links] of [
    [['d'], 3],
    [['r3', 'd'], 2],
    [['r2', 'r3', 'd'], 1],
  ] as const)
    for (const how of PATHS)
      test(`IPv${family}, ${'path' in how ? '-p' : '-d'}: what lies behind the last that decapsulates, ${names.join(' ')}, is unknown, and not clear`, async () => {
        const events = await located(opened(deaf(line, ...names), 5), family, how);
        const { kind, suspects, unknown } = verdictIn(events);
        assert.equal([kind, suspects], ['unknown', []]);
        assert.is(linksIn(events).length, links);
        assert.match(unknown[0]!.why, /do(es)? not decapsulate, so no probe turns there$/);
        assert.is(unknown[0]!.links.length, names.length);
        assert.is(events.find((event) => event.type === 'end')!.exit, CANNOT_TELL);
      });

const FAR = 24;
const chain = parseTopology(
  JSON.stringify({
    name: 'chain',
    nodes: { a: { vantage: true }, ...Object.fromEntries(Array.from({ length: FAR }, (_, at) => [`r${at + 1}`, {}])) },
    links: Array.from({ length: FAR }, (_, at) => ({ between: [at === 0 ? 'a' : `r${at}`, `r${at + 1}`], mtu: 1280 })),
  }),
  'chain',
);

/** 2n − 1 headers of 40 bytes turn at router n, in IP in IP with one more and 36 to 44 bytes inside: 1,280 hold those to the fourteenth or so. */
const HEADERS = 1280 / 40;

test('what is too far for the first link is unknown, searched or drawn', async () => {
  await withFile(chain, async (file) => {
    for (const how of [{ destination: `r${FAR}` }, { topology: file }]) {
      const events = await located(opened(chain, 5), 6, how);
      const { kind, suspects, unknown } = verdictIn(events);
      assert.equal([kind, suspects, unknown.length], ['unknown', [], 1], JSON.stringify(how));
      assert.match(unknown[0]!.why, /would be too large for the first link/);
      const probed = linksIn(events).length;
      assert.ok(probed > HEADERS / 2 - 4 && probed < HEADERS / 2, `${probed}`);
      assert.is(unknown[0]!.links.length, FAR - probed);
    }
  });
});

test.run();
