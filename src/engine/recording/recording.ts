/**
 * The engine that wraps another and records what passes through it. Its clock moves only where a packet is sent or `receive` returns, and
 * `receive` hands out what is stamped before its deadline and nothing later: so the stamps and the order of the packets in the file
 * tell all that a replay needs to call the same code with the same answers at the same times.
 */
import { BeaconError } from '../../error.ts';
import { LINK_TYPE } from '../../wire/link.ts';
import type { Disturbance, Engine, Packet, Route } from '../engine.ts';
import type { Spraying, SprayJob } from '../spray.ts';
import type { Failure } from './message.ts';
import { sampledNotice, sprayTape } from './spraying.ts';
import { ANY, type RecordingWriter } from './writer.ts';

/** Packets that came after a deadline are looked through this often for earlier ones; more come only in a flood. */
const MOST_LOOKS = 64;

export interface RecordingEngine extends Engine {
  /** The run was interrupted, now. */
  interrupted(): void;
  /** The drop counter as it was last, also when the engine is closed. */
  dropped(): number;
}

/** `startNs`: of the plan. */
export function recordingEngine(inner: Engine, writer: RecordingWriter, startNs: bigint): RecordingEngine {
  const routes = new Set<Route>();
  let clockNs = startNs;
  let sentNs = startNs;
  let waitsUntilNs: bigint | null = null;
  let held: Packet[] = [];
  let after: 'sent' | 'received' = 'sent'; // which kind of packet was recorded last
  let emptyNs = -1n; // the last deadline that passed in vain, since a packet was sent
  let dropped = inner.drops();
  let disturbed = '';
  let sampled: string | null = null;

  const sinceStart = (timeNs: bigint): number => Number(timeNs - startNs);

  async function route(destination: string): Promise<Route> {
    try {
      const found = await inner.route(destination);
      if (!routes.has(found)) writer.message({ kind: 'route', destination, atNs: sinceStart(clockNs), route: found });
      routes.add(found);
      return found;
    } catch (error) {
      writer.message({ kind: 'route', destination, atNs: sinceStart(clockNs), error: failureOf(error) });
      throw error;
    }
  }

  function send(by: Route, packets: readonly Uint8Array[]): number {
    let taken = 0;
    for (const packet of packets) {
      const nowNs = inner.nowNs();
      if (!takes(by, packet)) break;
      sentNs = nowNs > clockNs ? nowNs : clockNs;
      clockNs = sentNs;
      writer.packet('outbound', by.interface, LINK_TYPE.raw, packet, sentNs);
      after = 'sent';
      emptyNs = -1n;
      taken += 1;
    }
    return taken;
  }

  function takes(by: Route, packet: Uint8Array): boolean {
    try {
      const took = inner.send(by, [packet]) === 1;
      if (!took) writer.message({ kind: 'refused', error: null });
      return took;
    } catch (error) {
      writer.message({ kind: 'refused', error: failureOf(error) });
      throw error;
    }
  }

  async function receive(askedNs: bigint): Promise<readonly Packet[]> {
    const untilNs = askedNs > clockNs ? askedNs : clockNs;
    waitsUntilNs = untilNs;
    try {
      const packets = await dueBy(untilNs);
      if (packets.length > 0) recorded(packets);
      else {
        clockNs = untilNs;
        emptyNs = untilNs;
      }
      return packets;
    } catch (error) {
      writer.message({ kind: 'failed', error: failureOf(error) });
      throw error;
    } finally {
      waitsUntilNs = null;
    }
  }

  /** An empty answer of the inner engine says that none earlier will come. */
  async function dueBy(untilNs: bigint): Promise<readonly Packet[]> {
    let due = held.length === 0 ? [] : held.filter(({ timeNs }) => timeNs <= untilNs);
    if (due.length > 0) held = held.filter(({ timeNs }) => timeNs > untilNs);
    for (let looks = 0; due.length === 0 && looks < MOST_LOOKS; looks += 1) {
      const packets = await inner.receive(untilNs);
      if (packets.length === 0) break;
      if (packets.every(({ timeNs }) => timeNs <= untilNs)) return packets;
      due = packets.filter(({ timeNs }) => timeNs <= untilNs);
      held.push(...packets.filter(({ timeNs }) => timeNs > untilNs));
    }
    return due;
  }

  function recorded(packets: readonly Packet[]): void {
    if (after === 'received' || packets[0]!.timeNs <= emptyNs) writer.message({ kind: 'batch', atNs: sinceStart(clockNs) });
    after = 'received';
    for (const { bytes, linkType, timeNs, arrivedBy = ANY } of packets) {
      writer.packet('inbound', arrivedBy, linkType, bytes, timeNs);
      if (timeNs > clockNs) clockNs = timeNs;
    }
  }

  function drops(): number {
    const now = inner.drops();
    if (now !== dropped) writer.message({ kind: 'drops', atNs: sinceStart(clockNs), dropped: now });
    dropped = now;
    return now;
  }

  function disturbances(): readonly Disturbance[] {
    const all = inner.disturbances?.() ?? [];
    const text = all.map(({ code, fromNs, untilNs }) => `${code} ${fromNs} ${untilNs}`).join();
    if (text !== disturbed) writer.message({ kind: 'disturbances', atNs: sinceStart(clockNs), disturbances: all });
    disturbed = text;
    return all;
  }

  async function spray(job: SprayJob): Promise<Spraying> {
    const moved = (timeNs: bigint): void => {
      if (timeNs > clockNs) clockNs = timeNs;
    };
    const tape = sprayTape(job, { writer, nowNs: inner.nowNs, moved, sinceStart });
    const spraying = await inner.spray!(tape.job);
    sampled = sampledNotice(tape.job.sample!.every, spraying.matcher);
    return tape.recorded(spraying);
  }

  async function close(): Promise<void> {
    dropped = Math.max(dropped, inner.drops());
    await inner.close();
  }

  return {
    name: inner.name,
    can: inner.can,
    nowNs: () => clockNs,
    route,
    send,
    sendingNs: inner.nowNs,
    lastSent: () => ({ timeNs: sentNs }),
    receive,
    ...(inner.spray !== undefined && { spray }),
    drops,
    disturbances,
    heard: (packet, by) => inner.heard?.(packet, by),
    notices() {
      const notices = [...(inner.notices?.() ?? []), ...(sampled === null ? [] : [{ code: 'SAMPLED', message: sampled } as const])];
      if (notices.length > 0) writer.message({ kind: 'notices', notices: notices.map(({ code, message }) => ({ code, message })) });
      return notices;
    },
    interrupted() {
      const nowNs = inner.nowNs();
      const atNs = waitsUntilNs !== null && nowNs > waitsUntilNs ? waitsUntilNs : nowNs;
      writer.message({ kind: 'interrupted', atNs: sinceStart(atNs) });
    },
    dropped: () => dropped,
    close,
    [Symbol.asyncDispose]: close,
  };
}

export const failureOf = (error: unknown): Failure =>
  error instanceof BeaconError ? { code: error.code, message: error.message } : { code: 'ERR_BUG', message: String(error) };
