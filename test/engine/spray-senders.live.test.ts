/**
 * The contract of the senders of a spray, each against kernel devices: every packet that arrives is byte for byte what `craft` builds
 * for its sequence, none is missing, and the peer's own counter agrees. The frames are captured by tcpdump on the peer.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCapture } from '../../src/capture/capture.ts';
import { cellOf } from '../../src/engine/spray-sequence.ts';
import { compile, craft } from '../../src/probe/craft.ts';
import { isSendable, newRun, type Run } from '../../src/probe/run.ts';
import { uint32 } from '../../src/wire/fields.ts';
import { balance, IDENTITY_LENGTH, MAGIC, readIdentity, readSentNs } from '../../src/wire/identity.ts';
import { rootMissing, skip } from '../skip.ts';
import { toHex } from '../wire/known.ts';
import {
  type Counters,
  inside,
  linkHeader,
  openSender,
  PEER,
  received,
  runInside,
  SENDERS,
  sentAll,
  takeRedirected,
} from './spray-sending.ts';
import { SHAPES, type Shape } from './spray-shapes.ts';

const COUNT = 200;
const TRIAL = 8; // frames that a live sender sends before it is believed
const PATIENCE_MS = 5000;

const reason = rootMissing();
if (reason) skip('the contract of the spray senders', reason);
else if (inside === null) await runInside(import.meta.url);
else await compareAll(join(inside, 'senders.pcap'));

interface Sent {
  readonly title: string;
  readonly shape: Shape;
  readonly run: Run;
  readonly counters: Counters;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  /** By the peer's own counter. */
  readonly arrived: number;
}

function nowNs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
}

async function send(sender: string, shape: Shape, title: string): Promise<Sent> {
  const run = { ...newRun(), idKey: shape.idKey };
  const fromNs = nowNs();
  const realtimeAheadNs = Number(fromNs - process.hrtime.bigint());
  const spray = openSender(sender, shape, run, { perSecond: 20_000, count: COUNT, realtimeAheadNs });
  const before = received();
  const counters = await sentAll(spray);
  return { title, shape, run, counters, fromNs, toNs: nowNs(), arrived: received() - before };
}

/** Ends by itself when it has seen so many frames; says when it listens. */
async function listening(capture: string, frames: number): Promise<ChildProcess> {
  const options = ['-i', 'peer0', '-w', capture, '-c', String(frames), '-B', '16384', '-Z', 'root'];
  const child = spawn('nsenter', [`--net=/run/netns/${PEER}`, 'tcpdump', ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise((resolve) => child.stderr!.once('data', resolve));
  return child;
}

/** The frames of each run, in the order that they came; where some are missing they are not waited for without end. */
async function captured(child: ChildProcess, capture: string): Promise<Map<number, Uint8Array[]>> {
  const closed = new Promise((resolve) => child.on('close', resolve));
  const enough = setTimeout(() => child.kill('SIGINT'), PATIENCE_MS);
  if (child.exitCode === null) await closed;
  clearTimeout(enough);
  const runs = new Map<number, Uint8Array[]>();
  for await (const item of readCapture([readFileSync(capture)])) {
    if (item.kind !== 'packet') continue;
    const run = runOf(item.bytes);
    if (run !== null) runs.set(run, [...(runs.get(run) ?? []), item.bytes]);
  }
  return runs;
}

function runOf(bytes: Uint8Array): number | null {
  for (let at = 0; at + IDENTITY_LENGTH <= bytes.length; at += 2) if (uint32(bytes, at) === MAGIC) return uint32(bytes, at + 8);
  return null;
}

/** The sequences that are sent, one after another. */
function sequencesOf({ shape, run }: Sent): number[] {
  const sequences: number[] = [];
  for (let next = shape.first; sequences.length < COUNT; next += 1) if (isSendable(run, next)) sequences.push(next);
  return sequences;
}

/** What `craft` makes of the sequence; the time is the packet's own word, since no one else knows it. */
function expected({ shape, run }: Sent, sequence: number, bytes: Uint8Array): string {
  const { itineraries, words } = shape;
  const cell = cellOf(sequence, { idKey: run.idKey, templates: itineraries.length, flows: words.length });
  const plan = itineraries[cell % itineraries.length]!;
  const template = compile(shape.changed(plan, Math.floor(cell / itineraries.length)));
  const link = linkHeader(shape, plan.layers[0]!.destination.includes(':') ? 0x86dd : 0x0800);
  const identityAt = template.transportAt + 8;
  const packet = craft(template, run, cell, sequence, readSentNs(bytes, link.length + identityAt));
  if (shape.tag === 'none' || (shape.tag === 'sampled' && sequence % 64 !== 0)) {
    packet.fill(0, identityAt + 20, identityAt + 28);
    packet.fill(0, identityAt + 6, identityAt + 8);
    balance(packet, identityAt, template.transportAt, packet.length, template.pseudoSum);
  }
  return toHex(Uint8Array.from([...link, ...packet]));
}

function identityIn(bytes: Uint8Array): { readonly at: number; readonly sequence: number } {
  let at = 0;
  while (uint32(bytes, at) !== MAGIC) at += 2;
  return { at, sequence: readIdentity(bytes, at, bytes.length)!.sequence };
}

async function compareAll(capture: string): Promise<void> {
  takeRedirected(true);
  const shapes = Object.entries(SHAPES);
  const tcpdump = await listening(capture, shapes.length * (SENDERS.length * COUNT + TRIAL));
  const all: Sent[] = [];
  for (const sender of SENDERS) for (const [name, shape] of shapes) all.push(await send(sender, shape, `${sender}: ${name}`));
  const frames = await captured(tcpdump, capture);
  for (const sent of all) {
    test(`${sent.title}: what arrives is what craft makes, each sequence once, in order`, () => {
      const arrived = frames.get(sent.run.number) ?? [];
      assert.equal(
        arrived.map((bytes) => identityIn(bytes).sequence),
        sequencesOf(sent),
      );
      for (const bytes of arrived) {
        const { at, sequence } = identityIn(bytes);
        const wanted = expected(sent, sequence, bytes);
        assert.is(toHex(bytes), wanted);
        const sentNs = readSentNs(bytes, at);
        assert.ok(sentNs >= sent.fromNs - 1_000_000n && sentNs <= sent.toNs + 1_000_000n, `sent at ${sentNs}`);
      }
    });
    test(`${sent.title}: its counts are the peer's`, () => {
      const { taken, next, error, deviceDrops } = sent.counters;
      assert.is(error, null);
      assert.is(taken, COUNT);
      assert.is(deviceDrops, 0);
      assert.is(sequencesOf(sent).filter((sequence) => sequence < next).length, COUNT);
      assert.is(sent.arrived, COUNT);
    });
  }
  test.run();
}
