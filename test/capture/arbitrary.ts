/** Random packets, as fast-check makes and shrinks them. */
import fc from 'fast-check';
import type { Direction, PacketRecord } from '../../src/capture/record.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });

/** Times that both kinds of file hold: 1970 to 2106. */
export const packets: fc.Arbitrary<PacketRecord[]> = fc.array(
  fc
    .record({
      bytes: fc.uint8Array({ maxLength: 300 }),
      cut: fc.nat(2000),
      timeNs: fc.bigInt({ min: 0n, max: (1n << 32n) * 1_000_000_000n - 1n }),
      comment: fc.option(text),
      direction: fc.constantFrom<(Direction | null)[]>('inbound', 'outbound', null),
    })
    .map(({ bytes, cut, timeNs, comment, direction }) => ({
      bytes: Uint8Array.from(bytes),
      linkType: 1,
      timeNs,
      originalLength: bytes.length + cut,
      interface: 'eth0',
      comment,
      direction,
    })),
  { maxLength: 12 },
);
