/** The engine of the real network: one libpcap handle on all interfaces, by which probes leave and answers come in. */
import { setImmediate as eventLoop } from 'node:timers/promises';
import { BeaconError } from '../../error.ts';
import { type Addon, loadAddon, type NativeBatch, type NativeSocket } from '../../host/addon.ts';
import { interfaces } from '../../host/interface.ts';
import { type HostRoute, routeTo } from '../../host/route.ts';
import { type Address, familyOf } from '../../wire/address.ts';
import { FAMILIES } from '../../wire/family.ts';
import { uint32 } from '../../wire/fields.ts';
import { LINK_TYPE } from '../../wire/link.ts';
import type { Disturbance, Engine, Packet, Route } from '../engine.ts';
import type { Spraying, SprayJob } from '../spray.ts';
import { copyFilter } from './copies.ts';
import { createElsewhere } from './elsewhere.ts';
import { explained } from './explained.ts';
import { CAPTURE_FILTER } from './filter.ts';
import { type ClockStep, type SteadyClock, steadyClock } from './steady-clock.ts';
import { clockTime, uplinkWatch } from './uplink-watch.ts';

export interface LiveOptions {
  /** The interface that probes leave by; null: the one of the route. */
  readonly interface: string | null;
  /** Our own source address; null: the one the kernel would take. */
  readonly source: Address | null;
  /** The next hop that probes leave by; null or left out: the kernel's. */
  readonly uplink?: Address | null;
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
/** Linux cooked v2 names the interface that a frame came in by. */
const COOKED_INTERFACE_AT = 4;
const NO_NEIGHBOUR = new Uint8Array(0);
/** An uplink that goes down is waited for this long: a run survives a cable that is moved. */
const DOWN_MS = 3000;
const OUTAGES: ReadonlySet<string | undefined> = new Set(['ENETDOWN', 'ENXIO', 'ENODEV']);

/** Nothing is awaited here: the kernel takes 15 ms to open the socket, and the first `route()` as long to find its way beside it. */
export function openLive(options: LiveOptions, addon: Addon = loadAddon()): Engine {
  const socket = newSocket(addon, options);
  let isOpen = false;
  const opened = activate(socket).then(() => {
    isOpen = true;
  });
  opened.catch(() => {}); // route() throws it
  const routes = new Map<Address, Promise<Route>>();
  const ways = new Map<Route, { found: HostRoute; neighbour: Uint8Array; etherType: number }>();
  const clock = steadyClock({ monotonicNs: addon.monotonicNs, aheadNs: addon.realtimeAheadNs });
  const watch = uplinkWatch(addon, clock.nowNs);
  let breathedMs = performance.now();
  const withoutCopies = copyFilter();
  const nameOf = createNames(addon);
  const elsewhere = createElsewhere((name) => watch.arrives(name, () => interfaces(addon)));
  let downSinceMs: number | null = null;
  let gaveUp = false;
  let wake = (): void => {};
  let closed = false;
  let isReleased = false; // the capture's place is a matcher's

  async function findRoute(destination: Address): Promise<Route> {
    const [found] = await Promise.all([routeTo(addon, destination, options), opened]);
    const { source, nextHop, nextHopMac, ways: wayCount } = found;
    const route: Route = { destination, interface: found.interface.name, source, nextHop, mtu: found.interface.mtu, ways: wayCount };
    ways.set(route, { found, neighbour: nextHopMac ?? NO_NEIGHBOUR, etherType: FAMILIES[familyOf(destination)].etherType });
    return route;
  }

  function send(route: Route, packets: readonly Uint8Array[]): number {
    refuseClosed('send()');
    const way = ways.get(route);
    if (way === undefined)
      throw new BeaconError('ERR_ENGINE', `This engine has no route to ${route.destination} of that kind: ask its route() first`);
    watch.leaves(way.found.interface, () => interfaces(addon));
    try {
      const taken = socket.send(way.found.interface.index, way.etherType, way.neighbour, packets);
      if (taken < packets.length) watch.refused();
      downSinceMs = null;
      return taken;
    } catch (error) {
      waitForUplink(error, route.interface);
      return 0;
    }
  }

  /** Throws once it has been down for too long, and what is no outage at once. */
  function waitForUplink(error: unknown, name: string): void {
    if (!OUTAGES.has((error as { code?: string }).code)) throw explained(error, name);
    const nowMs = performance.now();
    downSinceMs ??= nowMs;
    if (nowMs - downSinceMs <= DOWN_MS) return;
    gaveUp = true;
    const since = clockTime(clock.nowNs() - BigInt(Math.round((nowMs - downSinceMs) * 1e6)));
    throw new BeaconError('ERR_INTERFACE_DOWN', `The interface ${name} went down at ${since} and stayed down: ip link set ${name} up`, {
      cause: error,
    });
  }

  async function receive(untilNs: bigint): Promise<readonly Packet[]> {
    await opened;
    for (;;) {
      refuseClosed('receive()');
      if (performance.now() - breathedMs >= BREATH_MS) {
        await eventLoop();
        breathedMs = performance.now();
      }
      clock.look();
      const nowNs = clock.nowNs(); // before the look: what is stamped later may be missed by it
      const batch = socket.take(TAKE);
      if (batch !== null) {
        clock.look();
        const packets = withoutCopies(packetsOf(batch, socket.linkType(), clock, nameOf));
        if (packets.length > 0) return packets;
        continue; // an empty answer would say that the time is over
      }
      clock.drained();
      if (nowNs >= untilNs) return [];
      await readable(socket, Number(untilNs - nowNs) / 1e6, (done) => {
        wake = done;
      });
      breathedMs = performance.now();
    }
  }

  function drops(): number {
    if (closed || !(isOpen || isReleased)) return 0;
    watch.look();
    return (isReleased ? 0 : socket.dropped()) + watch.drops();
  }

  /** What comes home at rate is not for the capture: it would take a second of work for each second of packets. */
  async function spray(job: SprayJob): Promise<Spraying> {
    refuseClosed('spray()');
    const way = ways.get(job.route);
    if (way === undefined)
      throw new BeaconError('ERR_ENGINE', `This engine has no route to ${job.route.destination} of that kind: ask its route() first`);
    const [{ liveSpray }, { sprayHost }, { openTap }] = await Promise.all([
      import('./spray.ts'),
      import('./spray-host.ts'),
      import('./spray-tap.ts'),
    ]);
    const look = (): void => {
      clock.look();
      clock.drained();
      drops();
    };
    watch.leaves(way.found.interface, () => interfaces(addon));
    await opened;
    isOpen = false;
    await socket.close();
    isReleased = true;
    routes.clear(); // thousands of paths have thousands, and nothing goes by them any more
    ways.clear();
    ways.set(job.route, way);
    const tap = await openTap(addon, job, (batch, linkType) => packetsOf(batch, linkType, clock, nameOf));
    try {
      return await liveSpray(sprayHost(addon, way.found, { nowNs: clock.nowNs, look, tap }), job);
    } catch (error) {
      await tap.close();
      throw error;
    }
  }

  const disturbances = (): Disturbance[] => [...watch.outages(), ...clock.steps.map(stepped)];

  function refuseClosed(what: string): void {
    if (closed) throw new BeaconError('ERR_ENGINE', `${what} after close(): make a new engine`);
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    wake(); // whoever still waits is told
    await opened.catch(() => {}); // a handle that is being opened cannot be closed
    if (!isReleased) await socket.close();
  }

  return {
    name: 'live',
    can: { realTime: true, countDrops: true },
    nowNs: clock.nowNs,
    async route(destination) {
      refuseClosed('route()');
      const known = routes.get(destination) ?? findRoute(destination);
      routes.set(destination, known);
      return known;
    },
    send,
    receive,
    spray,
    drops,
    disturbances,
    heard: elsewhere.heard,
    notices: () => [...disturbances().filter(({ untilNs }) => untilNs !== null || !gaveUp), ...elsewhere.notices()],
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

function packetsOf({ bytes, ends, times }: NativeBatch, linkType: number, clock: SteadyClock, nameOf: Names): Packet[] {
  const packets: Packet[] = [];
  let from = 0;
  for (let i = 0; i < ends.length; i += 1) {
    const frame = bytes.subarray(from, ends[i]);
    const timeNs = clock.timeOf(times[i]!);
    const arrivedBy = linkType === LINK_TYPE.linuxCooked2 ? nameOf(uint32(frame, COOKED_INTERFACE_AT)) : undefined;
    packets.push(arrivedBy === undefined ? { bytes: frame, linkType, timeNs } : { bytes: frame, linkType, timeNs, arrivedBy });
    from = ends[i]!;
  }
  return packets;
}

/** The name of an interface by its number. */
export type Names = (index: number) => string | undefined;

/** Where one is new to us all are asked for again: it may have come up just now. */
export function createNames(addon: Addon): Names {
  const known = new Map<number, string | undefined>();
  return (index) => {
    if (!known.has(index)) {
      for (const one of interfaces(addon)) known.set(one.index, one.name);
      if (!known.has(index)) known.set(index, undefined); // gone again
    }
    return known.get(index);
  };
}

export const stepped = ({ fromNs, untilNs, byNs }: ClockStep): Disturbance => ({
  code: 'CLOCK_STEP',
  fromNs,
  untilNs,
  message: `The clock was set ${byNs < 0n ? 'back' : 'forward'} by ${Number(byNs < 0n ? -byNs : byNs) / 1e9} s at ${clockTime(untilNs)}: all times go on by the clock as it was`,
});
