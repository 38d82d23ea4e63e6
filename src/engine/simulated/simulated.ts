/** The engine of a network that is only computed: routers on raw bytes, virtual time, and chance from a seed. */
import { setImmediate as eventLoop } from 'node:timers/promises';
import { BeaconError } from '../../error.ts';
import type { Names } from '../../host/names.ts';
import type { Behaviour, HashPolicy } from '../../topology/behaviour.ts';
import type { Counters } from '../../topology/counters.ts';
import type { Fault } from '../../topology/fault.ts';
import type { Topology } from '../../topology/topology.ts';
import type { Address } from '../../wire/address.ts';
import type { Engine, Packet, Route } from '../engine.ts';
import { agenda } from './agenda.ts';
import { setBehaviour } from './behave.ts';
import { cross, mtuOf } from './crossing.ts';
import { advance } from './events.ts';
import { countersOf, setFault } from './faults.ts';
import { FAMILIES } from './header.ts';
import { simulatedNames } from './names.ts';
import { network, type Port, setRoutes } from './network.ts';
import { LIMITS } from './profile.ts';
import { random } from './random.ts';
import { simulatedSpray } from './spray.ts';
import { type Uplink, uplinkTo } from './uplink.ts';
import type { World } from './world.ts';

export interface SimulatedOptions {
  /** The same seed, the same run. */
  readonly seed?: number;
  /** Nanoseconds since 1970 at which the simulation begins. */
  readonly startNs?: bigint;
  /** What each link takes besides its own delay; 50 µs where left out, about what the lab's links take. */
  readonly hopNs?: number;
  /** The part of all packets that is held until those sent within `reorderMs` after it have gone: 0 and 1 where left out. */
  readonly reorder?: number;
  readonly reorderMs?: number;
  /** How all routers choose among equal ways; as the topology says where left out. */
  readonly hashPolicy?: HashPolicy;
}

export interface Simulated extends Engine {
  readonly topology: Topology;
  readonly names: Names;
  /**
   * Replaces what is wrong with the packets that `from` sends into a link; null: both ends. `clear` restores the link. Counters of
   * that direction begin anew. `down` takes both ends. Throws BeaconError ERR_USAGE for a stranger.
   */
  fault(link: string, from: string | null, fault: Fault | 'down' | 'clear'): void;
  /** Replaces what a router does besides forwarding; `clear`: what the topology says. Throws BeaconError ERR_USAGE for a stranger. */
  behave(node: string, behaviour: Behaviour | 'clear'): void;
  /** The routers' tables become those of a topology of the same nodes and links, with other costs: routes change. */
  reroute(topology: Topology): void;
  counters(): Counters;
}

const DEFAULTS = { seed: 1, startNs: 1_767_225_600_000_000_000n, hopNs: 50_000, reorder: 0, reorderMs: 1 } as const;
/** Waiting that needs no waiting still lets signals and timers run, once in so many calls. */
const BREATH = 64;

export function simulated(topology: Topology, options: SimulatedOptions = {}): Simulated {
  const world = worldOf(hashedBy(topology, options.hashPolicy), { ...DEFAULTS, ...options });
  const uplinks = new Map<Address, Uplink>();
  const ports = new Map<Route, Port | null>();
  let calls = 0;
  let closed = false;

  async function route(destination: Address): Promise<Route> {
    open('route()');
    const known = uplinks.get(destination);
    const uplink = known && isCurrent(known) ? known : uplinkTo(world.network, destination);
    uplinks.set(destination, uplink);
    ports.set(uplink.route, uplink.port);
    return uplink.route;
  }

  function send(by: Route, packets: readonly Uint8Array[]): number {
    open('send()');
    const port = ports.get(by);
    if (port === undefined)
      throw new BeaconError('ERR_ENGINE', `This engine has no route to ${by.destination} of that kind: ask its route() first`);
    for (const packet of packets) leave(world, by, port, packet);
    return packets.length;
  }

  async function receive(untilNs: bigint): Promise<readonly Packet[]> {
    open('receive()');
    calls += 1;
    if (calls % BREATH === 0) await eventLoop();
    while (!advance(world, Number(untilNs - world.startNs))) await eventLoop();
    const packets = world.captured;
    world.captured = [];
    return packets;
  }

  function open(what: string): void {
    if (closed) throw new BeaconError('ERR_ENGINE', `${what} after close(): make a new engine`);
  }

  async function close(): Promise<void> {
    closed = true;
  }

  return {
    name: 'simulated',
    can: { realTime: false, countDrops: true },
    topology,
    names: simulatedNames(topology),
    nowNs: () => world.startNs + BigInt(world.nowNs),
    route,
    send,
    receive,
    spray: async (job) =>
      simulatedSpray(world, job, {
        leave: (packet) => void send(job.route, [packet]),
        async pass(untilNs) {
          const captured: Packet[] = [];
          while (world.startNs + BigInt(world.nowNs) < untilNs) captured.push(...(await receive(untilNs)));
          return captured;
        },
      }),
    drops: () => 0,
    fault: (link, from, fault) => setFault(world.network, link, from, fault, world.random.word),
    behave: (node, behaviour) => setBehaviour(world.network, node, behaviour),
    reroute: (other) => setRoutes(world.network, other),
    counters: () => countersOf(world.network),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const hashedBy = (topology: Topology, hashPolicy: HashPolicy | undefined): Topology =>
  hashPolicy === undefined
    ? topology
    : { ...topology, nodes: topology.nodes.map((node) => ({ ...node, behaviour: { ...node.behaviour, hashPolicy } })) };

function worldOf(topology: Topology, { seed, startNs, hopNs, reorder, reorderMs }: Required<Omit<SimulatedOptions, 'hashPolicy'>>): World {
  const chance = random(seed);
  return {
    network: network(topology, chance),
    agenda: agenda(),
    random: chance,
    limits: LIMITS[topology.profile],
    hopNs,
    reorder,
    reorderNs: reorderMs * 1e6,
    startNs,
    nowNs: 0,
    captured: [],
    matcher: null,
  };
}

/** A fault may have changed the first link's MTU since it was asked for. */
const isCurrent = ({ route, port }: Uplink): boolean => port === null || route.mtu === mtuOf(port.out);

/** A copy goes: the caller may use its bytes again, and routers change theirs. */
function leave(world: World, { destination, mtu: known }: Route, port: Port | null, packet: Uint8Array): void {
  const mtu = port === null ? known : mtuOf(port.out);
  if (packet.length > mtu)
    throw new BeaconError(
      'ERR_MTU',
      `A packet of ${packet.length} bytes to ${destination} is above the first link's MTU of ${mtu}: send at most that`,
    );
  const copy = new Uint8Array(packet); // slice() of a Buffer would not copy
  const family = FAMILIES[packet[0]! >> 4 === 6 ? 6 : 4];
  if (port !== null) cross(world, port, family, copy);
  else world.agenda.enter({ atNs: world.nowNs + world.hopNs, kind: 'self', family, packet: copy });
}
