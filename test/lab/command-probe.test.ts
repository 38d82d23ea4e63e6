// limit: 240 s
/** Probe tables on kernel routers: whoever stands on the path, and however it is given, each hop has its row and nothing clean is missed. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shortestPaths } from '../../src/topology/routes.ts';
import { linesOf, of } from '../cli/command.ts';
import { assertOneOf, exitOf, nameIn, problems, run, runJson, tallies } from './measured.ts';
import { direction } from './raised.ts';
import { assertClean, assertSums, BOTH, fault, inLab, lostIn, notDecapsulating, OVER_LINE, rowsOf, withProfile } from './tables.ts';

/** File → a router on the way; each is probed from us and from there. */
const CLEAN: Readonly<Record<string, string>> = { line: 'r1', diamond: 'r1', ecmp4: 'r1', clos: 'l1' };

for (const [file, start] of Object.entries(CLEAN))
  for (const profile of ['lab', 'stock'] as const)
    inLab(
      `${file}, profile ${profile}: without a fault nothing is lost, and the path is the topology's`,
      file,
      async (lab) => {
        for (const family of BOTH)
          for (const argv of [[], ['-s', start]]) {
            const events = await runJson(lab, ['probe', ...argv, '-d', 'd', `-${family}`, '-t', '1']);
            assertClean(events, 30);
            const names = of(events, 'path')[0]!.hops.map((address) => nameIn(lab.topology, address));
            assertOneOf(names, shortestPaths(lab.topology, 'a', 'd', family));
            assert.equal(
              tallies(events).map(({ position, address }) => [position, nameIn(lab.topology, address)]),
              names.slice(1).map((name, index) => [index + 1, name]),
            );
          }
      },
      withProfile(profile),
    );

