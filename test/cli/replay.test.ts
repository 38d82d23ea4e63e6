// limit: 120 s
/** A recording replays to the report of its run; what is changed in it changes that and nothing else. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event, HopEvent, TallyEvent } from '../../src/report/event.ts';
import { assertEvents } from '../report/schema.ts';
import { assertNoStack, braceroute, eventsOf, linesOf, of, topologyFile } from './command.ts';
import { blocksOf, framesOf, joined, numberIn, without } from './recordings.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'braceroute-'));
process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
const place = (name: string): string => join(FOLDER, name);

/** A replay says that it is one, and by which version; messages are no promise. */
const told = (events: readonly Event[]): object[] =>
  events.map((event) => ({
    ...event,
    ...(event.type === 'start' && { engine: '', version: '' }),
    ...(event.type === 'problem' && { message: '' }),
  }));
const untimed = (events: readonly Event[]): object[] => told(events).map((event) => ({ ...event, timeMs: 0 }));

const replayed = async (file: string, ...options: string[]): Promise<Event[]> =>
  eventsOf(await braceroute(['replay', file, '--json', ...options]));

async function recorded(name: string, topology: string, argv: readonly string[]): Promise<{ file: string; events: Event[] }> {
  const file = place(`${name}.pcapng`);
  const simulated = ['--engine', 'simulated', '--read', topologyFile(topology)];
  return { file, events: eventsOf(await braceroute([...argv, ...simulated, '--json', '--write', file])) };
}

const problems = (events: readonly Event[]): string[] => of(events, 'problem').map(({ code }) => code);
const exitOf = (events: readonly Event[]): number => of(events, 'end')[0]!.exit;

const GOLDEN = readdirSync('fixtures/recordings').flatMap((file) => (file.endsWith('.pcapng') ? [file.replace('.pcapng', '')] : []));

for (const name of GOLDEN) {
  test(`the run ${name}, recorded on kernel routers, is told as it was then, to the microsecond`, async () => {
    const then = assertEvents(linesOf(readFileSync(`fixtures/recordings/${name}.jsonl`, 'utf8')));
    assert.equal(told(await replayed(`fixtures/recordings/${name}.pcapng`)), told(then));
  });
}

const SIMULATED: Readonly<Record<string, readonly [topology: string, ...argv: string[]]>> = {
  trace: ['ecmp4', 'trace', 'd'],
  'trace-icmp-ipv6': ['diamond', 'trace', '-6', '--protocol', 'icmp', 'd'],
  flows: ['diamond', 'trace', '--flows', '8', 'd'],
  reverse: ['asymmetric', 'trace', '-r', 'd'],
  'reverse-ipv6': ['line', 'trace', '-6', '-r', 'd'],
  between: ['line', 'trace', '-s', 'r1', 'd'],
  probe: ['line', 'probe', '-d', 'd', '-c', '30'],
  'probe-ipv6': ['line', 'probe', '-6', '-p', 'a,r1,r2', '-c', '30', '--rate', '100k'],
  'no-decapsulation': ['nondecap', 'probe', '-d', 'd', '-c', '10'],
  spray: ['line', 'spray', '--classic', '-d', 'd', '-c', '3'],
  'no-route': ['line', 'trace', '192.0.2.1'],
};

for (const [name, [topology, ...argv]] of Object.entries(SIMULATED)) {
  test(`${argv.join(' ')}, simulated on ${topology}, is replayed alike`, async () => {
    const { file, events } = await recorded(name, topology, argv);
    assert.equal(told(await replayed(file)), told(events));
  });
}

test('the text is the same too', async () => {
  const { code, stdout, stderr } = await braceroute(['replay', place('probe.pcapng')]);
  const live = await braceroute(['probe', '-d', 'd', '-c', '30', '--engine', 'simulated', '--read', topologyFile('line')]);
  assert.equal([code, stdout, stderr], [live.code, live.stdout, live.stderr]);
});

test('the recorded command wins over that of the command line', async () => {
  const events = eventsOf(await braceroute(['probe', '-d', 'nowhere', '--engine', 'replay', '--read', place('trace.pcapng'), '--json']));
  assert.equal(told(events), told(await replayed(place('trace.pcapng'))));
});

test('a replay can be recorded, and that recording replayed', async () => {
  const first = await replayed(place('probe.pcapng'), '--write', place('again.pcapng'));
  assert.equal(told(await replayed(place('again.pcapng'))), told(first));
});

test('compressed, it is the same recording', async () => {
  writeFileSync(place('probe.gz'), gzipSync(readFileSync(place('probe.pcapng'))));
  assert.equal(told(await replayed(place('probe.gz'))), told(await replayed(place('probe.pcapng'))));
});

