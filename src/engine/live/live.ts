/** The engine of the real network: one libpcap handle on all interfaces, by which probes leave and answers come in. */
import { setImmediate as eventLoop } from 'node:timers/promises';
import { BeaconError } from '../../error.ts';
import { type Addon, loadAddon, type NativeBatch, type NativeSocket } from '../../host/addon.ts';
import { type HostRoute, routeTo } from '../../host/route.ts';
import { type Address, familyOf } from '../../wire/address.ts';
import { FAMILIES } from '../../wire/family.ts';
import type { Engine, Packet, Route } from '../engine.ts';
import { copyFilter } from './copies.ts';
import { explained } from './explained.ts';
import { CAPTURE_FILTER } from './filter.ts';

export interface LiveOptions {
  /** The interface that probes leave by; null: the one of the route. */
  readonly interface: string | null;
  /** Our own source address; null: the one the kernel would take. */
  readonly source: Address | null;
  /** Bytes of the largest IP packet that may come home. */
  readonly largest: number;
  /** Bytes of the kernel's ring, which holds what arrives while we are busy; 32 MB (about 8,000 answers) where left out. */
  readonly bufferBytes?: number;
}

const BUFFER_BYTES = 32 << 20;
/** The largest answer is an ICMPv6 error of 1280 bytes. */
const LEAST_SNAP_LENGTH = 1536;
const LARGEST_LINK_HEADER = 64;
/** Packets taken in one look. */
const TAKE = 512;
/** A busy receiver still lets signals and timers run this often. */
const BREATH_MS = 10;
/** setTimeout's longest step is 24 days; this one wakes often enough and costs nothing. */
const LONGEST_SLEEP_MS = 60_000;
const NO_NEIGHBOUR = new Uint8Array(0);

/** Nothing is awaited here: the kernel takes 15 ms to open the socket, and the first `route()` as long to find its way beside it. */
export function openLive(options: LiveOptions): Engine {
  const addon = loadAddon();
  const socket = newSocket(addon, options);
  let isOpen = false;
  const opened = activate(socket).then(() => {
    isOpen = true;
  });
  opened.catch(() => {}); // route() throws it
  const routes = new Map<Address, Promise<Route>>();
  const ways = new Map<Route, { found: HostRoute; neighbour: Uint8Array; etherType: number }>();
  let breathedMs = Date.now();
  const withoutCopies = copyFilter();
  let wake = (): void => {};
  let closed = false;

  async function findRoute(destination: Address): Promise<Route> {
    const [found] = await Promise.all([routeTo(addon, destination, options), opened]);
    const { source, nextHop, nextHopMac } = found;
    const route: Route = { destination, interface: found.interface.name, source, nextHop, mtu: found.interface.mtu };
    ways.set(route, { found, neighbour: nextHopMac ?? NO_NEIGHBOUR, etherType: FAMILIES[familyOf(destination)].etherType });
    return route;
  }

  function send(route: Route, packets: readonly Uint8Array[]): number {
    refuseClosed('send()');
    const way = ways.get(route);
    if (way === undefined)
      throw new BeaconError('ERR_ENGINE', `This engine has no route to ${route.destination} of that kind: ask its route() first`);
    try {
      return socket.send(way.found.interface.index, way.etherType, way.neighbour, packets);
    } catch (error) {
      throw explained(error, route.interface);
    }
  }

  async function receive(untilNs: bigint): Promise<readonly Packet[]> {
    await opened;
    for (;;) {
      refuseClosed('receive()');
      if (Date.now() - breathedMs >= BREATH_MS) {
        await eventLoop();
        breathedMs = Date.now();
      }
      const nowNs = addon.realtimeNs(); // before the look: what is stamped later may be missed by it
      const batch = socket.take(TAKE);
      if (batch !== null) {
        const packets = withoutCopies(packetsOf(batch, socket.linkType()));
        if (packets.length > 0) return packets;
        continue; // an empty answer would say that the time is over
      }
      if (nowNs >= untilNs) return [];
      await readable(socket, Number(untilNs - nowNs) / 1e6, (done) => {
        wake = done;
      });
      breathedMs = Date.now();
    }
  }

  function refuseClosed(what: string): void {
    if (closed) throw new BeaconError('ERR_ENGINE', `${what} after close(): make a new engine`);
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    wake(); // whoever still waits is told
    await opened.catch(() => {}); // a handle that is being opened cannot be closed
    await socket.close();
  }

  return {
    name: 'live',
    can: { realTime: true, countDrops: true },
    nowNs: () => addon.realtimeNs(),
    async route(destination) {
      refuseClosed('route()');
      const known = routes.get(destination) ?? findRoute(destination);
      routes.set(destination, known);
      return known;
    },
    send,
    receive,
    drops: () => (isOpen && !closed ? socket.dropped() : 0),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const newSocket = (addon: Addon, { largest, bufferBytes = BUFFER_BYTES }: LiveOptions): NativeSocket => {
  const snapLength = Math.max(LEAST_SNAP_LENGTH, largest) + LARGEST_LINK_HEADER;
  return new addon.PcapSocket({ filter: CAPTURE_FILTER, snapLength, bufferBytes });
};

async function activate(socket: NativeSocket): Promise<void> {
  try {
    await socket.activate();
  } catch (error) {
    throw explained(error, 'capture');
  }
}

/** Resolves when packets wait or the time is over. A timer's step is a millisecond: less than that is not slept, but looked again. */
function readable(socket: NativeSocket, waitMs: number, waiting: (done: () => void) => void): Promise<void> {
  if (waitMs < 1) return eventLoop();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      socket.unwatch();
      resolve();
    };
    const timer = setTimeout(done, Math.min(waitMs, LONGEST_SLEEP_MS));
    socket.watch(done);
    waiting(done);
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
