/** `braceroute diff` on the runs of commands: a fault that was changed is told, and a run that cannot be read is, with its place. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { diff } from '../../src/cli/commands/diff.ts';
import { places } from '../../src/cli/json-place.ts';
import { simulatedNetwork } from '../../src/cli/simulated-network.ts';
import type { Simulated } from '../../src/engine/simulated/simulated.ts';
import type { DifferenceEvent, Event } from '../../src/report/event.ts';
import { jsonLines } from '../../src/report/json-lines.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { fixture } from '../lab/raised.ts';
import { assertEvents } from '../report/schema.ts';
import { probed, traced } from '../truth/commands.ts';
import { linesOf, of } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'beacon-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** As `--json` prints it. */
function printed(name: string, events: readonly Event[]): string {
  const written: string[] = [];
  const reporter = jsonLines({ write: (line) => void written.push(line) });
  for (const event of events) reporter.event(event);
  return file(name, written.join(''));
}

async function told(a: string, b: string): Promise<{ exit: number; events: Event[] }> {
  const written: string[] = [];
  const reporter = jsonLines({ write: (line) => void written.push(line) });
  const exit = await diff({ command: 'diff', words: [a, b], options: {} }, reporter, new AbortController().signal);
  return { exit, events: assertEvents(linesOf(written.join(''))) };
}

const DEMO = readFileSync('fixtures/topologies/demo.yaml', 'utf8');

const moves = (events: readonly Event[]): string[] =>
  of(events, 'difference').map(({ hop, a, b, moved }: DifferenceEvent) => `${(b ?? a)!.position} ${hop} ${moved.join()}`.trimEnd());

async function probing(name: string, fault: (engine: Simulated) => void): Promise<string> {
  const network = simulatedNetwork(fixture('demo', name));
  fault(network.engine);
  return printed(name, await probed(network, 4, { source: 'r1', destination: 'd', count: 500, timeout: 0.5 }));
}

test('loss that was put on a link has moved from that hop on, and goes again', async () => {
  const before = await probing('before', () => {});
  const after = await probing('after', (engine) => engine.fault('r4-r5', 'r4', { ...NO_FAULT, loss: 0.1 }));
  const hops = [1, 2, 3].map((position) => `${position} same`);
  for (const [a, b] of [
    [before, after],
    [after, before],
  ] as const) {
    const { exit, events } = await told(a, b);
    assert.is(exit, 1);
    assert.equal(moves(events), [...hops, '4 same loss', '5 same loss']);
  }
  const same = await told(before, before);
  assert.is(same.exit, 0);
  assert.equal(of(same.events, 'comparison')[0]!.moved, []);
});

test('delay moves round trips, and a link that became dear the path', async () => {
  const before = await probing('quick', () => {});
  const slow = await probing('slow', (engine) => engine.fault('r5-d', 'd', { ...NO_FAULT, delayMs: 3 }));
  assert.equal(moves((await told(before, slow)).events).slice(3), ['4 same', '5 same rtt']);
  const way = (name: string, dear: string): Promise<string> => {
    const text = DEMO.replace(`between: [${dear}] }`, `between: [${dear}], cost: 9 }`);
    return traced(simulatedNetwork(parseTopology(text, name)), 'd', 4, {}).then((events) => printed(name, events));
  };
  const [upper, lower] = [await way('upper', 'r1, r3'), await way('lower', 'r1, r2')];
  const { exit, events } = await told(upper, lower);
  assert.is(exit, 1);
  assert.equal(moves(events), ['1 same', '2 replaced hop', '3 replaced hop', '4 same', '5 same']);
});

const GOOD = file('good.json', '{"v":1,"type":"end","reached":true,"interrupted":false}');

/** Of the file as a whole; the place is counted by hand. */
const BAD: readonly [text: string, says: RegExp][] = [
  ['', /is empty: give what --json printed, or a recording/],
  ['{"v":1,"type":"end","reached":null,"interrupted":false}', /holds no run: it has no "start"/],
  ['hello', /line 1, column 1: "h" is not JSON here/],
  ['\n\n{"v":1,}', /line 3, column 8: "}" is not JSON here/],
  ['{"v":1,"type":"start"', /line 1, column 22: the line ends too early/],
  ['{"v":1,"type":"start","a":"\t"}', /line 1, column 27: "\\"" is not JSON here/],
  ['[1]', /line 1, column 1: this is no event/],
  ['{"v":2,"type":"start"}', /line 1, column 6: "v" is 2: this braceroute reads version 1/],
  ['{"v":1,"type":"end","reached":7}', /line 1, column 31: "reached" of end is 7, not true or false or null/],
  ['{"v":1,"type":"path","part":1,"hops":["10.0.0.1",{}]}', /line 1, column 38: "hops" of path is .* not a list, each an address or null/],
  ['{"v":1,"type":"tally","part":1}', /line 1, column 1: "position" of tally is missing, not a whole number from 0 to 255/],
  ['{"v":1,"type":"problem","message":"no route"}\n{"v":1,"type":"end","reached":null,"interrupted":false}', /only says: no route/],
];

test('what is no run is refused with its line and column', async () => {
  for (const [index, [text, says]] of BAD.entries()) {
    const error = await told(file(`${index}`, text), GOOD).then(
      () => null,
      (thrown: Error & { code?: string }) => thrown,
    );
    assert.is(error?.code, 'ERR_FILE', text);
    assert.match(error!.message, says);
  }
});

test('the place of a fault in JSON is where JSON.parse stops, too', () => {
  const valid = ['{"a":[1,-2.5e3,{"b":null}],"c":"\\u00e9\\n"}', '[]', '{}', ' [ true , false ] ', '"x"', '0'];
  for (const text of valid) {
    assert.is(places(text).fault, null, text);
    for (let cut = 0; cut < text.length; cut += 1) {
      const shorter = text.slice(0, cut) + text.slice(cut + 1);
      assert.is(places(shorter).fault === null, isJson(shorter), shorter);
    }
  }
  assert.equal(
    [...places('{"a": {"b":1}, "c" :2}').values],
    [
      ['a', 6],
      ['c', 20],
    ],
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test.after(() => rmSync(folder, { recursive: true }));
test.run();
