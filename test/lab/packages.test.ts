// limit: 90 s
/** The commands over the engines of the npm packages: the paths that `live` finds, and counts that add up. */
import { rm } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PackageName } from '../../src/engine/packages/limits.ts';
import { packageVersion } from '../../src/host/optional-package.ts';
import type { Lab } from '../../src/lab/lab.ts';
import type { Event } from '../../src/report/event.ts';
import { of } from '../cli/command.ts';
import { skip } from '../skip.ts';
import { exitOf, hopsOf, nameIn, problems, runJson, tallies } from './measured.ts';
import { direction } from './raised.ts';
import { assertSums, fault, inLab, LINE, lostIn, OVER_LINE } from './tables.ts';

/** What a run over it says of what it cannot know, with one uplink. */
const NOTES: Readonly<Record<PackageName, readonly string[]>> = { pcap: [], cap: ['DROPS_UNCOUNTED'] };
const NAMES = Object.keys(NOTES) as PackageName[];

for (const name of NAMES) {
  if (packageVersion(name) === null) skip(`the commands over the engine ${name}`, 'the package is not built');
  else claims(name);
}

function claims(name: PackageName): void {
  inLab(`${name}: a trace and reverse traces in both families see what live sees`, 'line', async (lab) => {
    for (const argv of [['d'], ['-r', 'd'], ['-6', '-r', 'd']]) {
      const [live, over] = [await traced(lab, 'live', argv), await traced(lab, name, argv)];
      assert.equal(over.path, live.path, argv.join(' '));
      assert.equal([live.exit, over.exit, over.notes], [0, 0, NOTES[name]], argv.join(' '));
    }
  });

  inLab(`${name}: of one packet in ten, lost on one link, the table misses each`, 'line', async (lab) => {
    const events = await lossy(lab, name);
    const rows = tallies(events);
    const counted = direction(await lab.counters(), 'r2', 'r3')!;
    assert.equal(
      rows.map(({ address }) => nameIn(lab.topology, address)),
      LINE.slice(1),
    );
    assertSums(rows, 100);
    assert.is(of(events, 'start')[0]!.engine, name);
    assert.is(counted.lost, Math.floor(counted.seen / 10));
    const unknown = rows.reduce((sum, row) => sum + row.unknown, 0);
    // silence is loss only where the engine counts what it loses itself
    assert.equal([lostIn(rows), unknown], name === 'pcap' ? [counted.lost, 0] : [0, counted.lost]);
    assert.equal([exitOf(events), problems(events)], name === 'pcap' ? [1, []] : [5, NOTES.cap]);
    const live = tallies(await lossy(lab, 'live'));
    assert.equal(
      rows.map((row) => row.received === 100),
      live.map((row) => row.received === 100),
    );
  });

  inLab(`${name}: what comes home by an interface that it does not hear is unknown, and why is told`, 'uplinks', async (lab) => {
    const events = await runJson(lab, ['probe', '-p', 'a,r1,r3,d', '-t', '0.2', '-c', '10', '--engine', name]);
    const rows = tallies(events);
    assert.ok(problems(events).includes('INTERFACE_UNHEARD'), problems(events).join());
    assert.is(exitOf(events), 5);
    assert.ok(rows.length > 0);
    for (const { sent, unknown } of rows) assert.equal([sent, unknown], [10, 10]);
  });

  inLab(`${name}: a run that is recorded replays to the same events`, 'line', async (lab) => {
    const file = `/tmp/beacon-${process.pid}-${name}.pcapng`;
    try {
      const recorded = await runJson(lab, ['probe', ...OVER_LINE, '-c', '20', '--engine', name, '--write', file]);
      const replayed = await runJson(lab, ['replay', file]);
      assert.equal(withoutEngine(replayed), withoutEngine(recorded));
    } finally {
      await rm(file, { force: true });
    }
  });
}

async function traced(lab: Lab, engine: string, argv: readonly string[]): Promise<{ path: unknown; exit: number; notes: string[] }> {
  const events = await runJson(lab, ['-n', '-t', '0.4', ...argv, '--engine', engine]);
  const path = hopsOf(events).map(({ ttl, address }) => [ttl, address]);
  return { path, exit: exitOf(events), notes: problems(events) };
}

async function lossy(lab: Lab, engine: string): Promise<Event[]> {
  await lab.fault('r2-r3', 'r2', fault({ exact: { lost: 1, of: 10 } }));
  const events = await runJson(lab, ['probe', ...OVER_LINE, '-c', '100', '--engine', engine]);
  return events;
}

const withoutEngine = (events: readonly Event[]): unknown[] => events.map((event) => ({ ...event, engine: undefined }));

test.run();
