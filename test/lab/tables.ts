/** Probe tables of kernel routers, and the claims that every one of them must hold. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import type { Event, TallyEvent } from '../../src/report/event.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import type { Profile, Topology } from '../../src/topology/topology.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, problems, runJson, tallies } from './measured.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();
export const inLab = (
  title: string,
  file: string,
  work: (lab: Lab) => Promise<void>,
  change = (topology: Topology): Topology => topology,
): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(change(fixture(file, 'probe')));
      await work(lab);
    });
};

export const withProfile =
  (profile: Profile) =>
  (topology: Topology): Topology => ({ ...topology, profile });
export const fault = (part: Partial<Fault>): Fault => ({ ...NO_FAULT, ...part });
export const BOTH: readonly (4 | 6)[] = [4, 6];

/** `line`, whose positions 1 to 4 are r1, r2, r3 and d. */
export const LINE: readonly string[] = ['a', 'r1', 'r2', 'r3', 'd'];
export const OVER_LINE: readonly string[] = ['-p', LINE.join(','), '-t', '0.4'];
export const rowsOf = async (lab: Lab, argv: readonly string[]): Promise<TallyEvent[]> => tallies(await runJson(lab, ['probe', ...argv]));

const errorsOf = ({ errors }: TallyEvent): number => Object.values(errors).reduce((sum, count) => sum + count, 0);
export const lostIn = (rows: readonly TallyEvent[]): number => rows.reduce((sum, { lost }) => sum + lost, 0);

/** Nothing is in flight when a run is over. */
export function assertSums(rows: readonly TallyEvent[], sent: number): void {
  for (const row of rows) {
    assert.is(row.sent, sent, `position ${row.position}`);
    assert.is(row.received + row.lost + row.unknown + errorsOf(row), sent, `position ${row.position}`);
  }
}

export function assertClean(events: readonly Event[], count: number, notes: readonly string[] = []): void {
  assert.equal(problems(events), notes);
  assertSums(tallies(events), count);
  assert.equal(
    tallies(events).map(({ received }) => received),
    tallies(events).map(() => count),
  );
  assert.is(exitOf(events), 0);
}

export const notDecapsulating =
  (...names: readonly string[]) =>
  (topology: Topology): Topology => ({
    ...topology,
    nodes: topology.nodes.map((node) => ({ ...node, decapsulates: node.decapsulates && !names.includes(node.name) })),
  });
