import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addressText } from '../../src/wire/address.ts';
import { readIpv4, writeIpv4 } from '../../src/wire/ipv4.ts';
import { readIpv6, writeIpv6 } from '../../src/wire/ipv6.ts';
import { allKnown, toHex } from './known.ts';

const layers = allKnown().flatMap(({ name, bytes, layers }) => layers.map((layer) => ({ name, bytes, ...layer })));

test('an IPv4 header is, byte for byte, the one that scapy writes from the same values', () => {
  let written = 0;
  for (const { name, bytes, at, header } of layers) {
    if (header.family !== 4 || !header.dontFragment || bytes[at] !== 0x45) continue; // we write neither options nor fragments
    const into = new Uint8Array(30).fill(0xee);
    writeIpv4(into, 5, header, header.totalLength - 20);
    assert.is(toHex(into), `eeeeeeeeee${toHex(bytes.subarray(at, at + 20))}eeeeeeeeee`, name);
    written += 1;
  }
  assert.ok(written > 30);
});

test('an IPv6 header is, byte for byte, the one that scapy writes from the same values', () => {
  let written = 0;
  for (const { name, bytes, at, header } of layers) {
    if (header.family !== 6) continue;
    const into = new Uint8Array(50).fill(0xee);
    writeIpv6(into, 5, { ...header, protocol: header.nextHeader }, header.payloadLength);
    assert.is(toHex(into), `eeeeeeeeee${toHex(bytes.subarray(at, at + 40))}eeeeeeeeee`, name);
    written += 1;
  }
  assert.ok(written > 60);
});

const byte = fc.nat(255);
const fields = (addressLength: number) => ({
  trafficClass: byte,
  ttl: byte,
  protocol: fc.constantFrom(4, 17, 41, 58, 1, 6),
  source: fc.uint8Array({ minLength: addressLength, maxLength: addressLength }).map((bytes) => addressText(bytes)),
  destination: fc.uint8Array({ minLength: addressLength, maxLength: addressLength }).map((bytes) => addressText(bytes)),
});

test('what is written reads back: IPv4', () => {
  fc.assert(
    fc.property(fc.record({ ...fields(4), id: fc.nat(0xffff) }), fc.nat(60), (header, payloadLength) => {
      const bytes = new Uint8Array(20 + payloadLength);
      writeIpv4(bytes, 0, header, payloadLength);
      const read = readIpv4(bytes);
      if (!read.ok) throw new Error(read.reason);
      const { checksum: _, ...rest } = read.header;
      const constant = { family: 4, totalLength: bytes.length, dontFragment: true, moreFragments: false, fragmentOffset: 0 };
      assert.equal(rest, { ...header, ...constant });
      assert.is(read.payload.length, payloadLength);
    }),
  );
});

test('what is written reads back: IPv6', () => {
  fc.assert(
    fc.property(fc.record({ ...fields(16), flowLabel: fc.nat(0xfffff) }), fc.nat(60), (header, payloadLength) => {
      const bytes = new Uint8Array(40 + payloadLength);
      writeIpv6(bytes, 0, header, payloadLength);
      const read = readIpv6(bytes);
      if (!read.ok) throw new Error(read.reason);
      assert.equal(read.header, { ...header, family: 6, payloadLength, nextHeader: header.protocol });
      assert.is(read.payload.length, payloadLength);
    }),
  );
});

test('a packet longer than its length field can say is refused', () => {
  const four = { trafficClass: 0, id: 1, ttl: 1, protocol: 17, source: '192.0.2.1', destination: '192.0.2.2' };
  const six = { trafficClass: 0, flowLabel: 0, ttl: 1, protocol: 17, source: '::1', destination: '::2' };
  const into = new Uint8Array(40);
  assert.throws(() => writeIpv4(into, 0, four, 65_516), /at most 65535 bytes, got 65536/);
  assert.throws(() => writeIpv6(into, 0, six, 65_536), /at most 65535 bytes, got 65536/);
  writeIpv4(into, 0, four, 65_515);
  writeIpv6(into, 0, six, 65_535);
});

test.run();
