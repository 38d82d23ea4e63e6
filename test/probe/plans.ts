/** Plans, questions and wrapped answers for the tests of this room, without an engine's help. */
import fc from 'fast-check';
import type { Engine, Packet, Route } from '../../src/engine/engine.ts';
import type { Itinerary, Layer } from '../../src/probe/itinerary.ts';
import { type Question, question } from '../../src/probe/question.ts';
import { newRun, type Run } from '../../src/probe/run.ts';
import { type Address, type FamilyNumber, familyOf } from '../../src/wire/address.ts';
import { checksum, onesSum } from '../../src/wire/checksum.ts';
import { FAMILIES } from '../../src/wire/family.ts';
import { setUint16, setUint32 } from '../../src/wire/fields.ts';
import { writeIpv4 } from '../../src/wire/ipv4.ts';
import { writeIpv6 } from '../../src/wire/ipv6.ts';
import { LINK_TYPE } from '../../src/wire/link.ts';
import { pseudoSum } from '../../src/wire/transport.ts';

export const A4 = '192.0.2.1';
export const A6 = '2001:db8::1';
export const R4 = ['198.51.100.1', '198.51.100.2', '198.51.100.3'] as const;
export const R6 = ['2001:db8:1::1', '2001:db8:2::1', '2001:db8:3::1'] as const;

export const FLOW: Itinerary['flow'] = { transport: 'udp', sourcePort: 33433, destinationPort: 33434, dscp: 0, flowLabel: 0, size: null };

export const ourAddress = (destination: Address): Address => (familyOf(destination) === 4 ? A4 : A6);

/** A plan over these destinations, all from us; it comes home where the last one is us. */
export function itinerary(destinations: readonly Address[], flow: Partial<Itinerary['flow']> = {}, ttl = 2): Itinerary {
  const layers = destinations.map((destination): Layer => ({ source: ourAddress(destination), destination, ttl }));
  return { layers, flow: { ...FLOW, ...flow }, landing: destinations.at(-1) === ourAddress(destinations.at(-1)!) ? 1 : 0 };
}

/** A seeded run: what `newRun` asks for, counted up from a number. */
export const runFrom = (seed: number): Run => newRun((length) => Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7 + 1) & 0xff));

const routeTo = (destination: Address, mtu: number): Route => ({
  destination,
  interface: 'test0',
  source: ourAddress(destination),
  nextHop: destination,
  mtu,
});

/** All that `question` wants of an engine. */
export const routing = (mtu = 65_535): Engine => ({ route: async (destination: Address) => routeTo(destination, mtu) }) as Engine;

export const asked = (plan: Itinerary, path = 0): Promise<Question> => question(routing(), plan, path);

export const raw = (bytes: Uint8Array, timeNs = 0n): Packet => ({ bytes, linkType: LINK_TYPE.raw, timeNs });

/** An IP packet of one header. */
export function ipPacket(source: Address, destination: Address, protocol: number, payload: Uint8Array, ttl = 60): Uint8Array {
  const { number, headerLength } = FAMILIES[familyOf(source)];
  const bytes = new Uint8Array(headerLength + payload.length);
  const fields = { trafficClass: 0, flowLabel: 0, id: 0x7777, ttl, protocol, source, destination };
  (number === 4 ? writeIpv4 : writeIpv6)(bytes, 0, fields, payload.length);
  bytes.set(payload, headerLength);
  return bytes;
}

export interface Icmp {
  readonly type: number;
  readonly code?: number;
  readonly rest?: number;
}

/** An ICMP message to `to`, with its checksum. */
export function icmpPacket(from: Address, to: Address, { type, code = 0, rest = 0 }: Icmp, body: Uint8Array): Uint8Array {
  const family = FAMILIES[familyOf(from)];
  const message = new Uint8Array(8 + body.length);
  message[0] = type;
  message[1] = code;
  setUint32(message, 4, rest);
  message.set(body, 8);
  const sum = onesSum(message, 0, message.length, pseudoSum(from, to, family.icmpProtocol, message.length));
  setUint16(message, 2, ~sum & 0xffff);
  return ipPacket(from, to, family.icmpProtocol, message);
}

/** The time exceeded that a router of the quoted packet's family sends us about it. */
export function expired(quote: Uint8Array, from?: Address): Uint8Array {
  const family: FamilyNumber = quote[0]! >> 4 === 6 ? 6 : 4;
  const router = from ?? (family === 4 ? R4[0] : R6[0]);
  return icmpPacket(router, ourAddress(router), { type: FAMILIES[family].icmp.timeExceeded }, quote);
}

/** The packet as it is after `count` routers took their header off, the outermost header's ttl then being `ttl`. */
export function unwrapped(probe: Uint8Array, plan: Itinerary, count: number, ttl?: number): Uint8Array {
  const headers = plan.layers.slice(0, count).reduce((sum, layer) => sum + FAMILIES[familyOf(layer.destination)].headerLength, 0);
  const bytes = probe.slice(headers);
  if (ttl === undefined) return bytes;
  const family = FAMILIES[familyOf(plan.layers[count]!.destination)];
  bytes[family.at.ttl] = ttl;
  if (family.number === 4) {
    setUint16(bytes, 10, 0);
    setUint16(bytes, 10, checksum(bytes, 0, 20));
  }
  return bytes;
}

const destination = fc.constantFrom(...R4, ...R6, A4, A6);

/** Plans of one to six headers of either family, of either transport, some padded. */
export const itineraries: fc.Arbitrary<Itinerary> = fc
  .record({
    destinations: fc.array(destination, { minLength: 1, maxLength: 6 }),
    transport: fc.constantFrom('udp', 'icmp'),
    dscp: fc.nat(63),
    flowLabel: fc.nat(0xfffff),
    sourcePort: fc.nat(0xffff),
    destinationPort: fc.nat(0xffff),
    ttl: fc.integer({ min: 1, max: 255 }),
    padded: fc.option(fc.nat(300)),
  })
  .map(({ destinations, transport, padded, ttl, ...flow }) => {
    const plain = itinerary(destinations, { ...flow, transport: transport as 'udp' | 'icmp' }, ttl);
    return padded === null ? plain : { ...plain, flow: { ...plain.flow, size: smallest(destinations) + padded } };
  });

const smallest = (destinations: readonly Address[]): number =>
  destinations.reduce((sum, one) => sum + (familyOf(one) === 4 ? 20 : 40), 8 + 36);

export const runs: fc.Arbitrary<Run> = fc.uint8Array({ minLength: 24, maxLength: 24 }).map((bytes) => newRun(() => Uint8Array.from(bytes)));
