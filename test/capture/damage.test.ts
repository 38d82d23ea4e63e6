// limit: 120 s
/** Files that are torn, nonsense or none at all: one damage at the end with its offset, and all that came before it. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { interfaceBlock, packetBlock, pcapngHeader } from '../../src/capture/pcapng-write.ts';
import type { CaptureItem } from '../../src/capture/record.ts';
import { chunksOf, fixture, fixtures, joined, packet, readAll } from './read.ts';

const LIMIT = 16 * 1024 * 1024;

/** A packet of the fixture ends here, by draft-ietf-opsawg-pcap: 24 bytes, then records of 16 and 68, 70, 126 and 119. */
const ENDS = [24, 108, 194, 336, 471];

function damaged(items: readonly CaptureItem[], packetCount: number, offset: number, reason: RegExp): void {
  assert.is(
    items.length,
    packetCount + 1,
    JSON.stringify(items, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
  );
  const last = items.at(-1)!;
  if (last.kind !== 'damage') throw new Error(`the last item is a ${last.kind}`);
  assert.is(last.offset, offset);
  assert.match(last.reason, reason);
}

test('a file cut anywhere yields its whole packets and names where the torn one began', async () => {
  const whole = fixture('us-little.pcap');
  for (let length = 12; length < whole.length; length += 1) {
    const items = await readAll(chunksOf(whole.subarray(0, length), 50));
    const before = ENDS.filter((end) => end <= length);
    if (before.at(-1) === length) assert.is(items.length, before.length - 1);
    else damaged(items, Math.max(before.length - 1, 0), before.at(-1) ?? 0, new RegExp(`ends ${length - (before.at(-1) ?? 0)} bytes into`));
  }
});

test('a compressed file cut anywhere yields what was whole, and says that it breaks off', async () => {
  const packed = fixture('packed.pcapng.gz');
  const whole = await readAll([packed]);
  for (let length = 20; length < packed.length; length += 1) {
    const items = await readAll(chunksOf(packed.subarray(0, length), 50));
    const last = items.pop();
    if (last?.kind !== 'damage') assert.is(items.length, 0, 'between the two members a whole file may end');
    else assert.match(last.reason, /^the gzip stream breaks off: |^the file ends \d+ bytes into/);
    assert.equal(items, whole.slice(0, items.length));
  }
});

test('a torn record says how long it would have been', async () => {
  damaged(await readAll([fixture('us-little.pcap').subarray(0, 150)]), 1, 108, /^the file ends 42 bytes into a record of 86$/);
});

test('what is no capture is called that', async () => {
  damaged(await readAll([]), 0, 0, /^the file is empty$/);
  damaged(await readAll([new Uint8Array(0), new Uint8Array(0)]), 0, 0, /^the file is empty$/);
  damaged(await readAll([Uint8Array.of(0x0a)]), 0, 0, /^1 bytes cannot hold/);
  damaged(await readAll([new TextEncoder().encode('# not a capture at all')]), 0, 0, /begins with 0x23206e6f is neither/);
});

/** A copy with one 32-bit number, little-endian, put elsewhere. */
function patched(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
}

/** Of pcapng. */
const HEADER = pcapngHeader({ application: 'x' });
const INTERFACE = interfaceBlock({ name: 'eth0', linkType: 1 });
const START = HEADER.length + INTERFACE.length;
const PACKET = packetBlock(0, packet({ comment: 'why' }));
const three = joined([HEADER, INTERFACE, PACKET, PACKET, PACKET]);
const second = START + PACKET.length;

const pcapngDamage: [what: string, at: number, value: number, reason: RegExp][] = [
  ['a block of length 0', 4, 0, /cannot have 0 bytes/],
  ['a block of 4 GB', 4, 0xfffffffc, /block of 4294967292 bytes is above the limit of 16777216/],
  ['a block whose length is odd', 4, PACKET.length + 1, /cannot have/],
  ['a block that ends in another length', PACKET.length - 4, 4, /ends in the length 4/],
  ['a packet longer than its block', 20, 1000, /packet of 1000 bytes runs out of its block/],
  ['a packet of 4 GB', 20, 0xffffffff, /packet of 4294967295 bytes runs out/],
  ['an interface that nobody described', 8, 9, /names interface 9, and its section has described 1/],
  ['a comment longer than its block', 32, 0x7fff0001, /option 1 of 32767 bytes runs out of its block/],
];

for (const [what, at, value, reason] of pcapngDamage) {
  test(`${what} ends the reading at its block`, async () => {
    damaged(await readAll(chunksOf(patched(three, second + at, value), 7)), 1, second, reason);
  });
}

test('a section that describes interfaces without end is stopped', async () => {
  const file = joined([HEADER, ...Array<Uint8Array>(65_537).fill(INTERFACE), PACKET]);
  damaged(await readAll([file]), 0, HEADER.length + 65_536 * INTERFACE.length, /more than 65536 interfaces/);
});

test('a record of 4 GB ends the reading of a classic file', async () => {
  const file = patched(fixture('us-little.pcap'), ENDS[1]! + 8, 0xffffffff);
  damaged(await readAll([file]), 1, ENDS[1]!, /packet of 4294967295 bytes is above the limit/);
});

test('a version that is not known is not guessed at', async () => {
  damaged(await readAll([patched(three, 12, 0x00000007)]), 0, 0, /pcapng version 7.0 is not 1/);
  damaged(await readAll([patched(fixture('us-little.pcap'), 4, 0x00040009)]), 0, 0, /pcap version 9.4 is not 2/);
});

test('after damage nothing of the source is read any more', async () => {
  let asked = 0;
  function* source(): Generator<Uint8Array> {
    for (; asked < 10; asked += 1) yield asked === 0 ? patched(three, second + 4, 0) : PACKET;
  }
  damaged(await readAll(source()), 1, second, /cannot have 0/);
  assert.is(asked, 0);
});

test('a length below the limit takes no memory before its bytes come', async () => {
  const file = joined([HEADER, INTERFACE, patched(PACKET, 4, LIMIT)]);
  const before = process.memoryUsage().arrayBuffers;
  const items = await readAll(chunksOf(file, 16));
  assert.ok(process.memoryUsage().arrayBuffers - before < LIMIT / 4);
  damaged(items, 0, START, /bytes into a record of 16777216$/);
});

test('a block at the limit is read, also in small chunks', async () => {
  const body = new Uint8Array(LIMIT - 16).fill(7);
  const head = Uint8Array.from([0xad, 0x0b, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0]); // a custom block of 2^24 bytes, little-endian
  const file = joined([HEADER, head, body, Uint8Array.of(0, 0, 0, 1)]);
  assert.equal(await readAll(chunksOf(file, 1000)), [{ kind: 'custom', enterpriseNumber: 5, bytes: body }]);
});

/** A fixture with some bytes changed, a piece cut out or doubled, and an end cut off. */
const mutated = fc
  .record({
    file: fc.constantFrom(...fixtures.filter((name) => !name.endsWith('.gz')).map(fixture)),
    edits: fc.array(
      fc.record({
        at: fc.nat(),
        byte: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
        run: fc.integer({ min: 1, max: 4 }),
      }),
      {
        maxLength: 6,
      },
    ),
    piece: fc.record({ from: fc.nat(), length: fc.nat(80), doubled: fc.boolean() }),
    kept: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) }),
  })
  .map(({ file, edits, piece, kept }) => {
    const bytes = Uint8Array.from(file);
    for (const { at, byte, run } of edits) bytes.fill(byte, at % bytes.length, (at % bytes.length) + run);
    const from = piece.from % bytes.length;
    const tail = piece.doubled ? from : from + piece.length;
    const whole = joined([bytes.subarray(0, from + (piece.doubled ? piece.length : 0)), bytes.subarray(tail)]);
    return whole.subarray(0, Math.round(whole.length * kept));
  });

