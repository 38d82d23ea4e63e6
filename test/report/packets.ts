/** Random packets of nested IP headers with UDP, ICMP and quotes within: right in their lengths, anything in their fields. */
import fc from 'fast-check';
import { onesSum } from '../../src/wire/checksum.ts';

const word = fc.nat(0xffff);

interface Header {
  readonly family: 4 | 6;
  readonly fields: Uint8Array;
  /** Its checksum, and that of a transport right under it, are right. */
  readonly right: boolean;
}

const header: fc.Arbitrary<Header> = fc.record({
  family: fc.constantFrom<(4 | 6)[]>(4, 4, 6),
  fields: fc.uint8Array({ minLength: 40, maxLength: 40 }),
  right: fc.boolean(),
});

const stack = fc.array(header, { minLength: 1, maxLength: 6 });
const payload = fc.uint8Array({ maxLength: 60 });

const udp: fc.Arbitrary<Body> = fc.record({ source: word, destination: word, data: payload }).map(({ source, destination, data }) => {
  const bytes = new Uint8Array(8 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, source);
  view.setUint16(2, destination);
  view.setUint16(4, bytes.length);
  bytes.set(data, 8);
  return { kind: 'udp', bytes, checksumAt: 6 };
});

interface Body {
  readonly kind: 'udp' | 'icmp' | 'other';
  readonly bytes: Uint8Array;
  readonly checksumAt: number;
}

const echo: fc.Arbitrary<Body> = fc.record({ isReply: fc.boolean(), rest: word, data: payload }).map(({ isReply, rest, data }) => {
  const bytes = new Uint8Array(8 + data.length);
  bytes[0] = isReply ? 255 : 254; // told apart by family when the packet is put together
  new DataView(bytes.buffer).setUint16(4, rest);
  bytes.set(data, 8);
  return { kind: 'icmp', bytes, checksumAt: 2 };
});

const other: fc.Arbitrary<Body> = payload.map((bytes) => ({ kind: 'other', bytes, checksumAt: -1 }));

const stacked = fc.record({ headers: stack, body: fc.oneof({ weight: 3, arbitrary: udp }, echo, other) });

const plain: fc.Arbitrary<Uint8Array> = stacked.map(({ headers, body }) => packetOf(headers, body));

/** Kinds of both families that quote; codes that say nothing of lengths. */
const error = fc
  .record({
    outer: header,
    kind: fc.nat(3),
    code: fc.nat(15),
    rest: word,
    quoted: stacked,
    kept: fc.constantFrom(28, 48, 60, 128, 548, 4000),
  })
  .map(({ outer, kind, code, rest, quoted, kept }) => {
    const [first, ...inner] = quoted.headers as [Header, ...Header[]];
    const about = packetOf([{ ...first, family: outer.family }, ...inner], quoted.body); // a router speaks of its own family's packets
    const quote = about.subarray(0, outer.family === 4 && kind === 2 ? 28 : kept); // tshark reads one header of a redirect's quote
    const bytes = new Uint8Array(8 + quote.length);
    bytes[0] = outer.family === 4 ? [3, 11, 5, 12][kind]! : [1, 3, 2, 4][kind]!;
    bytes[1] = code;
    new DataView(bytes.buffer).setUint16(6, rest);
    bytes.set(quote, 8);
    return packetOf([outer], { kind: 'icmp', bytes, checksumAt: 2 });
  });

export const packets: fc.Arbitrary<Uint8Array> = fc.oneof({ weight: 2, arbitrary: plain }, error);

function packetOf(headers: readonly Header[], body: Body): Uint8Array {
  const last = headers.at(-1)!;
  const bytes = Uint8Array.from(body.bytes);
  if (body.kind === 'icmp' && bytes[0]! >= 254) bytes[0] = last.family === 4 ? (bytes[0] === 255 ? 0 : 8) : bytes[0] === 255 ? 129 : 128;
  const protocol = body.kind === 'udp' ? 17 : body.kind === 'other' ? 253 : last.family === 4 ? 1 : 58;
  let packet = wrapped(last, protocol, bytes, body.checksumAt);
  for (const outer of headers.slice(0, -1).reverse()) packet = wrapped(outer, packet[0]! >> 4 === 4 ? 4 : 41, packet, -1);
  return packet;
}

function wrapped(head: Header, protocol: number, body: Uint8Array, checksumAt: number): Uint8Array {
  const length = head.family === 4 ? 20 : 40;
  const packet = new Uint8Array(length + body.length);
  packet.set(head.fields.subarray(0, length));
  packet.set(body, length);
  const view = new DataView(packet.buffer);
  if (head.family === 4) {
    packet[0] = 0x45;
    view.setUint16(2, packet.length);
    view.setUint16(6, packet[6]! & 0x40 ? 0x4000 : 0);
    packet[9] = protocol;
    view.setUint16(10, 0);
    if (head.right) view.setUint16(10, ~onesSum(packet, 0, 20) & 0xffff);
    else view.setUint16(10, head.fields[10]! * 257);
  } else {
    packet[0] = 0x60 | (packet[0]! & 0x0f);
    view.setUint16(4, body.length);
    packet[6] = protocol;
    packet[8] = 0x20; // neither mapped nor multicast: tshark has its own words for those
    packet[24] = 0x20;
  }
  if (checksumAt >= 0) transport(packet, length, protocol, checksumAt, head);
  return packet;
}

function transport(packet: Uint8Array, at: number, protocol: number, checksumAt: number, { family, right, fields }: Header): void {
  const view = new DataView(packet.buffer);
  view.setUint16(at + checksumAt, 0);
  const addresses = family === 4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  const pseudo = protocol === 1 ? 0 : onesSum(addresses) + protocol + packet.length - at;
  const sum = ~onesSum(packet, at, packet.length, pseudo) & 0xffff;
  view.setUint16(at + checksumAt, right ? (protocol === 17 && sum === 0 ? 0xffff : sum) : fields[0]! * 256 + fields[1]!);
}
