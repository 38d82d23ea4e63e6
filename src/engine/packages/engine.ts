/** An engine over one of the npm packages: routes and clock are those of `live`, frames are the package's. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconError } from '../../error.ts';
import { type Addon, loadAddon } from '../../host/addon.ts';
import { type Interface, interfaces } from '../../host/interface.ts';
import { ownMac } from '../../host/own-mac.ts';
import { type HostRoute, routeTo } from '../../host/route.ts';
import { type Address, familyOf } from '../../wire/address.ts';
import { FAMILIES } from '../../wire/family.ts';
import { setUint16 } from '../../wire/fields.ts';
import { ETHERNET_HEADER } from '../../wire/link.ts';
import type { Disturbance, Engine, Packet, Route } from '../engine.ts';
import { CAPTURE_FILTER } from '../live/filter.ts';
import { type LiveOptions, stepped } from '../live/live.ts';
import { steadyClock } from '../live/steady-clock.ts';
import { uplinkWatch } from '../live/uplink-watch.ts';
import type { Handle, HandleOptions, OpenHandle } from './handle.ts';
import { LIMITS, limitText, type PackageName } from './limits.ts';
import { standingDisturbances, unheardInterfaces } from './unheard.ts';

export interface PackageEngine {
  readonly name: PackageName;
  readonly countDrops: boolean;
  readonly open: OpenHandle;
}

const BUFFER_BYTES = 32 << 20;
/** The largest answer is an ICMPv6 error of 1280 bytes. */
const LEAST_SNAP_LENGTH = 1536;
const LARGEST_LINK_HEADER = 64;
/** setTimeout's longest step is 24 days; this one wakes often enough and costs nothing. */
const LONGEST_SLEEP_MS = 60_000;
const LOOPBACK = 'lo';
const NO_MAC = new Uint8Array(6);

interface Way {
  readonly found: HostRoute;
  readonly handle: Handle;
  /** What stands before each packet on that way. */
  readonly linkHeader: Uint8Array;
}

