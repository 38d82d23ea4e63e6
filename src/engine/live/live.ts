/** The engine of the real network: frames leave through libpcap, answers come through one capture of all interfaces. */
import { setImmediate as eventLoop } from 'node:timers/promises';
import { type HostRoute, routeTo } from '../../host/route.ts';
import type { Address } from '../../wire/address.ts';
import type { Engine, Packet, Route } from '../engine.ts';
import { type Addon, explained, loadAddon, type NativeBatch, type NativeCapture } from './addon.ts';
import { CAPTURE_FILTER } from './filter.ts';
import { linkHeader, openUplink, type Uplink } from './uplink.ts';

export interface LiveOptions {
  /** The interface that probes leave by; null: the one of the route. */
  readonly interface: string | null;
  /** Our own source address; null: the one the kernel would take. */
  readonly source: Address | null;
  /** Bytes of the largest IP packet that may come home. */
  readonly largest: number;
}

/** libpcap's pseudo-device for every interface that is up, also those that come up later. */
const ALL_INTERFACES = 'any';
const BUFFER_BYTES = 32 << 20;
/** The largest header that a capture puts before a packet. */
const LARGEST_LINK_HEADER = 64;
const TAKE = 512;
/** A busy receiver still lets signals and timers run this often. */
const BREATH_MS = 10;
/** setTimeout's shortest and longest steps; what is due sooner is awaited by looking again. */
const LONGEST_SLEEP_MS = 60_000;

export async function openLive(options: LiveOptions): Promise<Engine> {
  const addon = loadAddon();
  const capture = openCapture(addon, options);
  const linkType = capture.linkType();
  const uplinks = new Map<string, Uplink>();
  const routes = new Map<Address, Route>();
  const headers = new Map<Route, { header: Uint8Array; uplink: Uplink }>();
  let breathedMs = Date.now();
  let closed = false;

  async function uplinkOf(name: string): Promise<Uplink> {
    const uplink = uplinks.get(name) ?? (await openUplink(addon, name));
    uplinks.set(name, uplink);
    return uplink;
  }

  async function route(destination: Address): Promise<Route> {
    const known = routes.get(destination);
    if (known !== undefined) return known;
    const found: HostRoute = await routeTo(destination, options);
    const uplink = await uplinkOf(found.interface);
    const made: Route = { destination, ...found, mtu: uplink.device.mtu };
    headers.set(made, { header: await linkHeader(uplink, found), uplink });
    routes.set(destination, made);
    return made;
  }

  function send(by: Route, packets: readonly Uint8Array[]): number {
    const way = headers.get(by);
    if (closed || way === undefined)
      throw new Error(`This engine has no open route to ${by.destination}: ask route() first, send before close()`);
    try {
      return way.uplink.injector.send(way.header, packets);
    } catch (error) {
      throw explained(error, by.interface);
    }
  }

  async function receive(untilNs: bigint): Promise<readonly Packet[]> {
    for (;;) {
      if (Date.now() - breathedMs >= BREATH_MS) {
        await eventLoop();
        breathedMs = Date.now();
      }
      const nowNs = addon.realtimeNs(); // before the look: what is stamped later may be missed by it
      const batch = capture.take(TAKE);
      if (batch !== null) return packetsOf(batch, linkType);
      if (nowNs >= untilNs) return [];
      await readable(capture, Number(untilNs - nowNs) / 1e6);
      breathedMs = Date.now();
    }
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    capture.close();
    for (const { injector } of uplinks.values()) injector.close();
  }

  return {
    name: 'live',
    can: { realTime: true, countDrops: true },
    nowNs: () => addon.realtimeNs(),
    route,
    send,
    receive,
    drops: () => capture.dropped(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function openCapture(addon: Addon, options: LiveOptions): NativeCapture {
  const snapLength = Math.max(2048, options.largest + LARGEST_LINK_HEADER);
  try {
    return new addon.Capture(ALL_INTERFACES, { filter: CAPTURE_FILTER, snapLength, bufferBytes: BUFFER_BYTES });
  } catch (error) {
    throw explained(error, ALL_INTERFACES);
  }
}

/** Resolves when packets wait or the time is over. A timer's step is a millisecond: less than that is not slept, but looked again. */
function readable(capture: NativeCapture, waitMs: number): Promise<void> {
  if (waitMs < 1) return eventLoop();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      capture.unwatch();
      resolve();
    };
    const timer = setTimeout(done, Math.min(waitMs, LONGEST_SLEEP_MS));
    capture.watch(done);
  });
}

function packetsOf({ bytes, ends, times }: NativeBatch, linkType: number): Packet[] {
  const packets: Packet[] = [];
  let from = 0;
  for (let i = 0; i < ends.length; i += 1) {
    packets.push({ bytes: bytes.subarray(from, ends[i]), linkType, timeNs: times[i]! });
    from = ends[i]!;
  }
  return packets;
}
