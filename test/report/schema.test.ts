/** The schema of the JSON lines: it takes what is promised, refuses the rest, and its page tells the truth. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXIT_OF } from '../../src/error.ts';
import type { Event } from '../../src/report/event.ts';
import {
  comparison,
  difference,
  end,
  factDifference,
  flowDifference,
  flows,
  latency,
  linkDifference,
  locateRun,
  lossy,
  path,
  pathsRun,
  probeRun,
  problem,
  scan,
  split,
  sprayRun,
  start,
  tallies,
  tally,
  traceRun,
} from './samples.ts';
import { assertEvents, validEvent } from './schema.ts';

const page = readFileSync('docs/json.md', 'utf8');
const samples: readonly Event[] = [
  ...traceRun,
  ...probeRun,
  ...locateRun,
  ...pathsRun(),
  ...sprayRun,
  split(),
  flows(),
  tallies(),
  latency(),
  scan(),
  comparison(),
  difference(),
  flowDifference(),
  linkDifference(),
  factDifference(),
  problem('no'),
];
const lines = (events: readonly unknown[]): string[] => events.map((event) => JSON.stringify(event));

/** Why assertEvents refuses a run; fails where it does not. (uvu's throws() lets assertions of its own kind through.) */
function refusal(run: readonly Event[]): string {
  try {
    assertEvents(lines(run));
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`accepted: ${lines(run).join(' ')}`);
}

test('each type of event has its place in the schema', () => {
  for (const event of samples) assert.ok(validEvent(event), JSON.stringify(event));
  assert.equal([...new Set(samples.map(({ type }) => type))].sort(), [
    'comparison',
    'count',
    'difference',
    'edge',
    'end',
    'factDifference',
    'flow',
    'flowDifference',
    'flows',
    'hop',
    'latency',
    'link',
    'linkDifference',
    'name',
    'node',
    'path',
    'paths',
    'plan',
    'problem',
    'scan',
    'segment',
    'split',
    'spray',
    'sprayed',
    'start',
    'tallies',
    'tally',
    'verdict',
  ]);
});

test('an event that lacks a field, or has one more, is refused', () => {
  for (const event of samples) {
    for (const key of Object.keys(event)) {
      const rest = Object.fromEntries(Object.entries(event).filter(([other]) => other !== key));
      assert.not(validEvent(rest), `${event.type} without ${key}`);
    }
    assert.not(validEvent({ ...event, more: null }), event.type);
  }
});

test('percents, negative counts, versions to come and unknown exit codes are refused', () => {
  const wrong = [
    { ...lossy, loss: 9.9 },
    { ...lossy, lost: -1 },
    { ...lossy, errors: { '!H': 1 } },
    { ...end(), v: 2 },
    { ...end(), exit: 1.5 },
  ];
  for (const event of wrong) assert.not(validEvent(event), JSON.stringify(event));
});

test('assertEvents refuses a run with no end, two ends, anything after it, or nothing before it', () => {
  for (const run of [[start()], [start(), end(), end()], [start(), end(), lossy], []]) assert.match(refusal(run), 'exactly one end');
  assert.match(refusal([end()]), 'a run starts');
});

test('assertEvents refuses tallies out of order, twice the same, or with more outcomes than probes', () => {
  const run = (...tallies: Event[]): Event[] => [start({ command: 'probe' }), ...tallies, end()];
  assert.match(refusal(run(lossy, tally(1))), 'tally 1 after 2');
  assert.match(refusal(run(lossy, lossy)), 'tally 2 after 2');
  assert.match(refusal(run(tally(1, { lost: 1 }))), '1001 outcomes of 1000 probes');
});

test('assertEvents refuses addresses that RFC 5952 writes otherwise, wherever they stand', () => {
  const run = (address: string): Event[] => [start({ source: 'fd00::1', target: address }), end()];
  assertEvents(lines(run('2001:db8::1')));
  assert.match(refusal(run('2001:DB8::1')), 'canonical');
  assert.match(refusal(run('2001:db8:0:0:0:0:0:1')), 'canonical');
  assert.match(refusal([start(), path('10.0.0.1', 'fd00:0::1'), end()]), 'canonical');
});

test('assertEvents says which field is wrong', () => {
  assert.match(refusal([start(), { ...end(), exit: 9 }]), '/exit must be equal to one of the allowed values');
});

test('the examples on the page are one valid run, with an event of each type', () => {
  const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].flatMap((match) => match[1]!.trim().split('\n'));
  const events = examples.map((line) => JSON.parse(line) as Event);
  for (const event of events) assert.ok(validEvent(event), JSON.stringify(event));
  assert.is(new Set(events.map(({ type }) => type)).size, 28);
  assertEvents(lines(events.filter(({ type }) => type !== 'end')).concat(lines([end()])));
});

test('every error code is explained on the page, with its exit code', () => {
  for (const [code, exit] of Object.entries(EXIT_OF)) assert.match(page, new RegExp(`^\\| \`${code}\` \\| ${exit} \\|`, 'm'));
});

test('every field is named on the page', () => {
  const fields = new Set(samples.flatMap((event) => Object.keys(event)));
  for (const field of fields) assert.match(page, `\`${field}\``);
});

test.run();
