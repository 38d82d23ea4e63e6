/** `braceroute diff` on the runs of commands: a fault that was changed is told, and a run that cannot be read is, with its place. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { diff } from '../../src/cli/commands/diff.ts';
import { places } from '../../src/cli/json-place.ts';
import { MEASURING } from '../../src/cli/measuring.ts';
import { program } from '../../src/cli/program.ts';
import { simulatedNetwork } from '../../src/cli/simulated-network.ts';
import type { Simulated } from '../../src/engine/simulated/simulated.ts';
import type { DifferenceEvent, Event } from '../../src/report/event.ts';
import { jsonLines } from '../../src/report/json-lines.ts';
import { PLAIN } from '../../src/topology/behaviour.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { fixture } from '../lab/raised.ts';
import { assertEvents } from '../report/schema.ts';
import { probed, ran, traced } from '../truth/commands.ts';
import { COMMAND, eventsOf, linesOf, of, runArgv } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'beacon-'));
const file = (name: string, text: string | Uint8Array): string => {
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
  assert.equal(
    of(events, 'problem').map(({ code }) => code),
    ['OTHER_BRANCH', 'FEW_ROUND_TRIPS'], // nothing in a trace tells a new route from a flow's own
  );
});

/** A command as it is typed, on a network in memory; its options are what cli/program.ts makes of them. */
async function typed(name: string, argv: string, change: (engine: Simulated) => void = () => {}, text: string = DEMO): Promise<string> {
  let events: Event[] = [];
  const root = program('0', async (call) => {
    const network = simulatedNetwork(parseTopology(text, name));
    change(network.engine);
    events = await ran(network, await MEASURING[call.command]!({ ...call, options: { ...call.options, json: true } }, () => {}));
  });
  await root.parseAsync(argv.split(' '), { from: 'user' });
  return printed(name, events);
}

const losing = (engine: Simulated): void => engine.fault('r4-r5', 'r4', { ...NO_FAULT, loss: 0.05 });

test('a locate over a drawn network tells the direction whose loss moved, and the verdict with it', async () => {
  const locate = 'locate --topology fixtures/topologies/demo.yaml --threshold 1%';
  const [before, after] = [await typed('clean', locate), await typed('lossy', locate, losing)];
  const { exit, events } = await told(before, after);
  assert.equal([exit, of(events, 'comparison')[0]!.moved], [1, ['verdict', 'loss']]);
  const moved = of(events, 'linkDifference').filter((one) => one.moved.length > 0);
  assert.equal(
    moved.map(({ fromName, toName }) => `${fromName} ${toName}`),
    ['r4 r5'],
  );
  const { forward, backward } = moved[0]!;
  assert.ok(forward!.low > 0 && forward!.low < 0.05 && forward!.high > 0.05, JSON.stringify(forward));
  assert.ok(backward!.low < 0 && backward!.high > 0, JSON.stringify(backward));
  assert.is((await told(before, before)).exit, 0);
  const more = `${DEMO}  - { between: [r2, r3] }\n`;
  const drawn = await typed('more', locate.replace('fixtures/topologies/demo.yaml', file('more.yaml', more)), undefined, more);
  const standing = async (a: string, b: string): Promise<string[]> =>
    of((await told(a, b)).events, 'linkDifference').flatMap((one) =>
      one.moved.includes('link') ? [`${one.fromName} ${one.toName} ${one.link}`] : [],
    );
  assert.equal([await standing(before, drawn), await standing(drawn, before)], [['r2 r3 added'], ['r2 r3 removed']]);
});

test('what a link adds to the round trip has moved where it was delayed, and nowhere else', async () => {
  const locate = 'locate --latency -d d';
  const slow = (engine: Simulated): void => engine.fault('r4-r5', 'r4', { ...NO_FAULT, delayMs: 3 });
  const { exit, events } = await told(await typed('quick', locate), await typed('slow', locate, slow));
  assert.is(exit, 1);
  const moved = of(events, 'linkDifference').filter((one) => one.moved.length > 0);
  assert.equal(
    moved.map(({ from, to, moved: what }) => [from, to, what]),
    [['10.0.4.2', '10.0.5.2', ['rtt']]],
  );
  assert.ok(Math.abs(moved[0]!.medianMs!.b - moved[0]!.medianMs!.a - 3) < 0.01);
});

