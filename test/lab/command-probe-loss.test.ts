// limit: 240 s
/** Loss on kernel routers: what a table misses is what the routers counted as lost, to the packet where loss is exact. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { linesOf, of } from '../cli/command.ts';
import { exitOf, nameIn, problems, run, runJson, tallies } from './measured.ts';
import { direction } from './raised.ts';
import { assertClean, assertSums, BOTH, fault, inLab, LINE, lostIn, OVER_LINE, rowsOf, withProfile } from './tables.ts';

/** Loss of exactly one packet in ten, in one direction of one link of `line`, far end at `position`. */
async function exactly(lab: Lab, family: 4 | 6, position: number, sender: string, receiver: string): Promise<void> {
  const link = `${LINE[position - 1]}-${LINE[position]}`;
  await lab.fault(link, sender, fault({ exact: { lost: 1, of: 10 } }));
  const events = await runJson(lab, ['probe', ...OVER_LINE, '-c', '100', `-${family}`]);
  const rows = tallies(events);
  const counted = direction(await lab.counters(), sender, receiver)!;
  assertSums(rows, 100);
  assert.is(exitOf(events), 1);
  // the survey's packets come first, one a hop: too few for the tenth to be among them
  assert.is(lostIn(rows), counted.lost, `${sender} → ${receiver}`);
  assert.is(counted.lost, Math.floor(counted.seen / 10));
  assert.equal(
    rows.map(({ lost }) => lost > 0),
    rows.map((row) => row.position >= position),
    `${sender} → ${receiver}: ${rows.map(({ lost }) => lost)}`,
  );
  assert.equal(
    rows.map(({ unknown, duplicate, late }) => unknown + duplicate + late),
    rows.map(() => 0),
  );
  await lab.fault(link, sender, 'clear');
}

for (const [profile, family] of [
  ['lab', 4],
  ['lab', 6],
  ['stock', 4],
  ['stock', 6],
] as const)
  inLab(
    `profile ${profile}, IPv${family}: of one packet in ten, lost in either direction of each link, the table misses each`,
    'line',
    async (lab) => {
      for (let position = 1; position < LINE.length; position += 1) {
        const [near, far] = [LINE[position - 1]!, LINE[position]!];
        await exactly(lab, family, position, near, far);
        await exactly(lab, family, position, far, near);
      }
    },
    withProfile(profile),
  );

inLab('the text marks the hop where the loss appears', 'line', async (lab) => {
  await lab.fault('r2-r3', 'r2', fault({ exact: { lost: 1, of: 10 } }));
  const { code, stdout, stderr } = await run(lab, ['probe', ...OVER_LINE, '-c', '100']);
  assert.equal([code, stderr], [1, '']);
  const [path, ...table] = linesOf(stdout);
  assert.is(path, '[10.0.0.1 10.255.0.2 10.255.0.3 10.255.0.4 10.255.0.5]');
  assert.ok(
    table.some((line) => /^IDX HOP +SUCCESS RATE +RX +TX +.*LOSS/.test(line)),
    stdout,
  );
  const rows = table.filter((line) => /^\d/.test(line));
  assert.is(rows.length, 4);
  for (const row of rows.slice(0, 2)) assert.match(row, / 100\.000% +100 +100 +0 % \(0–3\.7\)$/);
  assert.match(rows[2]!, /^3 +10\.255\.0\.4 +\d\d\.000% +\d+ +100 +\d.* % \(.*–.*\) +<- first loss$/);
  assert.match(rows[3]!, /^4 +10\.255\.0\.5 /);
  assert.is(stdout.match(/first loss/g)?.length, 1);
});

inLab('a search finds the path in spite of loss, and its table too adds up', 'line', async (lab) => {
  await lab.fault('r1-r2', 'r1', fault({ exact: { lost: 1, of: 10 } }));
  const events = await runJson(lab, ['probe', '-d', 'd', '-c', '100', '-t', '0.4']);
  const rows = tallies(events);
  assert.equal(
    rows.map(({ address }) => nameIn(lab.topology, address)),
    ['r1', 'r2', 'r3', 'd'],
  );
  assertSums(rows, 100);
  const counted = direction(await lab.counters(), 'r1', 'r2')!;
  assert.is(counted.lost, Math.floor(counted.seen / 10));
  const searching = counted.lost - lostIn(rows); // by search and survey: at most a tenth of what they sent
  assert.ok(searching >= 0 && searching <= (counted.seen - 300) / 10 + 1, `${searching} of ${counted.seen - 300}`);
});

// Quantiles of the binomial of 1000 and 0.1, and of 2000 and 0.1: 0.00005 below and above.
const OF_1000 = [65, 139] as const;
const OF_2000 = [150, 254] as const;
const within = (value: number, [low, high]: readonly [number, number]): void =>
  assert.ok(value >= low && value <= high, `${value} is not within ${low} and ${high}`);

