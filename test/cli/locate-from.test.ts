/** `locate --from` as a user runs it: JSON lines, MessagePack, a run of probe and its recording, and what is no such file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'msgpackr';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event, VerdictEvent } from '../../src/report/event.ts';
import { assertNoStack, braceroute, COMMAND, eventsOf, of, type Ran, runArgv } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'locate-from-'));
test.after(() => rmSync(folder, { recursive: true }));

const fileOf = (name: string, content: string | Uint8Array): string => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};

const LOSSY = [
  { path: ['a', 'b', 'c', 'x'], sent: 4000, received: 3800, unknown: 0 },
  { path: ['a', 'b', 'y'], sent: 4000, received: 4000 },
  { path: ['d', 'c', 'x'], sent: 4000, received: 4000 },
  { path: ['a', 'b', 'c', 'y'], sent: 4010, received: 3800, unknown: 10 },
];
const linesOf = (tallies: readonly unknown[]): string => tallies.map((tally) => `${JSON.stringify(tally)}\n`).join('');
const lossy = fileOf('lossy.jsonl', linesOf(LOSSY));

const verdictOf = (events: readonly Event[]): VerdictEvent => of(events, 'verdict')[0]!;
const from = async (file: string, ...more: string[]): Promise<Event[]> =>
  eventsOf(await braceroute(['locate', '--from', file, '--threshold', '1%', '--json', ...more]));

test('a verdict from JSON lines, with the exit code of the live command', async () => {
  const events = await from(lossy);
  const [tallies] = of(events, 'tallies');
  assert.equal([tallies?.paths, tallies?.nodes, tallies?.links, tallies?.sent, tallies?.unknown], [4, 6, 6, 16_010, 10]);
  const { kind, suspects } = verdictOf(events);
  assert.is(kind, 'suspect');
  assert.equal(
    suspects.map((one) => 'from' in one && [one.from, one.to, one.direction]),
    [['b', 'c', 'from-to']],
  );
  assert.is(of(events, 'end')[0]?.exit, 1);
});

test('the same from MessagePack, and from standard input', async () => {
  const expected = verdictOf(await from(lossy));
  const packed = fileOf('lossy.msgpack', Buffer.concat(LOSSY.map((tally) => pack(tally))));
  assert.equal({ ...verdictOf(await from(packed)), timeMs: 0 }, { ...expected, timeMs: 0 });
  const piped = await runArgv(['sh', '-c', 'cat "$0" | "$@" locate --from - --threshold 1% --json', lossy, ...COMMAND]);
  assert.equal({ ...verdictOf(eventsOf(piped)), timeMs: 0 }, { ...expected, timeMs: 0 });
});

test('text begins with the verdict', async () => {
  const { stdout, stderr, code } = await braceroute(['locate', '--from', lossy, '--threshold', '1%']);
  assert.is(stderr, '');
  assert.is(code, 1);
  assert.match(
    stdout,
    /^b→c drops 5\.0 % \(4\.\d–5\.\d\) of what it carries\n4 paths over 6 links between 6 nodes; 16,010 probes, 10 of them unknown;/,
  );
});

test('text blames no link that is not there: of a stretch it says that no probe tells which', async () => {
  const file = fileOf('stretch.jsonl', linesOf([{ path: ['a', 'b', 'c'], sent: 10_000, received: 9000 }]));
  const { stdout, code } = await braceroute(['locate', '--from', file]);
  assert.is(code, 1);
  assert.match(stdout, /^Somewhere on a…c 10\.0 % \(9\.\d–10\.\d\) is lost from a to c; no probe tells on which link\n/);
  assert.match(stdout, /^Not known: router c: whatever crosses a…c crosses it too: it may be what loses instead$/m);
});

test('a recording of a probe and its events come to the same, with the tallies of each position', async () => {
  const [recording, events] = await Promise.all(['pcapng', 'jsonl'].map((kind) => from(`fixtures/recordings/probe-loss-out.${kind}`)));
  const [one, other] = [recording!, events!].map((each) => of(each, 'tallies')[0]!);
  assert.equal([one!.paths, one!.sent, one!.received], [4, 160, 146]); // of 40 each, 6 and 8 were lost
  assert.equal([other!.paths, other!.sent, other!.received], [4, 160, 146]);
  assert.equal({ ...verdictOf(recording!), timeMs: 0 }, { ...verdictOf(events!), timeMs: 0 });
});

const piped = (command: string): Promise<Ran> =>
  runArgv(['sh', '-c', `${command} | "$@" locate --from - --threshold 1% --json`, 'sh', ...COMMAND]);

test('a recording comes from standard input too, also compressed; a torn one says where it ends', async () => {
  const recording = 'fixtures/recordings/probe-loss-out.pcapng';
  const expected = { ...verdictOf(await from(recording)), timeMs: 0 };
  for (const command of [`cat ${recording}`, `gzip -c ${recording}`])
    assert.equal({ ...verdictOf(eventsOf(await piped(command))), timeMs: 0 }, expected);
  const torn = eventsOf(await piped(`head -c 50000 ${recording}`));
  const [problem] = of(torn, 'problem');
  assert.is(problem?.code, 'RECORDING_ENDS');
  assert.match(problem!.message, /^standard input ends at /);
  assert.ok(of(torn, 'tallies')[0]!.sent < 160);
});

test('all mistakes of a file are told at once, up to twenty', async () => {
  const bad = fileOf('bad.jsonl', `${linesOf(LOSSY)}nonsense\n{"path":["a"],"sent":1,"received":1}\n${'7\n'.repeat(30)}`);
  const { stderr, code } = await braceroute(['locate', '--from', bad]);
  assert.is(code, 2);
  assertNoStack(stderr);
  assert.match(stderr, /line 5: this is no JSON: "nonsense"/);
  assert.match(stderr, /line 6: "path" has one node/);
  assert.match(stderr, /and 12 lines more/);
  assert.is(stderr.match(/, line \d+: /g)?.length, 20);
});

test('what is no tallies is refused by what it is', async () => {
  const torn = fileOf('torn.msgpack', pack(LOSSY[0]).subarray(0, 10));
  for (const [file, why] of [
    [fileOf('empty', ''), /is empty/],
    [torn, /no MessagePack/],
    [fileOf('one.jsonl', '{"v":1,"type":"end"}\n'), /holds no tallies/],
    ['fixtures/recordings/trace.pcapng', /holds no tallies/],
    [join(folder, 'nowhere'), /ENOENT/],
  ] as const) {
    const { stderr, code } = await braceroute(['locate', '--from', file]);
    assert.is(code, 2, file);
    assert.match(stderr, why);
    assertNoStack(stderr);
  }
});

test('options of a network do not go with a file, nor those of a file with a network', async () => {
  for (const argv of [
    ['--from', lossy, '-d', '10.0.0.9'],
    ['-d', '10.0.0.9', '--undirected'],
    ['-d', '10.0.0.9', '--method', 'netbouncer'],
  ]) {
    const { stderr, code } = await braceroute(['locate', ...argv]);
    assert.is(code, 2, argv.join(' '));
    assert.match(stderr, /--from/);
  }
});

test('NetBouncer needs many paths, and names the same link of them', async () => {
  const nodes = (layer: string): string[] => Array.from({ length: 6 }, (_, at) => `${layer}${at}`);
  const many = nodes('a').flatMap((a) =>
    nodes('b').flatMap((b) => nodes('c').map((c) => ({ path: [a, b, c], sent: 1000, received: a === 'a2' && b === 'b3' ? 900 : 1000 }))),
  );
  const events = await from(fileOf('many.jsonl', linesOf(many)), '--method', 'netbouncer');
  assert.is(of(events, 'tallies')[0]?.method, 'netbouncer');
  const { suspects } = verdictOf(events);
  assert.equal(
    suspects.map((one) => 'from' in one && [one.from, one.to]),
    [['a2', 'b3']],
  );
  assert.ok(suspects[0]!.low < 0.1 && suspects[0]!.high > 0.1);
});

test.run();