test('paths tell a branch that became dear or died, and come back', async () => {
  const all = await typed('all', 'paths d');
  const dear = await typed('dear', 'paths d', undefined, DEMO.replace('between: [r1, r3] }', 'between: [r1, r3], cost: 9 }'));
  const dead = await typed('dead', 'paths d', (engine) => engine.fault('r3-r4', null, 'down'));
  const ways = async (a: string, b: string): Promise<string[]> =>
    of((await told(a, b)).events, 'linkDifference').flatMap(({ fromName, toName, moved, link }) =>
      moved.length > 0 ? [`${fromName} ${toName} ${link}`] : [],
    );
  const branch = (link: string): string[] => [`r1.example r3.example ${link}`, `r3.example r4.example ${link}`];
  assert.equal(await ways(all, dear), branch('removed'));
  assert.equal(await ways(dear, all), branch('added'));
  assert.equal(await ways(all, dead), branch('removed').slice(1));
  assert.equal(await ways(all, all), []);
});

test('a scan tells what a router does otherwise, and a spray where it loses', async () => {
  const remark = (engine: Simulated): void => engine.behave('r4', { ...PLAIN, uniformTtl: true });
  const scans = await told(await typed('plain', 'scan d'), await typed('uniform', 'scan d', remark));
  const facts = of(scans.events, 'factDifference').filter(({ moved }) => moved.length > 0);
  assert.equal([scans.exit, facts.map(({ position, fact, a, b }) => [position, fact, a, b])], [1, [[3, 'ttl', 'pipe', 'uniform']]]);
  const spray = 'spray -d d --sweep-hops -c 20000 --values 40001-40004';
  const sprays = await told(await typed('whole', spray), await typed('holed', spray, losing));
  assert.equal(moves(sprays.events), ['1 same', '2 same', '3 same', '4 same loss', '5 same loss']);
  assert.ok(of(sprays.events, 'flowDifference').every(({ position }) => position >= 4));
});

test('runs that measure different things say so, and where nothing can be compared the exit is 5', async () => {
  const [paths, scan, locate] = [await typed('p', 'paths d'), await typed('s', 'scan d'), await typed('l', 'locate -d d --threshold 1%')];
  for (const [a, b, exit] of [
    [paths, scan, 5],
    [scan, locate, 0],
  ] as const) {
    const found = await told(a, b);
    assert.is(found.exit, exit);
    const codes = of(found.events, 'problem').map(({ code }) => code);
    assert.equal(codes, ['OTHER_QUESTION', 'NOT_COMPARABLE', ...(exit === 5 ? ['NOTHING_COMPARED'] : [])]);
  }
});

test('a recording is what its run printed, from a file and from standard input; a torn one says so', async () => {
  for (const name of ['locate', 'paths', 'scan', 'spray-rate', 'probe-loss-out']) {
    const [recording, lines] = [`fixtures/recordings/${name}.pcapng`, `fixtures/recordings/${name}.jsonl`];
    const piped = await runArgv(['sh', '-c', 'cat "$0" | "$@" diff --json - "$LINES_OF_IT"', recording, ...COMMAND], {
      env: { ...process.env, LINES_OF_IT: lines },
    });
    for (const events of [(await told(recording, lines)).events, eventsOf(piped)]) {
      assert.equal([of(events, 'comparison')[0]!.moved, of(events, 'problem')], [[], []], name);
    }
  }
  const torn = file('torn.pcapng', readFileSync('fixtures/recordings/locate.pcapng').subarray(0, 90_000));
  const { exit, events } = await told(torn, 'fixtures/recordings/locate.jsonl');
  assert.equal([exit, of(events, 'problem').map(({ code }) => code)], [5, ['CUT_SHORT', 'NOTHING_COMPARED']]);
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
  ['{"v":1,"type":"start","timeMs":1,"command":"fly"}', /line 1, column 44: "command" of start is "fly", not one of trace,/],
  ['{"v":1,"type":"latency","from":"10.0.0.1","to":"r1"}', /line 1, column 48: "to" of latency is "r1", not an address/],
  ['{"v":1,"type":"tallies","file":"x"}', /it is of locate --from/],
  ['{"v":1,"type":"comparison"}', /it is a comparison itself/],
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
