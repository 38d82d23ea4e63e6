/** One way to send, or to send and match, for some seconds: what it cost and what came of it. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inPacketOrder, layOut } from '../src/engine/live/spray-layout.ts';
import { openMatcher } from '../src/engine/live/spray-matcher.ts';
import type { MatcherName, SenderName, TagMode } from '../src/engine/spray.ts';
import { loadAddon } from '../src/host/addon.ts';
import { interfaces } from '../src/host/interface.ts';
import { loadSenderAddon, type NativeSender, type NativeSenderCounters, SEND_OBJECT } from '../src/host/spray-native.ts';
import type { Itinerary } from '../src/probe/itinerary.ts';
import { newRun, type Run } from '../src/probe/run.ts';
import { sprayTemplate } from '../src/probe/spray-template.ts';
import { attach, dropped, FAR_MAC, inside, NEAR, NEAR_MAC, type Sink, seen, softInterruptNs } from './spray-veth.ts';

/** Bytes of a frame. */
export const FRAME = 106;
const LINK_HEADER = 14;

export interface Outcome {
  /** Of the sender, and of all threads that receive. */
  readonly cpuNs: number;
  readonly seconds: number;
  /** Packets that the sender says it sent. */
  readonly taken: number;
  /** Packets that the far end's program saw. */
  readonly seen: number;
  /** Packets that came home and were matched, once each; 0 where nobody matches. */
  readonly matched: number;
  /** Packets that the devices or the matcher say they dropped. */
  readonly dropped: number;
}

export const nsPerPacket = ({ cpuNs, seen }: Outcome): number => cpuNs / seen;
export const nsPerMatch = ({ cpuNs, matched }: Outcome): number => cpuNs / matched;
export const millions = ({ seen, seconds }: Outcome): number => seen / seconds / 1e6;

/** What `send` tells, with what the far end's program and the kernel's threads tell. */
export async function measured(sink: Sink, send: () => Promise<Omit<Outcome, 'seen'>>): Promise<Outcome> {
  attach(sink);
  const before = { seen: seen(), soft: softInterruptNs() };
  const sent = await send();
  await sleep(20); // what is under way arrives
  return { ...sent, cpuNs: sent.cpuNs + softInterruptNs() - before.soft, seen: seen() - before.seen };
}

/** The C loop that all ratios are to. */
export async function injectLoop(seconds: number, matches = false): Promise<Omit<Outcome, 'seen'>> {
  const argv = [NEAR, String(seconds), String(FRAME), ...(matches ? ['match'] : [])];
  const line = execFileSync(join(inside!, 'inject-loop'), argv, { encoding: 'utf8', maxBuffer: 1 << 20 });
  return { seconds, dropped: 0, ...JSON.parse(line) };
}

/** There by a header that the far end strips, and home. */
const ITINERARY: Itinerary = {
  layers: [
    { source: '10.99.0.1', destination: '10.99.0.2', ttl: 64 },
    { source: '10.99.0.1', destination: '10.99.0.1', ttl: 64 },
  ],
  flow: { transport: 'udp', sourcePort: 33434, destinationPort: 33435, dscp: 0, flowLabel: 0, size: FRAME - LINK_HEADER },
  landing: 1,
};
const macBytes = (mac: string): number[] => mac.split(':').map((byte) => Number.parseInt(byte, 16));
const linkHeader = (etherType: number): Uint8Array =>
  Uint8Array.from([...macBytes(FAR_MAC), ...macBytes(NEAR_MAC), etherType >> 8, etherType & 0xff]);

export interface Spray {
  readonly sender: SenderName;
  readonly tag: TagMode;
  readonly seconds: number;
  readonly perSecond?: number;
}

/** `realtimeAheadNs`: the matcher's too. */
export function openSender(
  { sender, tag, seconds, perSecond }: Spray,
  run: Run,
  realtimeAheadNs: number,
  device: string = NEAR,
): NativeSender {
  const { SpraySender } = loadSenderAddon();
  return new SpraySender({
    ...layOut(1, () => sprayTemplate(ITINERARY, run, []), linkHeader),
    sender,
    interface: device,
    queue: 0,
    object: SEND_OBJECT,
    values: inPacketOrder(new Uint16Array(8)),
    run: run.number,
    idKey: run.idKey,
    key: run.key,
    tag,
    realtimeAheadNs,
    count: null,
    perSecond: perSecond ?? null,
    rampNs: 0,
    durationNs: seconds * 1e9,
  });
}

export async function finished(sender: NativeSender): Promise<NativeSenderCounters> {
  while (!sender.counters().isFinished) await sleep(10);
  const counters = sender.counters();
  if (counters.error) throw counters.error;
  return counters;
}

export async function send(spray: Spray): Promise<Omit<Outcome, 'seen'>> {
  const sender = openSender(spray, newRun(), 0);
  sender.start();
  const { taken, cpuNs } = await finished(sender);
  sender.close();
  return { taken, cpuNs: cpuNs!, seconds: spray.seconds, matched: 0, dropped: 0 };
}

/** The processor time is this whole process's: sender, matcher, and who looks on. */
export async function sendAndMatch(spray: Spray, matcher: MatcherName): Promise<Omit<Outcome, 'seen'>> {
  const addon = loadAddon();
  const { index } = interfaces(addon).find(({ name }) => name === NEAR)!;
  const realtimeAheadNs = Number(addon.realtimeAheadNs());
  const run = newRun();
  const job = { matcher, interfaces: [{ name: NEAR, index, hasLinkHeader: true }], run, templates: 1, flows: 1, tag: spray.tag };
  const matching = openMatcher({ ...job, timeoutNs: 1e9, realtimeAheadNs, ring: 2 ** 26 });
  const sender = openSender(spray, run, realtimeAheadNs);
  const droppedBefore = dropped(); // the live sender's trial is over
  const before = process.cpuUsage();
  sender.start();
  const { taken } = await finished(sender);
  await sleep(50);
  const { user, system } = process.cpuUsage(before);
  const { received, beyond, dropped: lost } = matching.totals();
  sender.close();
  matching.close();
  return {
    taken,
    cpuNs: (user + system) * 1000,
    seconds: spray.seconds,
    matched: received,
    dropped: beyond + (lost ?? 0) + dropped() - droppedBefore,
  };
}
