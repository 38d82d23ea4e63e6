// limit: 120 s
/** Kernel routers that decapsulate in part, copy ttls, or have links side by side: with and without a map, loss is told to the packet. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { rootMissing, skip } from '../skip.ts';
import { mapText, nodesOf } from '../topology/map-text.ts';
import {
  assertMissed,
  behaviourOf,
  codesOf,
  ingresses,
  LINE,
  lineMap,
  lineOf,
  PARTLY,
  type Probed,
  parallelOf,
  rowsOf,
} from '../truth/partly.ts';
import { hopsOf, nameIn, run, runJson, tallies } from './measured.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();
const folder = mkdtempSync(join(tmpdir(), 'beacon-map-'));
test.after(() => rmSync(folder, { recursive: true }));

const mapFile = (text: string): string => {
  const file = join(folder, 'map.yaml');
  writeFileSync(file, text);
  return file;
};

const onLab = (title: string, topology: Topology, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(topology);
      await work(lab);
    });
};

const inLab = (lab: Lab): Probed => ({
  probe: (argv) => runJson(lab, ['probe', ...argv]),
  fault: (link, from, fault) => lab.fault(link, from, fault),
  counters: () => lab.counters(),
});

const BETWEEN = { link: 'r2-r3', position: 3 } as const;

onLab('whatever the routers decapsulate, what is lost behind them is missed to the packet', lineOf('t_partly'), async (lab) => {
  for (const one of PARTLY) {
    for (const node of one.nodes) await lab.behave(node, behaviourOf(one));
    for (const [family, from] of [
      [4, 'r2'],
      [6, 'r3'],
    ] as const) {
      const map = lineMap(lab.topology, one, family);
      const argv = [
        '-p',
        ['a', ...ingresses(lab.topology, family, LINE)].join(','),
        `-${family}`,
        ...(map === null ? [] : ['--map', mapFile(map)]),
      ];
      const events = await assertMissed(inLab(lab), argv, { ...BETWEEN, from });
      assert.equal(codesOf(events), one.problems, one.title);
      assert.is(rowsOf(events)[2]!.leg, one.leg, one.title);
    }
    for (const node of one.nodes) await lab.behave(node, 'clear');
  }
});

onLab(
  'a router that decapsulates on loopback alone is left out without a map, and where paths start with it',
  lineOf('t_loop'),
  async (lab) => {
    for (const node of ['r1', 'r2'] as const) await lab.behave(node, behaviourOf(PARTLY[0]!));
    const map = mapFile(mapText(nodesOf(lab.topology).map((node) => ({ ...node, name: `the.${node.name}` }))));
    for (const family of [4, 6] as const) {
      const [r1] = ingresses(lab.topology, family, LINE);
      const blind = await runJson(lab, ['probe', '-d', 'd', '-c', '10', '-t', '0.5', `-${family}`]);
      assert.equal(
        tallies(blind).map(({ address, received, leg }) => [nameIn(lab.topology, address), received, leg]),
        [
          ['r1', 0, null],
          ['r2', 0, null],
          ['r3', 10, 'routers'],
          ['d', 10, 'link'],
        ],
      );
      const seeing = await runJson(lab, ['probe', '-d', 'd', '-c', '10', '-t', '0.5', `-${family}`, '--map', map]);
      assert.equal(
        tallies(seeing).map(({ received, leg }) => [received, leg]),
        Array(4).fill([10, 'link']),
      );
      const entered = await runJson(lab, ['-s', r1!, 'd', `-${family}`, '--map', map]);
      assert.equal(
        hopsOf(entered).map(({ name, reached }) => [name, reached]),
        LINE.map((name) => [`the.${name}`, name === 'd']),
      );
      assert.equal(codesOf(await runJson(lab, ['-s', r1!, 'd', `-${family}`])), ['NO_DECAPSULATION']);
    }
  },
);

onLab('loss past a router that is not visited is told as between routers, not of a link', lineOf('t_between'), async (lab) => {
  await lab.behave('r2', behaviourOf(PARTLY[0]!));
  await lab.fault('r2-r3', 'r2', { ...NO_FAULT, exact: { lost: 1, of: 10 } });
  const argv = ['probe', '-p', ['a', ...ingresses(lab.topology, 4, LINE)].join(','), '-c', '100', '-t', '0.4'];
  const { code, stdout } = await run(lab, argv);
  assert.is(code, 1);
  const words = 'The first loss is between routers, not on one known link: ';
  const [r1, , r3] = ingresses(lab.topology, 4, LINE);
  assert.ok(stdout.endsWith(`\n${words}${r1} and ${r3} (2 hops).\n`), stdout);
  const seeing = await run(lab, [...argv, '--map', mapFile(mapText(nodesOf(lab.topology)))]);
  assert.not.match(seeing.stdout, words);
  assert.match(seeing.stdout, /^3 .*<- first loss$/m);
});

onLab(
  'over links side by side the loss of one shows where the path uses it, each way, and not otherwise',
  parallelOf('t_side'),
  async (lab) => {
    const [first, second] = ['r1-r2', 'r1-r2-2'] as const;
    for (const [family, link, mine, other, from] of [
      [4, 0, first, second, 'r2'],
      [4, 1, second, first, 'r1'],
      [6, 0, first, second, 'r1'],
      [6, 1, second, first, 'r2'],
    ] as const) {
      const argv = ['-p', ['a', ...ingresses(lab.topology, family, ['r1', 'r2', 'd'], [0, link])].join(','), `-${family}`];
      await assertMissed(inLab(lab), argv, { link: mine, from, position: 2 });
      await lab.fault(other, null, { ...NO_FAULT, blackhole: true });
      const rows = tallies(await runJson(lab, ['probe', ...argv, '-c', '20', '-t', '0.4']));
      assert.equal(
        rows.map(({ received }) => received),
        [20, 20, 20],
      );
      await lab.fault(other, null, 'clear');
    }
  },
);

onLab('where costs differ by direction, a map makes an IPv4 path measurable', fixture('asymmetric', 'costs'), async (lab) => {
  const map = mapFile(mapText(nodesOf(lab.topology)));
  const argv = ['-d', 'd', '-4', '--map', map];
  for (const from of ['r1', 'r2']) {
    const events = await assertMissed(inLab(lab), argv, { link: 'r1-r2', from, position: 2 });
    assert.equal(codesOf(events), []);
    assert.equal(
      rowsOf(events).map(({ leg }) => leg),
      Array(4).fill('link'),
    );
  }
});

test.run();
