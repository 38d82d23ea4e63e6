import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checksum, fold, onesSum } from '../../src/wire/checksum.ts';
import { pseudoSum } from '../../src/wire/transport.ts';
import { allKnown, fromHex } from './known.ts';

/** The definition by arithmetic: one's complement addition is addition modulo 65535, where only nothing but zeros sums up to 0. */
function byDefinition(bytes: Uint8Array): bigint {
  const hex = Buffer.from(bytes).toString('hex');
  const total = (hex.length % 4 === 0 ? hex : `${hex}00`).match(/.{4}/g)?.reduce((sum, word) => sum + BigInt(`0x${word}`), 0n) ?? 0n;
  return total === 0n ? 0n : ((total - 1n) % 0xffffn) + 1n;
}

test('the example of RFC 1071 §3', () => {
  assert.is(onesSum(fromHex('0001f203f4f5f6f7')), 0xddf2);
  assert.is(checksum(fromHex('0001f203f4f5f6f7')), 0x220d);
});

test('the sum is the sum of the words modulo 65535', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => BigInt(onesSum(bytes)) === byDefinition(bytes)));
});

test('the sum of the largest packet does not overflow', () => {
  for (const length of [65534, 65535]) {
    const bytes = new Uint8Array(length).fill(0xff);
    assert.is(BigInt(onesSum(bytes, 0, length, 0xffff)), byDefinition(Uint8Array.from([0xff, 0xff, ...bytes])));
  }
});

test('a sum over a range, begun with another sum, is the sum of both', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 99 }), fc.nat(1000), (bytes, cut) => {
      const at = 2 * (cut % Math.ceil(bytes.length / 2));
      assert.is(onesSum(bytes, at, bytes.length, onesSum(bytes, 0, at)), onesSum(bytes));
    }),
  );
});

test('fold keeps the remainder of 65535 for every sum below 2^32', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 0xffff_ffff }),
      (sum) => fold(sum) % 0xffff === sum % 0xffff && fold(sum) > 0 && fold(sum) <= 0xffff,
    ),
  );
});

test('headers that scapy summed sum up as right, with pseudo-header where the transport has one', () => {
  let transports = 0;
  for (const { name, bytes, layers, bodyAt, body } of allKnown()) {
    for (const { at, header } of layers) {
      if (header.family === 4) assert.is(checksum(bytes, at, at + 4 * (bytes[at]! & 15)), 0, name);
    }
    const { at, header } = layers.at(-1)!;
    // scapy 2.5 sums no transport behind an authentication header
    if (bodyAt === null || name === 'authentication' || name.startsWith('routing') || name.startsWith('all ext')) continue;
    const end = at + (header.family === 4 ? header.totalLength : 40 + header.payloadLength);
    const sum = pseudoSum(header.source, header.destination, header.protocol, end - bodyAt);
    assert.is(onesSum(bytes, bodyAt, end, sum), 0xffff, name);
    transports += body.kind === 'other' ? 0 : 1;
  }
  assert.ok(transports > 90);
});

test.run();
