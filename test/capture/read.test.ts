/** Reading files of other programs: each fixture has a twin that tshark wrote. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCapture } from '../../src/capture/capture.ts';
import type { CapturedPacket, Direction } from '../../src/capture/record.ts';
import { chunksOf, fixture, fixtures, readAll, twin } from './read.ts';

/** LINKTYPE_… of tshark's own numbers, as its wtap.h has them. */
const LINK_TYPES: Readonly<Record<string, number>> = { 1: 1, 7: 101 };

type Row = [string, string, string, string, string, string, string, string];
const DIRECTIONS: Readonly<Record<string, Direction>> = { '0x00000001': 'inbound', '0x00000002': 'outbound', 1: 'inbound', 2: 'outbound' };

const nanoseconds = (seconds: string): bigint => BigInt(seconds.replace('.', '') || '0');

function rowsOf(name: string): CapturedPacket[] {
  const lines = twin(name)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [time, length, , encapsulation, from, comment, direction, hex] = line.split('\t') as Row;
    return {
      kind: 'packet',
      bytes: Uint8Array.from(Buffer.from(hex, 'hex')),
      linkType: LINK_TYPES[encapsulation]!,
      timeNs: nanoseconds(time),
      originalLength: Number(length),
      interface: from === '' || from === 'unknown' ? null : from,
      comment: comment || null,
      direction: DIRECTIONS[direction] ?? null,
    };
  });
}

test('there is a capture of each kind', () => {
  assert.ok(fixtures.length >= 8, fixtures.join(', '));
});

for (const name of fixtures) {
  test(`${name} holds the packets that tshark sees in it`, async () => {
    const rows = rowsOf(name);
    assert.ok(rows.length >= 4);
    assert.equal(await readAll([fixture(name)]), rows);
  });

  test(`${name} reads the same one byte at a time`, async () => {
    const bytes = fixture(name);
    assert.equal(await readAll(chunksOf(bytes, 1)), await readAll([bytes]));
  });
}

test('chunks of any size, cut anywhere, hold the same packets', async () => {
  const files = fixtures.map((name) => ({ bytes: fixture(name), rows: rowsOf(name) }));
  const sizes = fc.array(fc.nat(90), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), sizes, async ({ bytes, rows }, sizes) => {
      function* chunks(): Generator<Uint8Array> {
        let at = 0;
        for (let i = 0; at < bytes.length; i += 1) {
          const size = sizes[i % sizes.length]! + (i % sizes.length === 0 ? 1 : 0); // empty chunks too, but not for ever
          yield bytes.slice(at, at + size);
          at += size;
        }
      }
      assert.equal(await readAll(chunks()), rows);
    }),
  );
});

test('an asynchronous source is closed when the reader of it stops early', async () => {
  let closed = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunksOf(fixture('us-little.pcap'), 200);
    } finally {
      closed = true;
    }
  }
  for await (const item of readCapture(source())) {
    assert.is(item.kind, 'packet');
    break;
  }
  assert.ok(closed);
});

test.run();