test('an answer deleted from a trace is that one null, in whichever round it was asked', async () => {
  const blocks = blocksOf('fixtures/recordings/trace.pcapng');
  const before = untimed(await replayed('fixtures/recordings/trace.pcapng')) as HopEvent[];
  const sent = framesOf(blocks).filter(({ outbound }) => outbound);
  for (const round of [0, 1, 2]) {
    const third = sent.filter(({ bytes }) => bytes[8] === 3)[round]!; // the probes of ttl 3
    writeFileSync(place('less.pcapng'), joined(without(blocks, numberIn(third)!)));
    const after = untimed(await replayed(place('less.pcapng'))) as HopEvent[];
    const hop = before.find(({ position }) => position === 3)!;
    const rttMs = hop.rttMs.with(round, null);
    assert.equal(
      after,
      before.map((event) => (event === hop ? { ...hop, rttMs } : event)),
    );
  }
});

test('an answer deleted from a probe is one more lost of that hop', async () => {
  const blocks = blocksOf('fixtures/recordings/probe.pcapng');
  const before = of(await replayed('fixtures/recordings/probe.pcapng'), 'tally');
  const numbers = framesOf(blocks).flatMap((frame) => (frame.outbound ? [numberIn(frame)!] : []));
  for (const number of [numbers.at(-1)!, numbers.at(-80)!, numbers.at(-150)!]) {
    writeFileSync(place('less.pcapng'), joined(without(blocks, number)));
    const events = await replayed(place('less.pcapng'));
    assert.is(exitOf(events), 1);
    const changed = of(events, 'tally').filter((tally, index) => tally.received !== before[index]!.received);
    assert.is(changed.length, 1);
    const [after] = changed as [TallyEvent];
    const then = before.find(({ position }) => position === after.position)!;
    assert.equal([after.received, after.lost, after.unknown], [then.received - 1, then.lost + 1, 0]);
    assert.is(
      of(events, 'tally').reduce((sum, { lost }) => sum + lost, 0),
      1,
    );
  }
});

test('an answer that came later has that round trip, and no other has another', async () => {
  const blocks = blocksOf('fixtures/recordings/probe.pcapng');
  const frames = framesOf(blocks);
  const last = frames.findLast(({ outbound }) => outbound)!;
  const answer = frames.find((frame) => !frame.outbound && numberIn(frame) === numberIn(last))!;
  const rttMs = 200;
  const timeNs = last.timeNs + BigInt(rttMs) * 1_000_000n;
  const later = Buffer.from(answer.block.bytes);
  later.writeUInt32LE(Number(timeNs >> 32n), 12);
  later.writeUInt32LE(Number(timeNs & 0xffffffffn), 16);
  writeFileSync(place('later.pcapng'), joined(blocks.map((block) => (block === answer.block ? { ...block, bytes: later } : block))));
  const slow = of(await replayed(place('later.pcapng')), 'tally').filter((tally) => tally.rttMs!.max > rttMs * 0.99);
  assert.is(slow.length, 1);
  assert.ok(Math.abs(slow[0]!.rttMs!.max - rttMs) < rttMs * 0.01, `${slow[0]!.rttMs!.max} ms`);
});

test('an altered answer is no answer of that probe', async () => {
  const blocks = blocksOf('fixtures/recordings/probe.pcapng');
  const last = framesOf(blocks).findLast(({ outbound }) => !outbound)!;
  const altered = Buffer.from(last.block.bytes);
  altered[28 + last.bytes.length - 1]! ^= 1; // the last byte of its payload
  writeFileSync(place('altered.pcapng'), joined(blocks.map((block) => (block === last.block ? { ...block, bytes: altered } : block))));
  const lost = of(await replayed(place('altered.pcapng')), 'tally').map((tally) => tally.lost);
  assert.is(Math.max(...lost), 1);
  assert.is(
    lost.reduce((sum, one) => sum + one, 0),
    1,
  );
});

test('cut in the middle it says from when on it cannot know; nothing is lost, nothing is invented', async () => {
  const whole = readFileSync('fixtures/recordings/probe.pcapng');
  for (const share of [0.5, 0.7, 0.9]) {
    const cut = whole.subarray(0, Math.floor(whole.length * share));
    writeFileSync(place('cut.pcapng'), cut);
    const events = await replayed(place('cut.pcapng'));
    assert.ok(problems(events).includes('RECORDING_ENDS'));
    assert.is(exitOf(events), 5);
    assert.ok(of(events, 'end')[0]!.interrupted);
    const tallies = of(events, 'tally');
    assert.ok(tallies.length > 0);
    for (const { lost, sent, received, unknown } of tallies) {
      assert.is(lost, 0);
      assert.ok(sent - received - unknown <= 1 && sent < 40, `${sent} sent, ${received} received, ${unknown} unknown`);
    }
  }
});

