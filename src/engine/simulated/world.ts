/** What all parts of a running simulation share. */
import type { Packet } from '../engine.ts';
import type { Agenda } from './agenda.ts';
import type { Family } from './header.ts';
import type { Network, Node, Port } from './network.ts';
import type { Limits } from './profile.ts';
import type { Random } from './random.ts';

export interface World {
  readonly network: Network;
  readonly agenda: Agenda<Arrival>;
  readonly random: Random;
  readonly limits: Limits;
  /** What one link takes besides its own delay: the work of the router before it. */
  readonly hopNs: number;
  /** The part of all packets that is held until those sent within `reorderNs` after it have gone. */
  readonly reorder: number;
  readonly reorderNs: number;
  /** The world's beginning; all else counts from it. */
  readonly startNs: bigint;
  nowNs: number;
  /** What came to the vantage and was not yet handed out. */
  captured: Packet[];
  /** Looks at what comes to the vantage before all else; true: it goes no further. Null: nobody does. */
  matcher: ((family: Family, packet: Uint8Array) => boolean) | null;
}

/**
 * A packet that comes to a port; one that waits there to be overtaken; one whose next neighbour was asked for in vain (with the
 * port it came by); one from the vantage to itself; or no packet, but something that the vantage does.
 */
export type Arrival =
  | ({ readonly atNs: number; readonly family: Family; readonly packet: Uint8Array } & (
      | { readonly kind: 'arrival' | 'unresolved'; readonly port: Port }
      | { readonly kind: 'held'; readonly port: Port; readonly inOrderNs: number }
      | { readonly kind: 'self' }
    ))
  | { readonly atNs: number; readonly kind: 'act'; readonly act: () => void };

export const nodeAt = ({ network }: World, port: Port): Node => network.nodes.get(port.node)!;
