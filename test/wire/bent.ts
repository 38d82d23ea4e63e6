/** Bytes such as strangers send: random ones, and known packets with some bytes changed, cut, or with others behind. */
import fc from 'fast-check';
import { allKnown } from './known.ts';

const packets = allKnown().map(({ bytes }) => bytes);
const change = fc.record({ at: fc.nat(200), value: fc.oneof(fc.nat(255), fc.constantFrom(0, 4, 6, 41, 44, 0x45, 0x60, 0xff)) });

const bentPacket = fc
  .record({
    packet: fc.constantFrom(...packets),
    changes: fc.array(change, { maxLength: 6 }),
    from: fc.oneof(fc.constant(0), fc.nat(60)),
    cut: fc.oneof(fc.constant(0), fc.nat(120)),
    behind: fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 60 })),
  })
  .map(({ packet, changes, from, cut, behind }) => {
    const bytes = Uint8Array.from([...packet.subarray(from, Math.max(from, packet.length - cut)), ...behind]);
    for (const { at, value } of changes) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });

export const bent: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
  bentPacket,
);