test('cut anywhere, it is told without a stack, and never with exit 0', async () => {
  const whole = readFileSync('fixtures/recordings/trace.pcapng');
  for (let part = 0; part < 12; part += 1) {
    writeFileSync(place('torn.pcapng'), whole.subarray(0, Math.floor((whole.length * part) / 12)));
    const ran = await braceroute(['replay', place('torn.pcapng'), '--json']);
    assertNoStack(ran.stdout + ran.stderr);
    assert.ok([2, 5].includes(ran.code!), `${part}/12: exit ${ran.code}`);
    eventsOf(ran);
  }
});

/** As another program would have captured it: packets alone, and no direction told of them. */
function captured(name: string): string {
  const blocks = blocksOf(`fixtures/recordings/${name}.pcapng`);
  const frames = new Map(framesOf(blocks).map((frame) => [frame.block, frame]));
  const bare = blocks.flatMap((block) => {
    if (block.type === CUSTOM) return [];
    if (!frames.get(block)?.outbound) return [block];
    const flags = Buffer.from(block.bytes);
    flags.writeUInt32LE(0, flags.length - 12); // direction: not told
    return [{ ...block, bytes: flags }];
  });
  writeFileSync(place(`${name}.capture`), joined(bare));
  return place(`${name}.capture`);
}

const CUSTOM = 0xbad;
/** Round trips may differ by what lies between two looks at a clock. */
const untold = (events: readonly Event[]): object[] =>
  untimed(events.filter(({ type }) => type !== 'problem')).map((event) => ({ ...event, rttMs: null, interface: '', nextHop: '' }));

for (const name of ['trace', 'trace-ipv6-icmp', 'reverse', 'probe', 'probe-loss-home']) {
  test(`another program's capture of ${name} is told alike with the plan of the recording`, async () => {
    const run = await replayed(`fixtures/recordings/${name}.pcapng`);
    const events = await replayed(captured(name), '--plan', `fixtures/recordings/${name}.pcapng`);
    assert.equal(untold(events), untold(run));
    assert.is(exitOf(events), exitOf(run));
    assert.equal(problems(events), problems(run));
  });
}

for (const name of ['trace', 'trace-ipv6-icmp', 'reverse', 'between', 'probe', 'probe-ipv6', 'probe-loss-out']) {
  test(`without any plan ${name} has the same hops and counts, and that they are not proven is said`, async () => {
    const measured = (events: readonly Event[]): unknown[] =>
      events.flatMap((event) => {
        if (event.type === 'hop') return name.startsWith('probe') ? [] : [[event.position, event.address, event.rttMs.length]];
        if (event.type === 'tally') return [[event.position, event.address, event.sent, event.received, event.lost, event.errors]];
        return [];
      });
    const events = await replayed(captured(name));
    assert.equal(measured(events), measured(await replayed(`fixtures/recordings/${name}.pcapng`)));
    assert.ok(problems(events).includes('PLAN_REBUILT'));
  });
}

test('the events of a run are no plan, and what they lack is said', async () => {
  const { code, stderr } = await braceroute(['replay', captured('trace'), '--plan', 'fixtures/recordings/trace.jsonl']);
  assert.is(code, 2);
  assert.match(stderr, /trace\.jsonl holds events .* keys, its random bytes, routes and options.*--write/);
  assertNoStack(stderr);
});

test('what is no recording is refused: no file, an empty one, another kind, a capture without a probe of ours', async () => {
  writeFileSync(place('empty'), '');
  writeFileSync(place('words'), 'these are no packets, whatever they are called\n');
  const plain = readdirSync('fixtures/captures-plain').find((file) => file.endsWith('.pcap'))!;
  for (const file of [place('none'), place('empty'), place('words'), `fixtures/captures-plain/${plain}`]) {
    const { code, stderr } = await braceroute(['replay', file]);
    assert.is(code, 2, file);
    assert.match(stderr, file);
    assertNoStack(stderr);
  }
});

test('a file that cannot be written is refused before anything is sent; a full one ends the run', async () => {
  const line = ['--engine', 'simulated', '--read', topologyFile('line')];
  for (const file of [place('no/such/folder'), FOLDER, '/dev/full']) {
    const { code, stdout, stderr } = await braceroute(['trace', 'd', ...line, '--write', file]);
    assert.equal([code, stdout], [2, ''], file);
    assert.match(stderr, file);
    assertNoStack(stderr);
  }
});

test.run();