// Over IPv4 a router answers from the link that its answer leaves by, so that nobody learns which of its addresses faces us.
inLab('where the way home is another one, a probe says who stands on it, and --loose takes it', 'asymmetric', async (lab) => {
  for (const start of [[], ['-s', 'r1']]) {
    const argv = ['probe', ...start, '-d', 'd', '-4', '-t', '0.5'];
    const events = await runJson(lab, argv);
    assert.equal(problems(events), ['NO_WAY_HOME', 'NO_WAY_HOME', 'NO_WAY_HOME']);
    assert.is(exitOf(events), 5); // no failure was found, and not all is known
    const [note] = of(events, 'problem');
    assert.is(nameIn(lab.topology, /: (\S+) answers ICMP 11\/0/.exec(note!.message)![1]!), 'r4'); // r2 sends what is for r1 there
    assert.equal(
      tallies(events).map(({ received, lost }) => [received, lost]),
      [
        [30, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    );
    assertClean(await runJson(lab, [...argv, '--loose']), 30);
  }
});

for (const profile of ['lab', 'stock'] as const)
  inLab(
    `profile ${profile}: where costs differ, IPv6 goes home over the same links`,
    'asymmetric',
    async (lab) => {
      assertClean(await runJson(lab, ['probe', '-d', 'd', '-6', '-t', '1']), 30);
      assertClean(await runJson(lab, ['probe', '-s', 'r1', '-d', 'd', '-6', '-t', '1']), 30);
      // the way home by the links of the path, not by the router's own choice: r2 → r1, though it costs ten times more
      await lab.fault('r1-r2', 'r2', fault({ exact: { lost: 1, of: 10 } }));
      const rows = await rowsOf(lab, ['-p', 'a,fd00::2,fd00:0:1::2', '-6', '-t', '0.4', '-c', '100']);
      assert.is(lostIn(rows), direction(await lab.counters(), 'r2', 'r1')!.lost);
      assert.ok(rows[1]!.lost > 0);
    },
    withProfile(profile),
  );

inLab('with two uplinks, boomerangs that leave by one and come home by the other are counted', 'uplinks', async (lab) => {
  for (const family of BOTH)
    assertClean(await runJson(lab, ['probe', '-d', 'd', '--loose', '-t', '1', `-${family}`]), 30, ['OTHER_UPLINK']);
});

for (const profile of ['lab', 'stock'] as const)
  inLab(
    `profile ${profile}: a router that does not decapsulate keeps its row, and deeper hops are measured past it`,
    'nondecap',
    async (lab) => {
      for (const family of BOTH) {
        const argv = ['probe', '-d', 'd', '-c', '20', '-t', '0.5', `-${family}`];
        const events = await runJson(lab, argv);
        const rows = tallies(events);
        assert.equal(
          rows.map(({ address, received, lost }) => [nameIn(lab.topology, address), received, lost]),
          [
            ['r1', 20, 0],
            ['r2', 0, 0],
            ['r3', 20, 0],
            ['d', 20, 0],
          ],
        );
        assert.equal(rows[1]!.errors, { [family === 4 ? 'icmp 3/2' : 'icmpv6 4/1']: rows[1]!.sent });
        assert.equal(problems(events), ['NO_DECAPSULATION']);
        const { stdout, stderr } = await run(lab, argv);
        assert.match(stdout, /^2 +\S+ +does not decapsulate$/m);
        assert.match(stderr, /does not decapsulate/);
      }
    },
    withProfile(profile),
  );

inLab(
  'where the end does not decapsulate the table ends at the last hop that does',
  'line',
  async (lab) => {
    for (const family of BOTH) {
      const events = await runJson(lab, ['probe', '-d', 'd', '-c', '20', '-t', '0.5', `-${family}`]);
      assert.equal(
        tallies(events).map(({ address, received }) => [nameIn(lab.topology, address), received]),
        [
          ['r1', 20],
          ['r2', 20],
          ['r3', 20],
        ],
      );
      assert.ok(problems(events).includes('TABLE_ENDS'));
      assert.is(exitOf(events), 5);
    }
  },
  notDecapsulating('d'),
);

inLab(
  'with a router that does not decapsulate, loss behind it is still counted to the packet',
  'line',
  async (lab) => {
    await lab.fault('r2-r3', 'r2', fault({ exact: { lost: 1, of: 10 } }));
    const rows = await rowsOf(lab, [...OVER_LINE, '-c', '100']);
    assert.is(lostIn(rows), direction(await lab.counters(), 'r2', 'r3')!.lost);
    assert.equal(
      rows.map(({ lost }) => lost > 0),
      [false, false, true, true],
    );
  },
  notDecapsulating('r2'),
);

inLab('a silent hop keeps its row, and deeper hops are measured past it', 'silent', async (lab) => {
  for (const family of BOTH) {
    const argv = ['probe', '-d', 'd', '-c', '20', '-t', '0.5', `-${family}`];
    const events = await runJson(lab, argv);
    assert.equal(
      tallies(events).map(({ address, sent, received }) => [nameIn(lab.topology, address), sent, received]),
      [
        ['r1', 20, 20],
        ['*', 0, 0],
        ['r3', 20, 20],
        ['d', 20, 20],
      ],
    );
    assert.equal(problems(events), ['SILENT_HOP']);
    assert.match((await run(lab, argv)).stdout, /^2 +\*( |$)/m);
  }
});

inLab('a hop that the path visits twice has a row for each visit', 'line', async (lab) => {
  await lab.fault('r1-r2', 'r1', fault({ exact: { lost: 1, of: 10 } }));
  const events = await runJson(lab, ['probe', '-p', 'a,r1,r2,r1', '-c', '100', '-t', '0.4']);
  const rows = tallies(events);
  assert.equal(
    rows.map(({ position, address }) => [position, nameIn(lab.topology, address)]),
    [
      [1, 'r1'],
      [2, 'r2'],
      [3, 'r1'],
    ],
  );
  assertSums(rows, 100);
  assert.is(lostIn(rows), direction(await lab.counters(), 'r1', 'r2')!.lost);
  // the way to 3 crosses from r1 to r2 twice: there, and once on its way home
  const [first, second, third] = rows.map(({ lost }) => lost);
  assert.is(first, 0);
  assert.ok(second! > 0 && third! > second!, `${rows.map(({ lost }) => lost)}`);
});

inLab('a path that does not start at us gets us in front, and a printed one can be pasted', 'line', async (lab) => {
  const given = await runJson(lab, ['probe', '-p', 'r1,r2', '-c', '5']);
  assert.equal(problems(given), ['PUT_IN_FRONT']);
  assert.equal(of(given, 'path')[0]!.hops, ['10.0.0.1', '10.255.0.2', '10.255.0.3']);
  assert.equal(
    tallies(given).map(({ received }) => received),
    [5, 5],
  );
  const printed = linesOf((await run(lab, ['probe', '-d', 'd', '-c', '5'])).stdout)[1]!;
  assert.is(printed, '[10.0.0.1 10.0.0.2 10.0.1.2 10.0.2.2 10.255.0.5]');
  assertClean(await runJson(lab, ['probe', '-p', printed, '-c', '5']), 5);
  const six = linesOf((await run(lab, ['probe', '-6', '-d', 'd', '-c', '5'])).stdout)[1]!;
  assertClean(await runJson(lab, ['probe', '-p', six, '-c', '5']), 5);
});

test.run();
