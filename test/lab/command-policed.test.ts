/** Kernel routers that are made to answer once a second, or never: traces find them, and what they do not say is not called loss. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { linesOf } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, hopsOf, nameIn, problems, run, runJson, tallies } from './measured.ts';
import { BOTH } from './tables.ts';

/** a — r1 — r2 — r3 — d; r2 is policed, and strips no headers where that is said. */
const line = (r2: string): string =>
  `{name: w_line, profile: stock, nodes: {a: {vantage: true}, r1: {}, r2: {${r2}}, r3: {}, d: {}},
    links: [{between: [a, r1]}, {between: [r1, r2]}, {between: [r2, r3]}, {between: [r3, d]}]}`;

const reason = rootMissing();
const inLine = (title: string, r2: string, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(parseTopology(line(r2), 'line.yaml'));
      await work(lab);
    });
};

inLine('traces one right after the other show a router that answers once a second', 'icmpPolicer: 1', async (lab) => {
  for (const family of BOTH)
    for (let round = 0; round < 2; round += 1) {
      const began = Date.now();
      const events = await runJson(lab, [`-${family}`, 'd']);
      assert.equal(
        hopsOf(events).map(({ address }) => nameIn(lab.topology, address)),
        ['r1', 'r2', 'r3', 'd'],
      );
      assert.is(exitOf(events), 0);
      assert.ok(Date.now() - began < 3000, `${Date.now() - began} ms`); // a second, and what a busy machine takes
    }
});

inLine(
  'a router that neither decapsulates nor says so is unknown, and deeper hops are measured past it',
  'decapsulates: false, icmpPolicer: 0',
  async (lab) => {
    for (const family of BOTH) {
      const argv = ['probe', '-p', 'a,r1,r2,r3,d', `-${family}`, '-t', '0.5'];
      const events = await runJson(lab, argv);
      assert.equal(
        tallies(events).map(({ state, received, lost, unknown }) => [state, received, lost, unknown]),
        [
          ['visited', 30, 0, 0],
          ['no answer', 0, 0, 30],
          ['visited', 30, 0, 0],
          ['visited', 30, 0, 0],
        ],
      );
      assert.equal([problems(events), exitOf(events)], [['NO_ANSWER'], 5]);
      if (family === 6) continue;
      const { stdout } = await run(lab, argv);
      assert.ok(
        linesOf(stdout).some((row) => /^2 +10\.255\.0\.3 +does not answer$/.test(row)),
        stdout,
      );
    }
  },
);

test.run();
