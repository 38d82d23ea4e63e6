/** A probe as a plan: the headers it wears from the outside in, and what the innermost carries. */
import { type Address, familyOf } from '../wire/address.ts';
import { FAMILIES } from '../wire/family.ts';
import { IDENTITY_LENGTH } from '../wire/identity.ts';
import { UDP_HEADER } from '../wire/transport.ts';

export interface Layer {
  readonly source: Address;
  readonly destination: Address;
  /** IPv4's ttl, IPv6's hop limit: 1–255. */
  readonly ttl: number;
  /** DSCP and ECN of this header, where they are not the flow's: a scan marks one header to see what becomes of it. */
  readonly trafficClass?: number;
  /** IPv6's label of this header, where it is not the flow's: a spray changes it between two hops alone. */
  readonly flowLabel?: number;
}

export interface Itinerary {
  readonly layers: readonly Layer[];
  readonly flow: Flow;
  /** Layers that are left when the probe lands at home; 0 where it is not meant to come home. */
  readonly landing: number;
}

/** What routers may hash besides addresses: constant within a flow. */
export interface Flow {
  readonly transport: 'udp' | 'icmp';
  /** UDP's source port, or the echo's identifier. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** 0–63, on every layer; ECN stays Not-ECT, since a mark on an outer header alone gets packets dropped (RFC 6040). */
  readonly dscp: number;
  /** IPv6 only; 20 bits. */
  readonly flowLabel: number;
  /** Bytes of the whole IP packet on the first link; null: as small as it gets. */
  readonly size: number | null;
}

/** The ttl of a header whose way is of a length that is not known, or not to be held to one. */
export const FAR = 64;

/** UDP's and the echo's header are equally long. */
const TRANSPORT_HEADER = UDP_HEADER;

export const headersLength = (layers: readonly Layer[]): number =>
  layers.reduce((sum, layer) => sum + FAMILIES[familyOf(layer.destination)].headerLength, 0);

export const smallestSize = (layers: readonly Layer[]): number => headersLength(layers) + TRANSPORT_HEADER + IDENTITY_LENGTH;
