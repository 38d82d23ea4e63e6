/** The door to a network: packets out, packets in, and the only clock there is. */
import type { Address } from '../wire/address.ts';
import type { Spraying, SprayJob } from './spray.ts';

export type EngineName = 'live' | 'pcap' | 'cap' | 'simulated' | 'replay';

/**
 * One user at a time. Time is nanoseconds since 1970 on whatever clock stamps the packets; in a simulated network it moves only
 * inside `receive`. Every engine runs test/engine/contract.ts.
 */
export interface Engine extends AsyncDisposable {
  readonly name: EngineName;
  readonly can: Can;
  nowNs(): bigint;
  /**
   * The way that a packet to this destination leaves us by; remembered for the engine's life.
   * Throws BeaconError ERR_NO_ROUTE, ERR_INTERFACE_DOWN or ERR_NEXT_HOP.
   */
  route(destination: Address): Promise<Route>;
  /** Sends whole IP packets in order, and says how many it took from the first on: fewer when a queue is full. Never waits. */
  send(route: Route, packets: readonly Uint8Array[]): number;
  /** The time that a probe made now should say it was sent at; left out where that is `nowNs()`. */
  sendingNs?(): bigint;
  /** Of the packet that was taken last; left out where the caller's clock tells as much. */
  lastSent?(): Sent;
  /**
   * Waits for packets until the clock passes `untilNs`. An empty answer says: the clock is at least there, and every packet
   * stamped before it has been handed out. The bytes are the caller's to keep.
   */
  receive(untilNs: bigint): Promise<readonly Packet[]>;
  /**
   * Sends templates at a rate and counts what comes home; from then on nothing else is asked of this engine but `nowNs`, `drops`,
   * `disturbances` and `close`. Left out where it cannot. Throws BeaconError.
   */
  spray?(job: SprayJob): Promise<Spraying>;
  /** Packets lost by this machine, on their way in or out, since the engine opened; only ever grows. */
  drops(): number;
  /** What befell this machine itself so far, oldest first; left out where nothing can. */
  disturbances?(): readonly Disturbance[];
  /** Is told of a packet that proved to be an answer and came in by another interface than its probe left by. */
  heard?(packet: Packet, route: Route): void;
  /** What a user should know of the run beside its results, disturbances among it. */
  notices?(): readonly Notice[];
  close(): Promise<void>;
}

export interface Sent {
  /** When it went. */
  readonly timeNs: bigint;
  /** The probe number that a recording has it under; null: it is not recorded, so what became of it cannot be known. */
  readonly sequence?: number | null;
}

export interface Notice {
  readonly code:
    | 'INTERFACE_DOWN'
    | 'CLOCK_STEP'
    | 'OTHER_UPLINK'
    | 'DROPS_UNCOUNTED'
    | 'INTERFACE_UNHEARD'
    | 'RECORDING_ENDS'
    | 'NOT_RECORDED'
    | 'PLAN_REBUILT'
    | 'SAMPLED';
  readonly message: string;
}

/** A span in which silence proves nothing, such as one in which the uplink was down. */
export interface Disturbance extends Notice {
  readonly fromNs: bigint;
  /** null: it goes on. */
  readonly untilNs: bigint | null;
}

export interface Can {
  /** Its clock is the world's: waiting takes time. False in a network that is only computed. */
  readonly realTime: boolean;
  /** `drops()` counts; where it cannot, silence is never proof. */
  readonly countDrops: boolean;
}

/** How packets to a destination leave. */
export interface Route {
  readonly destination: Address;
  readonly interface: string;
  /** Our own address on that way. */
  readonly source: Address;
  /** The neighbour that takes them; the destination itself where it is on the link. */
  readonly nextHop: Address;
  /** Bytes of the largest IP packet on the first link. */
  readonly mtu: number;
  /** Among how many next hops this machine's own packets to there are spread; 1 where that is left out. */
  readonly ways?: number;
}

/** A received packet as it was captured, link header and all. */
export interface Packet {
  readonly bytes: Uint8Array;
  /** As in capture files (LINKTYPE_…). */
  readonly linkType: number;
  readonly timeNs: bigint;
  /** The interface it came in by; left out where the capture does not tell. */
  readonly arrivedBy?: string;
}
