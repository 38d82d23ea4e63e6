import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addressBytes, addressText, familyOf, parseAddress } from '../../src/wire/address.ts';
import { fromHex, toHex } from './known.ts';

// Right column: what RFC 5952 says the address in the left column must be written as, with its section.
const RFC_5952 = [
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // 1
  ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // 1
  ['2001:db8::0:1:0:0:1', '2001:db8::1:0:0:1'], // 1
  ['2001:DB8:0:0:1::1', '2001:db8::1:0:0:1'], // 1
  ['2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:1'], // 2.1
  ['2001:db8:aaaa:bbbb:cccc:dddd::1', '2001:db8:aaaa:bbbb:cccc:dddd:0:1'], // 2.2
  ['2001:0:0:0:db8::1', '2001::db8:0:0:1'], // 2.2: the longer run
  ['2001:db8:aaaa:bbbb:cccc:dddd:eeee:AAAA', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa'], // 2.3
  ['2001:0db8::0001', '2001:db8::1'], // 4.1
  ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'], // 4.2.1
  ['2001:db8::0:1', '2001:db8::1'], // 4.2.1
  ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // 4.2.2
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // 4.2.3
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // 4.2.3: of two equal runs the first
  ['0:0:0:0:0:ffff:192.0.2.1', '::ffff:192.0.2.1'], // 5
] as const;

test('the examples of RFC 5952', () => {
  for (const [typed, canonical] of RFC_5952) assert.is(parseAddress(typed), canonical, typed);
});

test('text stands for the bytes that it says', () => {
  assert.is(toHex(addressBytes('192.0.2.255')), 'c00002ff');
  assert.is(toHex(addressBytes('2001:db8:1::ff00:42:8329')), '20010db800010000' + '0000ff0000428329');
  assert.is(toHex(addressBytes('::')), '00'.repeat(16));
  assert.is(toHex(addressBytes('1::')), `0001${'00'.repeat(14)}`);
  assert.is(toHex(addressBytes('::1.2.3.4')), `${'00'.repeat(12)}01020304`);
  assert.is(toHex(addressBytes('64:ff9b::192.0.2.33')), '0064ff9b0000000000000000c0000221');
});

test('bytes become text that becomes the same bytes', () => {
  const address = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), sparse());
  fc.assert(fc.property(address, (bytes) => toHex(addressBytes(addressText(bytes))) === toHex(bytes)));
});

test('text is canonical: parsing it changes nothing', () => {
  fc.assert(fc.property(sparse(), (bytes) => parseAddress(addressText(bytes)) === addressText(bytes)));
});

// Web addresses are written by an implementation of its own, that of Node, by the same rules but for mapped addresses.
test('IPv6 text is what the host of a URL is written as', () => {
  const notMapped = sparse().filter((bytes) => !toHex(bytes).startsWith('00000000000000000000ffff'));
  fc.assert(
    fc.property(notMapped, (bytes) => {
      const groups = toHex(bytes).match(/.{4}/g)!.join(':');
      assert.is(`[${addressText(bytes)}]`, new URL(`http://[${groups}]`).hostname);
    }),
  );
});

test('addresses are read from the middle of a packet', () => {
  const bytes = fromHex(`ffff0a000001${'20010db8'.padEnd(32, '0')}ff`);
  assert.is(addressText(bytes, 2, 4), '10.0.0.1');
  assert.is(addressText(bytes, 6, 16), '2001:db8::');
});

test('what only looks like an address is none', () => {
  for (const text of [
    '',
    '127.1',
    '010.0.0.1',
    '256.1.1.1',
    '1.2.3',
    '1.2.3.4.5',
    '::1::',
    ':::',
    '1:2:3:4:5:6:7:8:9',
    'fe80::1%eth0',
    ' ::1',
    'g::',
  ]) {
    assert.is(parseAddress(text), null, text);
    assert.throws(() => addressBytes(text), /is not an IPv4 or IPv6 address/);
  }
});

test('a mapped IPv4 address is an IPv6 address', () => {
  assert.is(familyOf('::ffff:192.0.2.1'), 6);
  assert.is(familyOf('192.0.2.1'), 4);
});

/** 16 bytes with many zero groups, so that runs of them are common. */
function sparse(): fc.Arbitrary<Uint8Array> {
  const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff));
  return fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => Uint8Array.from(groups.flatMap((one) => [one >> 8, one & 255])));
}

test.run();