inLab('random loss of a tenth is what the routers counted, and near what was set', 'line', async (lab) => {
  for (const family of BOTH) {
    await lab.fault('r2-r3', 'r3', fault({ loss: 0.1 }));
    const rows = await rowsOf(lab, [...OVER_LINE, '-c', '1000', `-${family}`]);
    const { lost } = direction(await lab.counters(), 'r3', 'r2')!;
    assertSums(rows, 1000);
    assert.equal(
      rows.slice(0, 2).map((row) => row.lost),
      [0, 0],
    );
    for (const row of rows.slice(2)) {
      within(row.lost, OF_1000);
      assert.ok(row.lossLow! <= row.lost / 1000 && row.lost / 1000 <= row.lossHigh!);
    }
    within(lostIn(rows), OF_2000);
    const surveyed = lost - lostIn(rows); // a hop is asked three times over each of its ways home
    assert.ok(surveyed >= 0 && surveyed <= 18, `${surveyed} lost beside the table`);
    await lab.fault('r2-r3', 'r3', 'clear');
  }
});

inLab('a duplicate is no second landing', 'line', async (lab) => {
  for (const family of BOTH) {
    await lab.fault('r1-r2', 'r1', fault({ duplicate: 1 }));
    const events = await runJson(lab, ['probe', ...OVER_LINE, '-c', '100', `-${family}`]);
    assertClean(events, 100);
    const duplicates = tallies(events).map(({ duplicate }) => duplicate);
    assert.is(duplicates[0], 0);
    // copies of the last probes come when the run is over
    assert.ok(
      duplicates.slice(1).every((count) => count >= 80 && count <= 100),
      `${duplicates}`,
    );
  }
});

inLab('a corrupted probe is never received', 'line', async (lab) => {
  for (const family of BOTH) {
    await lab.fault('r2-r3', 'r2', fault({ corrupt: 1 }));
    const rows = await rowsOf(lab, [...OVER_LINE, '-c', '50', `-${family}`]);
    assertSums(rows, 50);
    assert.equal(
      rows.map(({ received, lost }) => [received, lost]),
      [
        [50, 0],
        [50, 0],
        [0, 50],
        [0, 50],
      ],
    );
    assert.ok(direction(await lab.counters(), 'r2', 'r3')!.corrupted >= 100);
  }
});

inLab('behind a blackhole everything is lost, and nothing before it', 'line', async (lab) => {
  for (const sender of ['r2', 'r3']) {
    await lab.fault('r2-r3', sender, fault({ blackhole: true }));
    const events = await runJson(lab, ['probe', ...OVER_LINE, '-c', '50']);
    assertSums(tallies(events), 50);
    assert.equal(
      tallies(events).map(({ lost }) => lost),
      [0, 0, 50, 50],
    );
    assert.equal([exitOf(events), of(events, 'end')[0]!.reached], [1, false]);
    await lab.fault('r2-r3', null, 'clear');
  }
});

inLab('behind a link that is down nothing comes home: errors and losses make up the sum', 'line', async (lab) => {
  await lab.fault('r2-r3', null, 'down');
  // first, since no profile lifts the kernel's limit of such errors: five, and one a second
  const searched = await runJson(lab, ['probe', '-d', 'd', '-t', '0.4']);
  assert.ok(problems(searched).includes('PATH_NOT_FOUND'), `${problems(searched)}`);
  assert.equal(
    tallies(searched).map(({ address, received }) => [nameIn(lab.topology, address), received]),
    [
      ['r1', 30],
      ['r2', 30],
    ],
  );
  assert.is.not(exitOf(searched), 0);
  const events = await runJson(lab, ['probe', ...OVER_LINE, '-c', '50']);
  const rows = tallies(events);
  assertSums(rows, 50);
  assert.equal(
    rows.map(({ received }) => received),
    [50, 50, 0, 0],
  );
  for (const { errors } of rows) assert.ok(Object.keys(errors).every((kind) => kind === 'icmp 3/0' || kind === 'icmp 3/1'));
  assert.is(exitOf(events), 1);
});

inLab('where one flow in four is lost, a run loses all or nothing, as the routers say', 'line', async (lab) => {
  for (let round = 0; round < 6; round += 1) {
    await lab.fault('r1-r2', 'r1', fault({ flowLoss: { lost: 1, of: 4 } }));
    const rows = await rowsOf(lab, [...OVER_LINE, '-c', '10', '-t', '0.2']);
    const { flowLost } = direction(await lab.counters(), 'r1', 'r2')!;
    const fate = flowLost > 0 ? 10 : 0;
    assert.equal(
      rows.map(({ lost }) => lost),
      [0, fate, fate, fate],
    );
  }
});

inLab('loss up to --max-loss is no failure', 'line', async (lab) => {
  await lab.fault('r1-r2', 'r1', fault({ exact: { lost: 1, of: 10 } }));
  const exit = async (most: string): Promise<number> =>
    exitOf(await runJson(lab, ['probe', ...OVER_LINE, '-c', '100', '--max-loss', most]));
  assert.equal([await exit('15%'), await exit('5%')], [0, 1]);
});

inLab('a thousand probes a hop cost no more than their timeout and two seconds, whatever is lost', 'line', async (lab) => {
  await lab.fault('r2-r3', 'r2', fault({ loss: 0.1 }));
  const began = Date.now();
  const rows = await rowsOf(lab, ['-d', 'd', '-c', '1000', '-t', '1']);
  assert.ok(Date.now() - began < 5000, `${Date.now() - began} ms`); // 3 s on a machine of its own
  assertSums(rows, 1000);
});

test.run();
