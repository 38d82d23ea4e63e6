/** What no packet tells is recorded too: names, whenever they come; our addresses; random bytes; files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unpack } from 'msgpackr';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { traceCommand } from '../../src/cli/commands/trace.ts';
import type { Network } from '../../src/cli/network.ts';
import { recordedNetwork } from '../../src/cli/recorded-network.ts';
import { session, sessionOn } from '../../src/cli/session.ts';
import { simulatedNetwork } from '../../src/cli/simulated-network.ts';
import { readRecorded } from '../../src/engine/replay/recorded.ts';
import type { Event } from '../../src/report/event.ts';
import { fixture } from '../lab/raised.ts';
import { braceroute, eventsOf, of, simulated } from './command.ts';
import { blocksOf } from './recordings.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'braceroute-'));
process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
const file = join(FOLDER, 'run.pcapng');

const OPTIONS = { count: 2, timeout: 1, maxHops: 30, firstHop: 1, port: 33_434, dscp: 0 };
const SIGNAL = new AbortController().signal;

/** The messages of a recording, read by the published parts alone: pcapng, the length before the content, MessagePack. */
const messagesOf = (path: string): { kind: string; [field: string]: unknown }[] =>
  blocksOf(path).flatMap(({ type, bytes }) =>
    type === 0xbad && bytes.readUInt32LE(8) === 32_473 ? [unpack(bytes.subarray(16, 16 + bytes.readUInt32BE(12)))] : [],
  );

const collecting = (into: Event[]): { event(event: Event): void; close(): void } => ({
  event: (event) => into.push(event),
  close: () => {},
});

async function recordedTrace(names: (network: Network) => Network['names']): Promise<Event[]> {
  const network = simulatedNetwork(fixture('line', 'names'));
  const events: Event[] = [];
  const call = { command: 'trace', words: ['d'], options: OPTIONS };
  const recording = await recordedNetwork({ ...network, names: names(network) }, { write: file, call }, SIGNAL);
  await using _ = recording.engine;
  await sessionOn(recording, traceCommand('d', OPTIONS), collecting(events), SIGNAL);
  assert.is(recording.finish!(), null);
  return events;
}

async function replayedTrace(): Promise<Event[]> {
  const events: Event[] = [];
  const options = { engine: 'replay', interface: 'any', answers: 'few', recorded: readRecorded(file) } as const;
  await session(options, Promise.resolve(traceCommand('d', OPTIONS)), collecting(events), SIGNAL);
  return events;
}

const unnamed = (events: readonly Event[]): object[] => events.map((event) => (event.type === 'start' ? { ...event, engine: '' } : event));

test('a name that came too late for its line comes too late again, and one that came after all does not', async () => {
  const slow: Readonly<Record<string, number>> = { '10.0.0.2': 200, '10.0.1.2': 400, '10.0.2.2': 1_500 };
  let waits = 0;
  const live = await recordedTrace(({ names }) => ({
    ...names,
    async name(address) {
      await sleep(slow[address] ?? 0);
      return names.name(address);
    },
    async patience(delayMs) {
      waits += 1;
      await sleep(waits === 3 ? 2 * delayMs : delayMs); // the third line is told when the second's name is there
      return undefined;
    },
  }));
  assert.equal(
    of(live, 'hop').map(({ name }) => name !== null),
    [true, false, false, true],
  );
  assert.equal(
    of(live, 'name').map(({ address }) => address),
    ['10.0.1.2'],
  );
  assert.equal(unnamed(await replayedTrace()), unnamed(live));
});

test('the plan comes first: what was called, the run and its key, and the bytes that they came of', async () => {
  await recordedTrace(({ names }) => names);
  const [plan, ...others] = messagesOf(file);
  assert.is(plan!.kind, 'plan');
  assert.equal([plan!.beacon, plan!.command, plan!.words, plan!.options], [1, 'trace', ['d'], OPTIONS]);
  const run = plan!.run as { number: number; key: Buffer; idKey: number };
  const random = plan!.random as Buffer;
  assert.equal([run.number, run.idKey], [random.readUInt32BE(0), random.readUInt32BE(20)]);
  assert.equal(Uint8Array.from(run.key), Uint8Array.from(random.subarray(4, 20)));
  assert.is(others.at(-1)!.kind, 'end');
  assert.not.ok(others.some(({ kind }) => kind === 'plan'));
});

test('what --map held is in the recording: the file may be gone when it is replayed', async () => {
  const map = join(FOLDER, 'map.yaml');
  writeFileSync(map, readFileSync('docs/map.md', 'utf8').match(/```ya?ml\n([\s\S]*?)```/)?.[1] ?? '');
  const argv = ['trace', 'd', '--map', map, '--write', file, '--json'];
  const live = eventsOf(await simulated('line', argv));
  rmSync(map);
  assert.equal(unnamed(eventsOf(await braceroute(['replay', file, '--json']))), unnamed(live));
});

test.run();