export function openPackageEngine(kind: PackageEngine, options: LiveOptions, addon: Addon = loadAddon()): Engine {
  const clock = steadyClock({ monotonicNs: addon.monotonicNs, aheadNs: addon.realtimeAheadNs });
  const watch = uplinkWatch(addon, clock.nowNs);
  const beganNs = clock.nowNs();
  const routes = new Map<Address, Promise<Route>>();
  const ways = new Map<Route, Way>();
  const opening = new Map<string, Promise<Handle>>();
  const handles = new Map<string, Handle>();
  let wake = (): void => {};
  let dropped = 0;
  let closed = false;

  const handleOptions = (device: string, mac: Uint8Array): HandleOptions => ({
    device,
    filter: filterFor(device, mac),
    snapLength: Math.max(LEAST_SNAP_LENGTH, options.largest) + LARGEST_LINK_HEADER,
    bufferBytes: options.bufferBytes ?? BUFFER_BYTES,
    clock,
    wake: () => wake(),
    refused: watch.refused,
  });

  function handleFor(device: string, mac: Uint8Array): Promise<Handle> {
    const known = opening.get(device) ?? kind.open(handleOptions(device, mac));
    opening.set(device, known);
    return known;
  }

  async function findRoute(destination: Address): Promise<Route> {
    const found = await routeTo(addon, destination, options);
    const { name, mtu } = found.interface;
    const mac = macOf(kind.name, found.interface);
    const handle = await handleFor(name, mac);
    handles.set(name, handle);
    const route: Route = { destination, interface: name, source: found.source, nextHop: found.nextHop, mtu, ways: found.ways };
    ways.set(route, { found, handle, linkHeader: linkHeader(found, mac, FAMILIES[familyOf(destination)].etherType) });
    return route;
  }

  function send(route: Route, packets: readonly Uint8Array[]): number {
    refuseClosed('send()');
    const way = ways.get(route);
    if (way === undefined)
      throw new BeaconError('ERR_ENGINE', `This engine has no route to ${route.destination} of that kind: ask its route() first`);
    watch.leaves(way.found.interface, () => interfaces(addon));
    return way.handle.send(packets.map((packet) => Buffer.concat([way.linkHeader, packet])));
  }

  async function receive(untilNs: bigint): Promise<readonly Packet[]> {
    for (;;) {
      refuseClosed('receive()');
      clock.look();
      const nowNs = clock.nowNs();
      const isOver = nowNs >= untilNs;
      if (isOver) await Promise.all([...handles.values()].map((handle) => handle.settle()));
      refuseClosed('receive()');
      const packets = taken();
      if (packets.length > 0) return packets;
      if (isOver) {
        clock.drained();
        return [];
      }
      await waken(Number(untilNs - nowNs) / 1e6);
    }
  }

  function taken(): Packet[] {
    const all = [...handles].flatMap(([arrivedBy, handle]) =>
      handle.take().map(({ bytes, timeNs }) => ({ bytes, linkType: handle.linkType, timeNs, arrivedBy })),
    );
    return handles.size < 2 ? all : all.sort((one, other) => (one.timeNs < other.timeNs ? -1 : 1));
  }

  /** Resolves when something can be taken or the time is over. */
  async function waken(waitMs: number): Promise<void> {
    const over = new AbortController();
    wake = () => over.abort();
    await sleep(Math.min(Math.max(waitMs, 0), LONGEST_SLEEP_MS), undefined, { signal: over.signal }).catch(() => {});
    wake = () => {};
  }

  function drops(): number {
    if (!closed) watch.look();
    const now = watch.drops() + [...handles.values()].reduce((sum, handle) => sum + handle.drops(), 0);
    dropped = Math.max(dropped, now);
    return dropped;
  }

  function disturbances(): Disturbance[] {
    const unheard = unheardInterfaces(interfaces(addon), [...handles.keys()]);
    const standing = handles.size === 0 ? [] : standingDisturbances(kind.name, kind.countDrops, unheard, beganNs);
    return [...standing, ...watch.outages(), ...clock.steps.map(stepped)];
  }

  function refuseClosed(what: string): void {
    if (closed) throw new BeaconError('ERR_ENGINE', `${what} after close(): make a new engine`);
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    wake(); // whoever still waits is told
    const opened = await Promise.allSettled(opening.values());
    await Promise.all(opened.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
  }

  return {
    name: kind.name,
    can: { realTime: true, countDrops: kind.countDrops },
    nowNs: clock.nowNs,
    async route(destination) {
      refuseClosed('route()');
      const known = routes.get(destination) ?? findRoute(destination);
      routes.set(destination, known);
      return known;
    },
    send,
    receive,
    drops,
    disturbances,
    notices: disturbances,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Our own address there; loopback has Ethernet headers too, with no addresses in them. */
function macOf(name: PackageName, device: Interface): Uint8Array {
  if (device.hasNeighbours) return ownMac(device.name);
  if (device.name === LOOPBACK) return NO_MAC;
  throw new BeaconError('ERR_ENGINE', `The engine ${name} ${limitText(LIMITS[name].links)}; ${device.name} has none: use --engine live`);
}

/**
 * Neither package leaves out what we send ourselves; libpcap does on loopback. Its word `inbound` would lose the first packets: those
 * that come while a filter is installed are filtered outside the kernel, where no packet has a direction.
 */
const filterFor = (device: string, mac: Uint8Array): string =>
  device === LOOPBACK
    ? CAPTURE_FILTER
    : `not ether src ${Buffer.from(mac).toString('hex').replace(/..\B/g, '$&:')} and (${CAPTURE_FILTER})`;

function linkHeader({ nextHopMac }: HostRoute, mac: Uint8Array, etherType: number): Uint8Array {
  const header = new Uint8Array(ETHERNET_HEADER);
  header.set(nextHopMac ?? NO_MAC, 0);
  header.set(mac, NO_MAC.length);
  setUint16(header, 2 * NO_MAC.length, etherType);
  return header;
}
