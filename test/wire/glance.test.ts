/** The quick look at a packet in columns finds what the outline finds, and so what tshark finds (outline.test.ts). */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Glance, glance, newGlance } from '../../src/wire/glance.ts';
import { networkAt } from '../../src/wire/link.ts';
import { type Outline, outline } from '../../src/wire/outline.ts';
import { bent } from './bent.ts';
import { allKnown } from './known.ts';

const used = newGlance(); // one for all: nothing of a packet may stay behind

function asOutline(bytes: Uint8Array, found: Glance): Outline {
  const layers = Array.from({ length: found.count }, (_, i) => {
    const at = found.at[i]!;
    return { family: (bytes[at]! >> 4) as 4 | 6, at, length: found.length[i]! };
  });
  return { layers, protocol: found.protocol, at: found.bodyAt, end: found.end, fragment: found.fragment };
}

function same(bytes: Uint8Array, at: number, name?: string): void {
  const expected = outline(bytes, at);
  assert.is(glance(bytes, at, bytes.length, used), expected !== null, name);
  if (expected !== null) assert.equal(asOutline(bytes, used), expected, name);
}

test('a glance at each known packet is its outline', () => {
  for (const { name, bytes, linkType } of allKnown()) same(bytes, networkAt(linkType, bytes), name);
});

test('a glance at any bytes is their outline', () => {
  fc.assert(
    fc.property(bent, fc.nat(30), (bytes, at) => same(bytes, at)),
    { numRuns: 5000 },
  );
});

test('three hundred nested headers, and as many as a packet can hold, are counted', () => {
  for (const count of [300, 3276]) {
    const bytes = new Uint8Array(20 * count);
    for (let i = 0; i < count; i += 1) {
      const length = 20 * (count - i);
      bytes.set([0x45, 0, length >> 8, length & 0xff, 0, 0, 0, 0, 64, 4], 20 * i);
    }
    same(bytes, 0);
    assert.is(used.count, count);
  }
});

test.run();
