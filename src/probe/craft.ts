/**
 * An itinerary to bytes, in two steps: once per itinerary a template with everything that stays, then per probe a copy with what
 * differs: IP IDs and their checksums, the identity, and the balance that keeps the transport's checksum at its planned value.
 */
import { familyOf } from '../wire/address.ts';
import { fold, onesSum } from '../wire/checksum.ts';
import { FAMILIES, type Family, UDP_PROTOCOL } from '../wire/family.ts';
import { setUint16 } from '../wire/fields.ts';
import { balance, writeIdentity } from '../wire/identity.ts';
import { IPV4_HEADER, writeIpv4 } from '../wire/ipv4.ts';
import { writeIpv6 } from '../wire/ipv6.ts';
import { CHECKSUM_AT, ECHO_HEADER, pseudoSum } from '../wire/transport.ts';
import { headersLength, type Itinerary, type Layer, smallestSize } from './itinerary.ts';
import { type Run, scatteredHalves } from './run.ts';

export interface Template {
  readonly bytes: Uint8Array;
  /** IPv4 layers: where the header stands, and its word sum with ID and checksum 0. */
  readonly ids: readonly { readonly at: number; readonly half: 0 | 1; readonly sum: number }[];
  readonly transportAt: number;
  readonly pseudoSum: number;
  /** Where the transport carries a half of the scattered sequence: UDP's checksum, or the echo's sequence field. */
  readonly half: { readonly at: number; readonly of: 0 | 1 };
}

const LARGEST_PACKET = 65_535;

/** Throws RangeError where a size, a ttl or a layer's pair of addresses cannot be. */
export function compile(itinerary: Itinerary): Template {
  const { layers, flow } = itinerary;
  const size = flow.size ?? smallestSize(layers);
  if (size < smallestSize(layers) || size > LARGEST_PACKET) {
    throw new RangeError(
      `A probe of ${layers.length} headers has ${smallestSize(layers)} to ${LARGEST_PACKET} bytes, got a size of ${size}`,
    );
  }
  const bytes = new Uint8Array(size);
  const transportAt = headersLength(layers);
  writeLayers(bytes, itinerary);
  writeTransport(bytes, transportAt, itinerary);
  return { bytes, ids: idsOf(bytes, layers), transportAt, ...transportPatch(itinerary, transportAt, size) };
}

function writeLayers(bytes: Uint8Array, { layers, flow }: Itinerary): void {
  let at = 0;
  const trafficClass = flow.dscp << 2;
  layers.forEach((layer, index) => {
    if (!(layer.ttl >= 1 && layer.ttl <= 255)) throw new RangeError(`A ttl is 1 to 255, got ${layer.ttl}`);
    const family = familyOfLayer(layer);
    const inner = layers[index + 1];
    const protocol = inner ? FAMILIES[familyOf(inner.destination)].nestedProtocol : transportProtocol(layer, flow.transport);
    const { source, destination, ttl } = layer; // to spread the layer would take longer than all else here
    const fields = {
      source,
      destination,
      ttl,
      protocol,
      trafficClass: layer.trafficClass ?? trafficClass,
      flowLabel: layer.flowLabel ?? flow.flowLabel,
      id: 0,
    };
    const payloadLength = bytes.length - at - family.headerLength;
    (family.number === 4 ? writeIpv4 : writeIpv6)(bytes, at, fields, payloadLength);
    at += family.headerLength;
  });
}

function familyOfLayer({ source, destination }: Layer): Family {
  if (familyOf(source) === familyOf(destination)) return FAMILIES[familyOf(destination)];
  throw new RangeError(`One header cannot go from ${source} to ${destination}: both must be of one family`);
}

const transportProtocol = (layer: Layer, transport: 'udp' | 'icmp'): number =>
  transport === 'udp' ? UDP_PROTOCOL : FAMILIES[familyOf(layer.destination)].icmpProtocol;

function writeTransport(bytes: Uint8Array, at: number, { layers, flow }: Itinerary): void {
  if (flow.transport === 'udp') {
    setUint16(bytes, at, flow.sourcePort);
    setUint16(bytes, at + 2, flow.destinationPort);
    setUint16(bytes, at + 4, bytes.length - at);
    return;
  }
  bytes[at] = FAMILIES[familyOf(layers.at(-1)!.destination)].icmp.echoRequest;
  // Some routers hash the first four bytes of any transport: an echo's checksum must not change within a flow (Paris traceroute).
  setUint16(bytes, at + CHECKSUM_AT.icmp, flow.destinationPort);
  setUint16(bytes, at + 4, flow.sourcePort);
}

function idsOf(bytes: Uint8Array, layers: readonly Layer[]): Template['ids'] {
  let at = 0;
  return layers.flatMap((layer, index) => {
    const header = at;
    const family = FAMILIES[familyOf(layer.destination)];
    at += family.headerLength;
    if (family.number === 6) return [];
    setUint16(bytes, header + 10, 0);
    return [{ at: header, half: (index % 2) as 0 | 1, sum: onesSum(bytes, header, header + IPV4_HEADER) }];
  });
}

function transportPatch({ layers, flow }: Itinerary, at: number, size: number): Pick<Template, 'pseudoSum' | 'half'> {
  const last = layers.at(-1)!;
  const sum = pseudoSum(last.source, last.destination, transportProtocol(last, flow.transport), size - at);
  const of = (layers.length % 2) as 0 | 1; // the transport goes on where the layers' alternation stopped
  return { pseudoSum: sum, half: { at: flow.transport === 'udp' ? at + CHECKSUM_AT.udp : at + 6, of } };
}

/** The bytes of probe `sequence`; the caller's to keep. */
export function craft(template: Template, run: Run, path: number, sequence: number, sentNs: bigint): Uint8Array {
  const bytes = copied(template.bytes);
  const halves = scatteredHalves(run, sequence);
  for (const { at, half, sum } of template.ids) {
    setUint16(bytes, at + 4, halves[half]);
    setUint16(bytes, at + 10, ~fold(sum + halves[half]) & 0xffff);
  }
  setUint16(bytes, template.half.at, halves[template.half.of]);
  const identityAt = template.transportAt + ECHO_HEADER;
  writeIdentity(bytes, identityAt, { run: run.number, path, sequence }, run.key, sentNs);
  balance(bytes, identityAt, template.transportAt, bytes.length, template.pseudoSum);
  return bytes;
}

const POOL = 1 << 16;
let pool = new Uint8Array(0);
let used = 0;

/** Memory of its own for each packet would take ten times as long as all else that is done for it. */
function copied(bytes: Uint8Array): Uint8Array {
  if (used + bytes.length > pool.length) {
    pool = new Uint8Array(POOL);
    used = 0;
  }
  const copy = pool.subarray(used, used + bytes.length);
  copy.set(bytes);
  used += bytes.length;
  return copy;
}

/** The total length of each layer, from the outside in: a quoted length tells which leg the probe was on. */
export function layerLengths(itinerary: Itinerary, size: number): readonly number[] {
  let left = size;
  return itinerary.layers.map((layer) => {
    const length = left;
    left -= FAMILIES[familyOf(layer.destination)].headerLength;
    return length;
  });
}
