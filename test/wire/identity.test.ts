import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { onesSum } from '../../src/wire/checksum.ts';
import { balance, IDENTITY_LENGTH, isGenuine, quotesIdentity, readIdentity, readSentNs, writeIdentity } from '../../src/wire/identity.ts';
import { sipKey } from '../../src/wire/siphash.ts';
import { toHex } from './known.ts';

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const identities = fc.record({ run: word, path: word, sequence: word }, { noNullPrototype: true });
const keys = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(sipKey);
const times = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const KEY = sipKey(Uint8Array.from({ length: 16 }, (_, i) => i));

function written(identity: { run: number; path: number; sequence: number }, key = KEY, sentNs = 1n): Uint8Array {
  const bytes = new Uint8Array(IDENTITY_LENGTH);
  writeIdentity(bytes, 0, identity, key, sentNs);
  return bytes;
}

test('the fields stand where the layout says', () => {
  const bytes = written({ run: 0x01020304, path: 0x05060708, sequence: 0x090a0b0c }, KEY, 0x1112131415161718n);
  assert.is(toHex(bytes.subarray(0, 20)), 'beac2003' + '0100' + '0000' + '01020304' + '05060708' + '090a0b0c');
  assert.is(toHex(bytes.subarray(28)), '1112131415161718');
});

test('what is written reads back, and is genuine under its own key only', () => {
  fc.assert(
    fc.property(identities, keys, keys, times, (identity, key, other, sentNs) => {
      const bytes = written(identity, key, sentNs);
      assert.equal(readIdentity(bytes, 0, bytes.length), identity);
      assert.is(readSentNs(bytes, 0), sentNs);
      assert.ok(isGenuine(bytes, 0, key));
      assert.is(isGenuine(bytes, 0, other), key.join() === other.join());
    }),
  );
});

test('one flipped bit anywhere in run, path, sequence or tag is not genuine', () => {
  const bytes = written({ run: 1, path: 2, sequence: 3 });
  for (let bit = 8 * 8; bit < 28 * 8; bit += 1) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    assert.not(isGenuine(flipped, 0, KEY), `bit ${bit}`);
  }
});

test('another magic or version is no identity', () => {
  const bytes = written({ run: 1, path: 2, sequence: 3 });
  for (let bit = 0; bit < 5 * 8; bit += 1) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    assert.is(readIdentity(flipped, 0, flipped.length), null, `bit ${bit}`);
  }
});

test('an identity that is not whole is none', () => {
  const bytes = written({ run: 1, path: 2, sequence: 3 });
  for (let end = 0; end < IDENTITY_LENGTH; end += 1) assert.is(readIdentity(bytes, 0, end), null, `${end} bytes`);
  assert.ok(readIdentity(bytes, 0, IDENTITY_LENGTH));
});

test('a quote that is cut behind the tag still says whose it is', () => {
  const bytes = written({ run: 1, path: 2, sequence: 3 });
  for (let end = 0; end <= IDENTITY_LENGTH; end += 1) assert.is(quotesIdentity(bytes, 0, end), end >= 28, `${end} bytes`);
});

test('balanced bytes sum up as right, whatever the checksum field says', () => {
  const rest = fc.uint8Array({ minLength: 8 + IDENTITY_LENGTH, maxLength: 150 });
  fc.assert(
    fc.property(rest, identities, fc.nat(0xffff), (random, identity, pseudo) => {
      const bytes = Uint8Array.from(random);
      writeIdentity(bytes, 8, identity, KEY, 5n);
      balance(bytes, 8, 0, bytes.length, pseudo);
      assert.is(onesSum(bytes, 0, bytes.length, pseudo), 0xffff);
    }),
  );
});

test.run();