const endsWell = (bytes: Uint8Array, items: readonly CaptureItem[]): void => {
  const at = items.findIndex((item) => item.kind === 'damage');
  assert.ok(at === -1 || at === items.length - 1, 'damage comes last and once');
  assert.ok(items.length <= bytes.length / 12 + 1, 'no more items than frames fit');
  for (const item of items) {
    if (item.kind === 'damage') assert.ok(item.offset >= 0 && item.offset <= bytes.length);
    else if ('bytes' in item) assert.ok(item.bytes.length <= bytes.length);
  }
};

test('no mutation of a capture makes the reader throw or hang, and chunks change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(mutated, fc.integer({ min: 1, max: 200 }), async (bytes, size) => {
      const items = await readAll([bytes]);
      endsWell(bytes, items);
      assert.equal(await readAll(chunksOf(bytes, size)), items);
    }),
    { numRuns: 3000 },
  );
});

test('no bytes after a good header make the reader throw or hang', async () => {
  const headers = fixtures.filter((name) => !name.endsWith('.gz')).map((name) => fixture(name).subarray(0, 48));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...headers), fc.uint8Array({ maxLength: 400 }), async (header, tail) => {
      const bytes = joined([header, tail]);
      endsWell(bytes, await readAll([bytes]));
    }),
    { numRuns: 2000 },
  );
});

test.run();
