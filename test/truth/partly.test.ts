/** Probe tables over routers that decapsulate in part, in memory: what they miss is what the routers lost, to the packet. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { simulatedNetwork } from '../../src/cli/simulated-network.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { fixture } from '../lab/raised.ts';
import { mapText, nodesOf } from '../topology/map-text.ts';
import { endOf, of, probed, traced } from './commands.ts';
import { assertMissed, behaving, codesOf, ingresses, LINE, lineMap, lineOf, PARTLY, type Probed, parallelOf, rowsOf } from './partly.ts';

const folder = mkdtempSync(join(tmpdir(), 'beacon-map-'));
test.after(() => rmSync(folder, { recursive: true }));

const mapFile = (text: string): string => {
  const file = join(folder, 'map.yaml');
  writeFileSync(file, text);
  return file;
};

/** The command's options as a caller of it has them. */
function inMemory(topology: Topology, family: 4 | 6): Probed {
  const network = simulatedNetwork(topology);
  const { engine } = network;
  return {
    probe: (argv) => {
      const option = (name: string): string | undefined => argv[argv.indexOf(name) + 1 || argv.length];
      const map = option('--map');
      return probed(network, family, {
        path: option('-p')!.split(','),
        count: Number(option('-c')),
        timeout: Number(option('-t')),
        ...(map !== undefined && { map }),
      });
    },
    fault: (link, from, fault) => engine.fault(link, from, fault),
    counters: () => engine.counters(),
  };
}

for (const one of PARTLY)
  test(`routers that decapsulate ${one.title}: what is lost behind them is missed to the packet`, async () => {
    for (const family of [4, 6] as const)
      for (const [near, far] of [
        ['r2', 'r3'],
        ['r3', 'r2'],
        ['r1', 'r2'],
        ['r2', 'r1'],
      ] as const) {
        const topology = behaving(lineOf('x'), one);
        const map = lineMap(topology, one, family);
        const argv = ['-p', ['a', ...ingresses(topology, family, LINE)].join(','), ...(map === null ? [] : ['--map', mapFile(map)])];
        const [from, to] = [near, far].sort();
        const where = { link: `${from}-${to}`, from: near, position: LINE.indexOf(to!) + 1 };
        const events = await assertMissed(inMemory(topology, family), argv, where);
        assert.equal(codesOf(events), one.problems);
        assert.equal([endOf(events).exit, endOf(events).reached], [1, true]);
        assert.is(rowsOf(events)[where.position - 1]!.leg, one.leg);
      }
  });

test('over links side by side the loss of one shows where the path uses it, each way, and not otherwise', async () => {
  for (const family of [4, 6] as const)
    for (const link of [0, 1])
      for (const from of ['r1', 'r2']) {
        const topology = parallelOf('x');
        const argv = ['-p', ['a', ...ingresses(topology, family, ['r1', 'r2', 'd'], [0, link])].join(',')];
        const [mine, other] = link === 0 ? ['r1-r2', 'r1-r2-2'] : ['r1-r2-2', 'r1-r2'];
        await assertMissed(inMemory(topology, family), argv, { link: mine!, from, position: 2 });
        const network = inMemory(topology, family);
        await network.fault(other!, from, { ...NO_FAULT, blackhole: true });
        const rows = rowsOf(await network.probe(['-c', '20', '-t', '0.4', ...argv]));
        assert.equal(
          rows.map(({ received }) => received),
          [20, 20, 20],
        );
      }
});

test("a path that starts at a router is entered where the map says, in the other family where it must be, and told by the map's names", async () => {
  for (const one of [PARTLY[0]!, { ...PARTLY[2]!, nodes: LINE }]) {
    const topology = behaving(lineOf('x'), one);
    for (const family of [4, 6] as const) {
      const [r1] = ingresses(topology, family, LINE);
      const families = Object.fromEntries(LINE.map((name) => [name, one.mapped(family)!]));
      const map = mapFile(mapText(nodesOf(topology, families).map((node) => ({ ...node, name: `the.${node.name}` }))));
      const events = await traced(simulatedNetwork(topology), 'd', family, { source: r1!, map });
      assert.equal(
        of(events, 'hop').map(({ name }) => name),
        LINE.map((name) => `the.${name}`),
      );
      assert.equal([codesOf(events), endOf(events).exit], [[], 0]);
      const back = await traced(simulatedNetwork(topology), r1!, family, { reverse: true, map });
      assert.equal([codesOf(back), endOf(back).exit], [[], 0]);
      const table = await probed(simulatedNetwork(topology), family, { source: r1!, destination: 'd', count: 5, map });
      assert.equal(
        rowsOf(table).map(({ received, legFrom, leg }) => [received, legFrom, leg]),
        [
          [5, 0, 'routers'], // the way to the start is not of the path
          [5, 1, 'link'],
          [5, 2, 'link'],
          [5, 3, 'link'],
        ],
      );
    }
  }
});

test('where costs differ by direction, a map makes an IPv4 path as measurable as an IPv6 one', async () => {
  const topology = fixture('asymmetric', 'x');
  const names = ['r1', 'r2', 'r4', 'd'];
  const [r1, , r4, d] = ingresses(topology, 4, names);
  const seen = ingresses(topology, 4, ['r1', 'r2', 'r4', 'r2']).at(-1)!; // r2 towards r4, where its answers leave
  const argv = ['-p', `a,${r1},${seen},${r4},${d}`];
  const blind = await inMemory(topology, 4).probe(['-c', '10', '-t', '0.4', ...argv]);
  assert.equal(codesOf(blind), ['NO_WAY_HOME', 'NO_WAY_HOME', 'NO_WAY_HOME']);
  const map = mapFile(mapText(nodesOf(topology)));
  for (const from of ['r1', 'r2']) {
    const events = await assertMissed(inMemory(topology, 4), [...argv, '--map', map], { link: 'r1-r2', from, position: 2 });
    assert.equal(codesOf(events), []);
    assert.equal(
      rowsOf(events).map(({ leg }) => leg),
      Array(4).fill('link'),
    );
  }
});

test.run();
